"""Presets that take the scores of the run's own click protocols, instead of asking anything."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.tables import read_table
from promptseg.core.vocabulary import ITERATIVE
from promptseg.score.tables import SCORES

_COLUMNS = ["dataset", "task", "case_id", "image_id", "object_id", "method", "protocol", "step", "status"]


def taken(scores: Path, preset: Mapping[str, Any]) -> Iterator[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """What a preset with `takes` finds in a run: by click protocol, as a variant of that name.

    Args:
        scores: scores.parquet.
        preset: its declaration.

    Yields:
        The name, rows as of PROTOCOL_SCORES whose steps are clicks (there is none before the first), and the
        declaration with as many prompts as there are clicks.
    """
    wanted: Sequence[Any] = [
        ("mode", "==", ITERATIVE), ("protocol", "in", list(preset["takes"])), ("selection", "==", preset["selection"])
    ]  # fmt: skip
    columns = [*_COLUMNS, "switch", *preset["metrics"]]
    rows = read_table(scores, SCORES, [*columns, "mode", "selection"], filters=wanted)
    rows = rows[rows["switch"].isna() & rows["object_id"].notna()]
    for name in preset["takes"]:
        own = rows[rows["protocol"] == name].assign(failed=None)
        if len(own):
            yield name, own, {**preset, "prompts": int(own["step"].max())}
