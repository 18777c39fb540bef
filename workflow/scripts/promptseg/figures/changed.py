"""The objects that changed most between two runs: the image with the truth, and what either run made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from matplotlib.figure import Figure

from promptseg.analysis.compare.runs import Run
from promptseg.core import masks
from promptseg.core.columns import SETTING
from promptseg.core.parquet import read_arrow
from promptseg.core.tables import read_table
from promptseg.core.titles import SELECTIONS, Titles, plain, setting, titled
from promptseg.core.vocabulary import EVERYTHING, SINGLE_MODES
from promptseg.figures import pictures, sheets, style
from promptseg.preprocess.tables import OBJECTS

SHOWN = 4  # objects in either direction
_TRIED = 40  # objects whose masks are looked for
NOTHING = "None has changed, or the images and the masks of both runs are not in their folders any more."
_LEGEND = "Blue: outline of the truth. Orange: mask of the run, below it its IoU."
_CLOSE = 5e-7  # of IoU: tables hold what was computed from these masks


@dataclass(frozen=True)
class Case:
    """An object that changed, with all that is shown of it.

    Attributes:
        row: of `compare.tables.CHANGED`.
        mask_a, mask_b: (h, w) bool.
    """

    row: Mapping[str, Any]
    example: pictures.Example
    mask_a: np.ndarray
    mask_b: np.ndarray


def mask_of(path: Path, row: Mapping[str, Any], wanted: float, truth: np.ndarray) -> np.ndarray | None:
    """The mask (h, w) bool whose IoU is in the tables; None where the predictions are not those behind them.

    Args:
        path: predictions of the method on the dataset.
        row: object_id, mode, step, protocol and selection, as predictions name them.
        wanted: the IoU in the tables.
        truth: (h, w) bool.
    """
    if not path.is_file():
        return None
    keep = (pc.field("object_id") == row["object_id"]) & (pc.field("mode") == row["mode"])
    keep &= (pc.field("status") == "ok") & pc.field("switch").is_null()
    if row["mode"] not in SINGLE_MODES:
        keep &= (pc.field("step") == row["step"]) & (pc.field("selection") == row["selection"])
        keep &= pc.field("protocol") == row["protocol"]
    codes = read_arrow(path, columns=["rle"], filters=keep)["rle"].to_pylist()
    found = [masks.decode(code) for code in codes]
    # Which of several candidates counts is in the tables: the one with that IoU.
    return next((mask for mask in found if abs(masks.iou(mask, truth) - wanted) < _CLOSE), None)


def cases(
    changed: pd.DataFrame, a: Run, b: Run, names: Mapping[str, Mapping[str, str]], shown: int = SHOWN
) -> dict[str, list[Case]]:
    """`higher` and `lower` -> the objects that changed most and whose images and masks are there, each object once.

    Args:
        changed: see `compare.tables.CHANGED`.
        a, b: the runs.
        names: column (`method`, `protocol`) -> name in A -> name in B, of what was renamed.
        shown: at most so many objects in either direction.
    """
    found: dict[str, list[Case]] = {"higher": [], "lower": []}
    rows = changed[changed["mode"] != EVERYTHING].assign(size=changed["difference"].abs())
    rows = rows.sort_values(["size", "dataset", "object_id", *SETTING], ascending=[False, *[True] * 7], kind="stable")
    rows = rows.drop_duplicates(["dataset", "object_id"])
    for direction, chosen in found.items():
        for row in rows[rows["direction"] == direction].head(_TRIED).to_dict("records"):
            if len(chosen) < shown and (case := _case(row, a, b, names)):
                chosen.append(case)
    return found


def _case(row: Mapping[str, Any], a: Run, b: Run, names: Mapping[str, Mapping[str, str]]) -> Case | None:
    dataset = row["dataset"]
    folder = a.images(dataset) or b.images(dataset)
    values = a.tasks(dataset) or b.tasks(dataset)
    theirs = {**row, **{column: renamed.get(row[column], row[column]) for column, renamed in names.items()}}
    ours, other = (
        run.folder / "predictions" / name / f"{dataset}.parquet"
        for run, name in ((a, row["method"]), (b, theirs["method"]))
    )
    if folder is None or row["task"] not in values or not (folder / "images.parquet").is_file():
        return None
    if not (ours.is_file() and other.is_file()):
        return None
    objects = read_table(folder / "objects.parquet", OBJECTS)
    example = pictures.load(folder / "images.parquet", objects, values, [row["object_id"]])[row["object_id"]]
    left = mask_of(ours, row, row["iou_a"], example.truth)
    right = mask_of(other, theirs, row["iou_b"], example.truth)
    return None if left is None or right is None else Case(row, example, left, right)


def _panels(sheet: sheets.Sheet, place: int, column: int, case: Case, methods: Titles, protocols: Titles) -> None:
    """Image, A and B of one object."""
    axes = sheet.axes[place, column : column + 3]
    for axis in axes:
        pictures.show(axis, case.example)
    pictures.outline(axes[0], case.example.truth)
    row = case.row
    words = [setting(row["mode"], row["step"])]
    words += [titled(protocols, row["protocol"])] if row["protocol"] else []
    words += [SELECTIONS[row["selection"]]] if row["selection"] != "first" else []
    sheet.below(axes[0], titled(methods, row["method"]), ", ".join(words))
    for axis, mask, iou in ((axes[1], case.mask_a, row["iou_a"]), (axes[2], case.mask_b, row["iou_b"])):
        pictures.result(axis, mask, case.example.truth)
        sheet.below(axis, f"{iou:.2f}")
    sheet.beside(place, [plain(case.example.task), case.example.image.image_id], column)


def draw(found: Mapping[str, Sequence[Case]], methods: Titles, protocols: Titles) -> Figure:
    """A row for each object: on the left those whose IoU is lower in B, on the right those whose IoU is higher.

    Args:
        found: see `cases`.
        methods, protocols: name -> {title}.
    """
    title = "Objects whose IoU changed most from A to B"
    sides = [(name, found[name]) for name in ("lower", "higher") if found[name]]
    if not sides:
        return style.message(title, NOTHING)
    headings = [text for name, _ in sides for text in ("image and truth", "A", f"B: {name}")]
    rows = max(len(own) for _, own in sides)
    sheet = sheets.sheet(rows, len(headings), title, _LEGEND, lines=3, heads={0: headings})
    for side, (_, own) in enumerate(sides):
        for place in range(rows):
            if place < len(own):
                _panels(sheet, place, 3 * side, own[place], methods, protocols)
            else:
                sheet.leave_out(sheet.axes[place, 3 * side : 3 * side + 3])
    return sheet.finished()
