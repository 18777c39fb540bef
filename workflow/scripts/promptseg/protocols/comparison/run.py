"""Write the tables that set presets side by side."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.columns import PROVENANCE, made
from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.readme import readme
from promptseg.config.presets import variants
from promptseg.core.files import atomic
from promptseg.core.tables import write_csv
from promptseg.protocols.comparison.agreement import agreement
from promptseg.protocols.comparison.groups import group_lines
from promptseg.protocols.comparison.lines import effect_lines, value_lines
from promptseg.protocols.comparison.tables import AGREEMENT, EFFECTS, PROTOCOLS
from promptseg.protocols.comparison.taken import taken
from promptseg.protocols.comparison.values import Draws, Values, places

logger = logging.getLogger(__name__)

README = "protocols.md"
TABLES = (PROTOCOLS, EFFECTS, AGREEMENT)
_HEAD = """# Methods under the protocols of others

What each protocol is: docs/protocols.md of the project. Numbers have six decimals; text keys are empty where they do
not apply. The column `provenance` leads to provenance.csv.
"""


def comparison(
    rows: pd.DataFrame,
    presets: Mapping[str, Mapping[str, Any]],
    scores: Path,
    rivals: Sequence[str],
    resamples: int,
    seed: int,
) -> list[pd.DataFrame]:
    """The rows of TABLES, without provenance.

    Args:
        rows: of PROTOCOL_SCORES, of all methods and datasets.
        presets: name -> declaration, in the order of the run.
        scores: scores.parquet, of which presets with `takes` take theirs.
        rivals: methods that are ranked.
        resamples, seed: of the bootstrap over patients.
    """
    parts: list[tuple[tuple[str, str, str], pd.DataFrame, Mapping[str, Any]]] = []
    for name, preset in presets.items():
        if "takes" in preset:
            parts += [((name, variant, "images"), own, changed) for variant, own, changed in taken(scores, preset)]
            continue
        for variant, declaration in variants(preset).items():
            own = rows[(rows["preset"] == name) & (rows["variant"].fillna("") == variant)]
            parts += [((name, variant, str(on)), part, declaration) for on, part in own.groupby("on", sort=True)]
    draws = Draws.of(pd.concat([part[["dataset", "case_id"]] for _, part, _ in parts] or [_NOBODY]), resamples, seed)
    values = [
        Values.of(of_method, key, str(method), declaration, draws)
        for key, part, declaration in parts
        for method, of_method in part.groupby("method", sort=True)
    ]
    lines = [*value_lines(values, rivals), *group_lines(values, presets, places(values))]
    found = lines, effect_lines(values, rivals), agreement(values, rivals)
    return [pd.DataFrame(lines, columns=made(table)) for lines, table in zip(found, TABLES, strict=True)]


def tabulate(frames: Sequence[pd.DataFrame], folder: Path, provenance: str | Path) -> None:
    """Write TABLES into a folder, and README, which says what their columns mean.

    Args:
        frames: of `comparison`.
        provenance: provenance.csv.
    """
    for frame, table in zip(frames, TABLES, strict=True):
        stamped = stamp_from(frame, provenance) if PROVENANCE in table.columns else frame
        write_csv(folder / table.name, stamped, table)
        logger.info("%s: %d rows", table.name, len(frame))
    with atomic(folder / README) as path:
        path.write_text(readme(TABLES, _HEAD), encoding="utf-8")


_NOBODY = pd.DataFrame({"dataset": [], "case_id": []})
