"""Three answers to one point: the candidates of a method side by side, and how far its own estimate can be trusted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.figures import pictures, style
from promptseg.figures.examples import about
from promptseg.preprocess.tables import OBJECTS
from promptseg.score.tables import AMBIGUITY

MODE = "mode1"
EXTREMES = {"least": 0.0, "median": 0.5, "most": 1.0}
_COUNT = ("#FDE9C4", "#E69F00", "#882255")  # one, two, three candidates cover a pixel; darker is more
_PAIRS = ["iou_01", "iou_02", "iou_12"]
NOTHING = "No method of this run answers one point with three candidates."


def chosen(path: str | Path) -> pd.DataFrame:
    """The objects whose candidates agree least, in the median, and most, in one point.

    Args:
        path: `results/ambiguity/<method>/<dataset>.parquet`.

    Returns:
        Rows of `score.tables.AMBIGUITY` with `agreement` (mean IoU of the three pairs), indexed by least, median, most;
        objects are ordered by agreement, then by name. Empty if there is none.
    """
    rows = read_table(path, AMBIGUITY)
    rows = rows[rows["mode"] == MODE].dropna(subset=_PAIRS)
    rows = rows.assign(agreement=rows[_PAIRS].mean(axis=1)).sort_values(["agreement", "object_id"])
    places = [int((len(rows) - 1) * share) for share in EXTREMES.values()] if len(rows) else []
    picked = rows.iloc[places]
    return picked.set_axis(list(EXTREMES)[: len(places)])


def _candidates(path: Path, names: Sequence[str]) -> dict[str, dict[int, np.ndarray]]:
    found: dict[str, dict[int, np.ndarray]] = {}
    for row in pictures.rows_of(path, names, ["object_id", "candidate", "rle"], [MODE]):
        if row["rle"]:
            found.setdefault(row["object_id"], {})[row["candidate"]] = decode(row["rle"])
    return found


def ambiguity_figure(
    images: str | Path,
    objects: str | Path,
    prompts: str | Path,
    predictions: Sequence[Path],
    ambiguity: Sequence[Path],
    tasks: Mapping[str, Sequence[int]],
    looks: Mapping[str, style.Look],
    dataset: Mapping[str, Any],
) -> Figure:
    """Three rows per method: image with truth and point, the three candidates, and how many of them cover each pixel.

    Args:
        predictions, ambiguity: files of the methods, each in a folder of the method's name.
        tasks: task -> label values that form the object.
        looks: see `style.method_looks`; rows are in this order.
        dataset: {title, truth, licence}, shown in the title.
    """
    picked = {pictures.method_of(path): chosen(path) for path in ambiguity}
    picked = {name: picked[name] for name in looks if len(picked.get(name, ()))}
    if not picked:
        return style.message(about(dataset), NOTHING)
    names = sorted({name for rows in picked.values() for name in rows["object_id"]})
    items = pictures.load(images, read_table(objects, OBJECTS), tasks, names)
    given = {
        row["object_id"]: row["points"] for row in pictures.rows_of(prompts, names, ["object_id", "points"], [MODE])
    }
    masks = {pictures.method_of(path): _candidates(path, names) for path in predictions}
    rows = [(method, word, row) for method, table in picked.items() for word, row in table.iterrows()]
    figure, grid = pictures.grid(
        len(rows), 5, about(dataset),
        "Star: the one point. Blue: outline of the truth. Orange: a candidate. Rows: the objects of least, median and "
        "most agreement (mean IoU of the candidates with one another). Last column: darker where more candidates are.",
        ["truth and point", "first mask", "second", "third", "how many agree"],
    )  # fmt: skip
    for axes, (method, word, row) in zip(grid, rows, strict=True):
        item, found = items[row["object_id"]], masks[method].get(row["object_id"], {})
        for axis in axes:
            pictures.show(axis, item)
            pictures.frame(axis, looks[method])
        axes[0].set_ylabel(f"{style.wrap(looks[method].title, 18)}\n{word} agreement", fontsize=6)
        pictures.outline(axes[0], item.truth)
        pictures.prompt(axes[0], given.get(row["object_id"]), None)
        pictures.note(axes[0], item.task.replace("_", " "), low=True)
        for index, axis in enumerate(axes[1:4]):
            grown = row[f"grown_{index}"]
            words = f"predicted {row[f'predicted_{index}']:.2f}\nIoU {row[f'true_{index}']:.2f}"
            pictures.result(axis, found.get(index), item.truth, words)
            if pd.notna(grown):
                pictures.note(axis, f"region growing {grown:.2f}", low=True)
        count = np.sum([found[index] for index in sorted(found)], axis=0) if found else np.zeros(item.truth.shape, int)
        for number, colour in enumerate(_COUNT, start=1):
            pictures.overlay(axes[4], count == number, colour, alpha=0.75)
        pictures.outline(axes[4], item.truth)
        pictures.note(axes[4], f"agreement {row['agreement']:.2f}")
    return figure
