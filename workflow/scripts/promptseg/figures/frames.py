"""The CSV tables as the figures read them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.errors import PromptsegError
from promptseg.figures import style

# Columns that hold text in every table; all others hold numbers.
TEXT = frozenset(
    {
        *("level", "dataset", "task", "method", "protocol", "mode", "selection", "statistic", "no_interval", "kind"),
        *("our_method", "our_task", "inside", "group", "unit", "note", "seen", "provenance"),
    }
)


def read(path: str | Path, columns: list[str]) -> pd.DataFrame:
    """A table with empty texts as "" and empty numbers as NaN.

    Args:
        columns: those that the figure needs; the others come along.

    Raises:
        PromptsegError: one of them is missing.
    """
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in columns if name not in frame]
    if missing:
        raise PromptsegError(f"{path} lacks the columns {', '.join(missing)}: delete it and run again to make it anew.")
    numbers = [name for name in frame if name not in TEXT]
    return frame.assign(**{name: pd.to_numeric(frame[name], errors="coerce").astype(float) for name in numbers})


def labelled(frame: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The rows with a column `label`: what figures call the task of the row."""
    pairs = list(zip(frame["dataset"], frame["task"], strict=True))
    labels = style.task_labels(list(dict.fromkeys(pairs)), datasets)
    return frame.assign(label=[labels[pair] for pair in pairs])
