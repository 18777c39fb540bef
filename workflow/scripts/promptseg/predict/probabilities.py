"""Ask a method once more, in the settings that are composed, for how sure it is of each pixel of its masks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.progress import progress
from promptseg.core.settings import Setting
from promptseg.core.tables import open_table
from promptseg.core.vocabulary import ITERATIVE
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Inputs
from promptseg.predict.tables import PROBABILITIES


def write_probabilities(
    inputs: Inputs,
    runner: Runner,
    settings: Sequence[Setting],
    output: str | Path,
    *,
    label: str = "probabilities",
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write predict.tables.PROBABILITIES of the masks in some settings; prompts that failed have no row.

    Args:
        runner: of a method that was loaded to give probabilities, see `methods.Settings`.
        label: shown beside the progress.

    Raises:
        PromptsegError: the method answered no prompt at all; nothing is written.
    """
    wanted = set(settings)
    single = {(one.mode, one.selection) for one in settings}
    most = runner.method.candidates

    def asked(row: Mapping[str, Any]) -> bool:
        if row["mode"] == ITERATIVE:
            selection = row["selection"]
            key = (ITERATIVE, row["protocol"], row["switch"] or "", row["step"])
            return any(Setting(*key, one) in wanted for one in ([selection] if most > 1 else _any(settings)))
        taken = {selection for mode, selection in single if mode == row["mode"]}
        return bool(taken) and (row["candidate"] == 0 or taken != {"first"})

    with open_table(output, PROBABILITIES, provenance) as table:
        for item in progress(runner.run(inputs), len(inputs), label, "image", lambda item: len(item.targets), "object"):
            table.gather(row for row in item.rows if row.get("log_odds") is not None and asked(row))
        runner.failures.conclude()


def _any(settings: Sequence[Setting]) -> set[str]:
    """Of a method that gives one mask that one counts, whichever is asked for."""
    return {one.selection for one in settings}
