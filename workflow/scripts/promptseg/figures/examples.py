"""Examples of one dataset, chosen by their area: what every method makes of a few objects, by the kind of prompt."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.core.titles import plain
from promptseg.core.vocabulary import LINE_MODES
from promptseg.figures import pictures, sheets, style
from promptseg.preprocess.tables import OBJECTS

MODES = ("mode1", "mode5", *LINE_MODES)  # one point, one box, and lines where the run has some
MOST = 6  # methods in a row
LEGEND = "Blue: outline of the truth. Orange: first mask of the method, below it its IoU. Yellow: the prompt."
_NOTHING = "No method of this run takes one point or one box."


def first_masks(path: Path, names: Iterable[str], modes: Iterable[str]) -> dict[tuple[str, str], Any]:
    """(object, mode) -> code of the first candidate, where there is one."""
    rows = pictures.rows_of(path, names, ["object_id", "mode", "candidate", "rle"], modes)
    return {(row["object_id"], row["mode"]): row["rle"] for row in rows if row["candidate"] == 0 and row["rle"]}


def ious(path: Path, names: Iterable[str], modes: Iterable[str]) -> dict[tuple[str, str], float]:
    """(object, mode) -> IoU that was scored for the first mask."""
    rows = pictures.rows_of(path, names, ["object_id", "mode", "selection", "iou", "status"], modes)
    return {
        (row["object_id"], row["mode"]): row["iou"]
        for row in rows
        if row["status"] == "ok" and row["selection"] == "first"
    }


def prompts(path: str | Path, names: Iterable[str], modes: Iterable[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """(object, mode) -> its row of prompts."""
    return {(row["object_id"], row["mode"]): row for row in pictures.prompts(path, names, modes)}


def draw(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look]) -> Figure:
    """For each kind of prompt a row for each chosen object: the image with truth and prompt, then the methods.

    Methods that have no room in a row go on in further rows of the same objects; where there are many there are fewer
    objects, so that the figure fits a page.

    Args:
        files: images, objects, prompts, predictions and scores.
        dataset: {title, tasks: task -> label values that form the object}.
        looks: see `style.method_looks`; panels are in this order.
    """
    title = style.words("{dataset}: what the methods make of the same objects", dataset=dataset["title"])
    table, predictions = read_table(files.objects, OBJECTS), pictures.by_method(files.predictions)
    taken = {name: pictures.modes_taken(predictions[name]) for name in looks if name in predictions}
    each = sheets.across(MOST + 1) - 1
    blocks = [
        (mode, part)
        for mode in MODES
        for part in sheets.parts([name for name in taken if mode in taken[name]], max(1, each))
    ]
    if not blocks:
        return style.message(title, style.words(_NOTHING))
    columns = 1 + max(len(part) for _, part in blocks)
    room = sheets.rows_that_fit(columns, 1, heads=len(blocks))
    shown = blocks[:room]
    names = pictures.choose(table, dataset["tasks"], room // len(shown))
    if not names:
        return style.message(title, style.words(pictures.NOTHING))
    examples = pictures.load(files.images, table, dataset["tasks"], names)
    given = prompts(files.prompts, names, MODES)
    masks = {name: first_masks(predictions[name], names, MODES) for name in taken}
    scored = {name: ious(path, names, MODES) for name, path in pictures.by_method(files.scores).items()}
    heads = {
        place * len(names): [style.prompt(mode), *(looks[name].title for name in part)]
        for place, (mode, part) in enumerate(shown)
    }
    legend = style.words(LEGEND) + sheets.left_out(
        len({name for _, part in blocks[room:] for name in part}), *sheets.WITHOUT_METHOD
    )
    sheet = sheets.sheet(len(shown) * len(names), columns, title, legend, heads=heads)
    rows = [(mode, part, name) for mode, part in shown for name in names]
    for row, (mode, part, name) in enumerate(rows):
        axes, example = sheet.axes[row], examples[name]
        sheet.beside(row, [plain(example.task), example.image.image_id])
        for axis in axes[: len(part) + 1]:
            pictures.show(axis, example)
        pictures.outline(axes[0], example.truth)
        pictures.prompt(axes[0], given.get((name, mode), {}))
        for axis, method in zip(axes[1:], part, strict=False):
            code, iou = masks[method].get((name, mode)), scored.get(method, {}).get((name, mode))
            known = code is not None and iou is not None
            pictures.result(axis, decode(code) if code and known else None, example.truth)
            sheet.below(axis, f"{iou:.2f}" if known else style.words("no mask"))
            sheets.frame(axis, looks[method])
        sheet.leave_out(axes[len(part) + 1 :])
    return sheet.finished()
