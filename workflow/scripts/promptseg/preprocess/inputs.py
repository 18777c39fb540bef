"""The cases of a dataset and their files, as rule collect_files lists them."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.config.cases import Case, match_cases
from promptseg.core.digests import joined
from promptseg.core.errors import PromptsegError
from promptseg.core.reason import counted, reason_in
from promptseg.core.tables import whole_csv

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inputs:
    """What a dataset is made of.

    Attributes:
        cases: sorted by name.
        paths: of all files by the names that cases have for them.
        digest: of the names and contents of all files.
    """

    cases: list[Case]
    paths: Mapping[str, Path]
    digest: str

    @classmethod
    def of(cls, files: Path, entry: Mapping[str, Any]) -> "Inputs":
        """Of files.csv and the keys `cases` and `patient` of the dataset's entry.

        Raises:
            PromptsegError: what `cases.match_cases` raises.
        """
        with whole_csv(files):
            table = pd.read_csv(files, dtype=str, keep_default_na=False)
        paths = dict(zip(table["name"], map(Path, table["path"]), strict=True))
        cases = match_cases(list(paths), entry["cases"], entry.get("patient"))
        return cls(cases, paths, joined(zip(table["name"], table["sha256"], strict=True)))

    def paths_of(self, case: Case) -> dict[str, Path]:
        """The files of one case by their names."""
        return {name: self.paths[name] for name in case.names}


def note_case(
    dataset: str, case: Case, messages: Iterable[tuple[int, str]], failure: str | None, *, strict: bool
) -> dict[str, str]:
    """Log what was said of a case when it was read, and why it failed, if it did.

    Returns:
        Its name with the reason, if it failed.

    Raises:
        PromptsegError: it failed, and `strict` is on.
    """
    for level, message in messages:
        logger.log(level, "%s, case %s: %s", dataset, case.name, message)
    if failure is None:
        return {}
    told = f"{dataset}, case {case.name}: {failure}"
    if strict:
        raise PromptsegError(f"{told} (`strict` is on, so this ends the run)")
    logger.error(told)
    return {case.name: failure}


def failures_told(failures: Mapping[str, str], cases: int) -> str:
    """How many cases failed, how many of them for which reason, and the first case of each reason.

    Args:
        failures: what is wrong, by the name of the case.
        cases: how many there are.
    """
    first: dict[str, str] = {}
    for case, status in failures.items():
        first.setdefault(reason_in(status), f"{case}: {status}")
    return f"{len(failures)} of {cases} cases failed: {counted(failures.values())}. " + " | ".join(first.values())
