"""Examples of one dataset: objects chosen by their area, and for each method its worst, median and best result."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.figures import pictures, style
from promptseg.preprocess.tables import OBJECTS

PROMPT_WORDS = {"mode1": "one point", "mode5": "one box"}
EXTREMES = {"worst": 0.0, "median": 0.5, "best": 1.0}
_LEGEND = "Blue: outline of the truth. Orange: first mask of the method. Number: IoU."


def masks_and_scores(
    files: pictures.Files, names: Sequence[str]
) -> dict[str, tuple[str, dict[str, tuple[np.ndarray, float]]]]:
    """For each method the mode shown, and by object its mask (h, w) bool and the IoU that was scored for it.

    The mode is 5 (one box) if the method takes boxes, else 1 (one point); the mask is the first candidate.
    """
    scored: dict[tuple[str, str, str], float] = {}
    for method, path in pictures.by_method(files.scores).items():
        columns = ["object_id", "mode", "selection", "iou", "status"]
        for row in pictures.rows_of(path, names, columns, PROMPT_WORDS):
            if row["status"] == "ok" and row["selection"] == "first":
                scored[method, row["mode"], row["object_id"]] = row["iou"]
    shown = {}
    for method, path in pictures.by_method(files.predictions).items():
        mode = "mode5" if any(key[:2] == (method, "mode5") for key in scored) else "mode1"
        found = _first_masks(path, names, [mode])
        known = {name: (mask, scored.get((method, mode, name))) for (name, _), mask in found.items()}
        shown[method] = (mode, {name: (mask, iou) for name, (mask, iou) in known.items() if iou is not None})
    return shown


def _first_masks(path: Path, names: Iterable[str], modes: Iterable[str]) -> dict[tuple[str, str], np.ndarray]:
    """(object, mode) -> first candidate, where there is one."""
    rows = pictures.rows_of(path, names, ["object_id", "mode", "candidate", "rle"], modes)
    return {(row["object_id"], row["mode"]): decode(row["rle"]) for row in rows if row["candidate"] == 0 and row["rle"]}


def _prompts_of(path: str | Path, names: Iterable[str]) -> dict[tuple[str, str], dict[str, Any]]:
    rows = pictures.rows_of(path, names, ["object_id", "mode", "points", "boxes"], PROMPT_WORDS)
    return {(row["object_id"], row["mode"]): row for row in rows}


def draw(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look]) -> Figure:
    """A row for each chosen object: the image with truth and prompts, then a panel for each method.

    Args:
        files: images, objects, prompts, predictions and scores.
        dataset: {title, truth, licence, tasks: task -> label values that form the object}.
        looks: see `style.method_looks`; panels are in this order.
    """
    title, table = pictures.about(dataset), read_table(files.objects, OBJECTS)
    names = pictures.choose(table, dataset["tasks"])
    if not names:
        return style.message(title, pictures.NOTHING)
    examples = pictures.load(files.images, table, dataset["tasks"], names)
    given = _prompts_of(files.prompts, names)
    shown = masks_and_scores(files, names)
    methods = [name for name in looks if name in shown]
    headings = [f"{style.wrap(looks[name].title, 12)}\n({PROMPT_WORDS[shown[name][0]]})" for name in methods]
    legend = f"{_LEGEND} Cropped around each object."
    figure, grid = pictures.grid(len(names), title, legend, ["truth, box\nand point", *headings])
    for axes, (name, example) in zip(grid, examples.items(), strict=True):
        for axis in axes:
            pictures.show(axis, example)
        pictures.outline(axes[0], example.truth)
        pictures.prompt(axes[0], given.get((name, "mode1"), {}).get("points"), None)
        pictures.prompt(axes[0], None, given.get((name, "mode5"), {}).get("boxes"))
        pictures.label(axes[0], example)
        for axis, method in zip(axes[1:], methods, strict=True):
            mask, iou = shown[method][1].get(name, (None, 0.0))
            pictures.result(axis, mask, example.truth, f"{iou:.2f}")
            pictures.frame(axis, looks[method])
    return figure


def extremes(scores: Sequence[str | Path]) -> dict[tuple[str, str, str], tuple[str, float]]:
    """(method, mode, worst | median | best) -> object and IoU of its first mask, in one point and one box.

    Objects are ordered by IoU, then by name; the lower of two middle ones is the median.
    """
    found = {}
    keep = [("mode", "in", list(PROMPT_WORDS)), ("selection", "==", "first"), ("status", "==", "ok")]
    for method, path in pictures.by_method(scores).items():
        table = pq.read_table(path, columns=["object_id", "mode", "iou"], filters=keep).to_pandas()
        for mode, rows in table.sort_values(["iou", "object_id"]).groupby("mode"):
            for word, share in EXTREMES.items():
                row = rows.iloc[int((len(rows) - 1) * share)]
                found[method, mode, word] = (row["object_id"], float(row["iou"]))
    return found


def _not_applicable(axis: Axes) -> None:
    """The panel of a method that does not take such prompts."""
    axis.set_facecolor(style.BAND)
    axis.text(0.5, 0.5, "n/a", ha="center", va="center", color=style.GREY, transform=axis.transAxes)
    axis.set_box_aspect(1)


def draw_extremes(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look]) -> Figure:
    """A row for each method: the objects of its worst, median and best first mask, given one point and one box.

    Args: as for `draw`; `looks` are those of the methods to show.
    """
    title = pictures.about(dataset)
    found = {key: value for key, value in extremes(files.scores).items() if key[0] in looks}
    if not found:
        return style.message(title, "No method was scored on this dataset with one point or one box.")
    methods = [name for name in looks if any(key[0] == name for key in found)]
    modes = [mode for mode in PROMPT_WORDS if any(key[1] == mode for key in found)]
    names = {name for name, _ in found.values()}
    examples = pictures.load(files.images, read_table(files.objects, OBJECTS), dataset["tasks"], sorted(names))
    given = _prompts_of(files.prompts, names)
    masks = {name: _first_masks(path, names, modes) for name, path in pictures.by_method(files.predictions).items()}
    cells = [(mode, word) for mode in modes for word in EXTREMES]
    legend = f"{_LEGEND} Yellow: the prompt. Each panel is the object of that method's worst, median or best IoU."
    headings = [f"{PROMPT_WORDS[mode]}:\n{word}" for mode, word in cells]
    figure, grid = pictures.grid(len(methods), title, legend, headings)
    for axes, method in zip(grid, methods, strict=True):
        axes[0].set_ylabel(style.wrap(looks[method].title, 16), fontsize=6.5)
        for axis, (mode, word) in zip(axes, cells, strict=True):
            if (method, mode, word) not in found:
                _not_applicable(axis)
                continue
            name, iou = found[method, mode, word]
            example, row = examples[name], given.get((name, mode), {})
            pictures.show(axis, example)
            pictures.result(axis, masks[method].get((name, mode)), example.truth, f"{iou:.2f}")
            pictures.prompt(axis, row.get("points"), row.get("boxes"))
            pictures.note(axis, example.task.replace("_", " "), low=True)
            pictures.frame(axis, looks[method])
    return figure
