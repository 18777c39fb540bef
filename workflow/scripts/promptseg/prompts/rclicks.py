"""Clicks of the dataset RClicks (Antonov et al. 2024) as a file of human prompts.

Its columns are known from the code that reads them, emb-ai/rclicks e20bf76, rclicks/rclicks/clickmap.py.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core.errors import PromptsegError
from promptseg.prompts.human import FORMAT

logger = logging.getLogger(__name__)

_COLUMNS = ("image_stem", "object_stem", "click_type", "x", "y", "w", "h")


def read_clicks(path: Path) -> pd.DataFrame:
    """The table of a file `.csv`, or `.json` with a list of rows; empty cells are empty strings.

    Raises:
        PromptsegError: it cannot be read, or is not of RClicks.
    """
    try:
        if path.suffix == ".json":
            table = pd.read_json(path, dtype=False).fillna("")
        else:
            numbers = ("x", "y", "w", "h")
            kept = {name: str for name in pd.read_csv(path, nrows=0).columns if name not in numbers}
            table = pd.read_csv(path, keep_default_na=False, dtype=kept)  # the stem 0012 is no number
    except (OSError, ValueError) as error:
        logger.info("%s: %s", path, error)
        raise PromptsegError(f"{path} cannot be read as a table: give the clicks.csv or .json of RClicks.") from error
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise PromptsegError(f"{path} is not of RClicks: it lacks the columns {', '.join(missing)}.")
    numbers = table[["x", "y", "w", "h"]].apply(pd.to_numeric, errors="coerce").astype(float)
    bad = ~np.isfinite(numbers).all(axis=1) | (numbers[["w", "h"]] < 1).any(axis=1)
    if bad.any():
        cells = table.loc[bad, ["x", "y", "w", "h"]].iloc[0].tolist()
        raise PromptsegError(
            f"{path}, row {int(bad.to_numpy().argmax()) + 1}: x, y, w, h are {', '.join(map(str, cells))}, and have to "
            "be numbers, w and h from 1 up. Correct the row, or take it out."
        )
    return table


def from_rclicks(
    table: pd.DataFrame, dataset: str, tasks: Mapping[str, str], source: str | None, annotators: str | None
) -> tuple[dict[str, Any], list[str]]:
    """The first clicks as a file of human prompts.

    Clicks of later rounds, which correct masks of other methods (`click_type` fp and fn), follow no first click of the
    same person, and are left out. Clicks outside of their picture go to its border, as in the code that reads them.

    Args:
        table: see `read_clicks`.
        dataset: of ours, whose `image_id`s are the stems of the pictures.
        tasks: `object_stem` -> task; "" stands for pictures with one object, and for all others if it is alone.
        source: which of the datasets in the table; None: there is one.
        annotators: column that says who clicked. Without it each click of an object is somebody else's, called by the
            device and a number, and nobody is known to be the same in two pictures.

    Returns:
        The content, and what was left out, a line each.

    Raises:
        PromptsegError: several datasets and no `source`, or an object without a task.
    """
    named = sorted(set(map(str, table["dataset"]))) if "dataset" in table else []
    if (source is None and len(named) > 1) or (source is not None and source not in named):
        raise PromptsegError(f"The file holds clicks on {', '.join(named) or 'one dataset'}: choose one by --source.")
    if annotators is not None and annotators not in table:
        raise PromptsegError(
            f"The file has no column {annotators}, but {', '.join(table.columns)}: correct --annotator."
        )
    rows = table if source is None else table[table["dataset"] == source]
    first = rows[rows["click_type"] == "first"]
    said = [f"{len(rows) - len(first)} clicks of later rounds are left out"] if len(first) < len(rows) else []
    images = []
    for image, of_image in first.groupby("image_stem", sort=True):
        height, width = int(of_image["h"].iloc[0]), int(of_image["w"].iloc[0])
        objects = []
        for stem, of_object in of_image.groupby("object_stem", sort=True):
            task = tasks.get(str(stem)) or (tasks.get("") if len(tasks) == 1 else None)
            if task is None:
                raise PromptsegError(f"The object {stem!r} of {image} has no task: name it by --task {stem}=TASK.")
            who = of_object[annotators].astype(str) if annotators else _numbered(of_object)
            for name, own in of_object.groupby(who, sort=True):
                places = np.clip(own[["x", "y"]].to_numpy(float), 0, (width - 1, height - 1)).astype(int)
                prompts = [
                    {"type": "point", "order": order, "label": 1, "points": [place]}
                    for order, place in enumerate(places.tolist(), 1)
                ]
                objects.append({"task": task, "annotator": str(name), "prompts": prompts})
        images.append({"image_id": str(image), "size": [height, width], "objects": objects})
    return {"format": FORMAT, "dataset": dataset, "coordinates": "pixels", "images": images}, said


def _numbered(rows: pd.DataFrame) -> pd.Series:
    device = rows["device"].astype(str) if "device" in rows else pd.Series("click", index=rows.index)
    return device + " " + (rows.groupby(device).cumcount() + 1).astype(str)
