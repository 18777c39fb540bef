"""The published numbers of the study, as `resources/published/mazurowski2023.csv` holds them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.errors import PromptsegError

COLUMNS = ["task", "method", "mode", "step", "selection", "iou"]

# The study's methods, as its figures name them.
TITLES = {"sam": "SAM", "ritm": "RITM", "simpleclick": "SimpleClick", "focalclick": "FocalClick"}


def read_published(path: str | Path) -> pd.DataFrame:
    """The tidy table: columns task, method, mode, step (int), selection, iou (float64, 0 to 1), in file order.

    Raises:
        PromptsegError: the file lacks a column, or has two values for the same thing.
    """
    frame = pd.read_csv(path, dtype={"iou": str})  # text first: pandas' own number reader may be off by the last bit
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise PromptsegError(f"{path} lacks the columns {', '.join(missing)}: restore it from the repository.")
    if frame.duplicated(COLUMNS[:-1]).any():
        raise PromptsegError(f"{path} has two values for the same task and method: restore it from the repository.")
    return frame[COLUMNS].assign(iou=[float(text) for text in frame["iou"]])


def methods_of_study(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Which of the study's methods each registered method repeats, by name; methods without one are left out."""
    return {name: entry["published"] for name, entry in methods.items() if entry.get("published")}
