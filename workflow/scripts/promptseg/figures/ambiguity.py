"""Three answers to one point: the candidates of a method side by side, and how far its own estimate can be trusted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.core.titles import plain
from promptseg.figures import pictures, sheets, style
from promptseg.preprocess.tables import OBJECTS
from promptseg.score.tables import AMBIGUITY

MODE = "mode1"
EXTREMES = {"least": 0.0, "median": 0.5, "most": 1.0}
_COLUMNS = ["truth and point", "first mask", "second mask", "third mask", "how many agree"]
_COUNT = (style.PALE_ORANGE, style.ORANGE, style.WINE)  # one, two, three candidates cover a pixel; darker is more
_PAIRS = ["iou_01", "iou_02", "iou_12"]
_LEGEND = (
    "Star: the one point. Blue: outline of the truth. Orange: a candidate. Rows: the objects of least, median and most "
    "agreement (mean IoU of the candidates with one another). Last column: darker where more candidates are."
)
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
    """Object -> number of a candidate -> its mask."""
    found: dict[str, dict[int, np.ndarray]] = {}
    for row in pictures.rows_of(path, names, ["object_id", "candidate", "rle"], [MODE]):
        if row["rle"]:
            found.setdefault(row["object_id"], {})[row["candidate"]] = decode(row["rle"])
    return found


def _row(
    sheet: sheets.Sheet, row: int, example: pictures.Example, facts: pd.Series, masks: Mapping[int, np.ndarray]
) -> None:
    """The candidates of one object, with what is known of them, and how many cover each pixel."""
    axes = sheet.axes[row]
    for index, axis in enumerate(axes[1:4]):
        pictures.result(axis, masks.get(index), example.truth)
        words = [f"IoU {facts[f'true_{index}']:.2f}"]
        if pd.notna(facts[f"predicted_{index}"]):
            words.append(f"{style.words('predicted')} {facts[f'predicted_{index}']:.2f}")
        if pd.notna(facts[f"grown_{index}"]):
            words.append(f"{style.words('region growing')} {facts[f'grown_{index}']:.2f}")
        sheet.below(axis, *words)
    count = np.sum([*masks.values(), np.zeros(example.truth.shape, int)], axis=0)
    for number, colour in enumerate(_COUNT, start=1):
        pictures.overlay(axes[4], count == number, colour, alpha=0.75)
    pictures.outline(axes[4], example.truth)
    sheet.below(axes[4], f"{style.words('agreement')} {facts['agreement']:.2f}")


def draw(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look]) -> Figure:
    """Three rows per method: image with truth and point, the three candidates, and how many of them cover each pixel.

    Of many methods only the object of median agreement is shown.

    Args:
        files: all but scores and everything.
        dataset: {title, tasks: task -> label values that form the object}.
        looks: see `style.method_looks`; rows are in this order.
    """
    title = style.words("{dataset}: three masks for one point", dataset=dataset["title"])
    picked = {name: chosen(path) for name, path in pictures.by_method(files.ambiguity).items()}
    methods = [name for name in looks if len(picked.get(name, []))]
    if not methods:
        return style.message(title, style.words(NOTHING))
    room = sheets.rows_that_fit(len(_COLUMNS), 3)
    kept = EXTREMES if len(methods) * len(EXTREMES) <= room else ["median"]
    rows = [(name, word, row) for name in methods for word, row in picked[name].iterrows() if word in kept]
    left, rows = len({name for name, *_ in rows[room:]}), rows[:room]
    names = sorted({row["object_id"] for *_, row in rows})
    examples = pictures.load(files.images, read_table(files.objects, OBJECTS), dataset["tasks"], names)
    given = pictures.rows_of(files.prompts, names, ["object_id", "points"], [MODE])
    points = {row["object_id"]: row["points"] for row in given}
    masks = {name: _candidates(path, names) for name, path in pictures.by_method(files.predictions).items()}
    legend = style.words(_LEGEND) + sheets.left_out(left, *sheets.WITHOUT_METHOD)
    heads = {0: [style.words(text) for text in _COLUMNS]}
    sheet = sheets.sheet(len(rows), len(_COLUMNS), title, legend, lines=3, heads=heads)
    for place, (method, word, row) in enumerate(rows):
        name, example, axes = row["object_id"], examples[row["object_id"]], sheet.axes[place]
        for axis in axes:
            pictures.show(axis, example)
            sheets.frame(axis, looks[method])
        sheet.beside(place, [looks[method].title, style.words(f"{word} agreement")])
        pictures.outline(axes[0], example.truth)
        pictures.prompt(axes[0], {"points": points.get(name)})
        sheet.below(axes[0], plain(example.task), example.image.image_id)
        _row(sheet, place, example, row, masks[method].get(name, {}))
    return sheet.finished()
