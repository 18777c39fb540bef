"""Each method's own results by rank of IoU: its worst, median and best object, or those at the study's percentiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.parquet import read_arrow
from promptseg.core.tables import read_table
from promptseg.core.titles import plain
from promptseg.figures import pictures, sheets, style
from promptseg.figures.examples import LEGEND, first_masks, prompts
from promptseg.preprocess.tables import OBJECTS


@dataclass(frozen=True)
class Choice:
    """Which results are shown.

    Attributes:
        modes: side by side.
        shares: word -> share (0 to 1) of the order by IoU.
        title: of the figure, with the place of the dataset.
    """

    modes: Sequence[str]
    shares: Mapping[str, float]
    title: str


EXTREMES = Choice(
    ("mode1", "mode5"), {"worst": 0.0, "median": 0.5, "best": 1.0},
    "{dataset}: worst, median and best result of each method",
)  # fmt: skip
# The study's picture panels: points and boxes on all components.
PERCENTILES = Choice(
    ("mode2", "mode4"), {"25th percentile": 0.25, "median": 0.5, "75th percentile": 0.75},
    "{dataset}: results of each method by percentile of IoU",
)  # fmt: skip
_NOTHING = "No method of this run was scored on this dataset with prompts of these modes."


def chosen(scores: Sequence[str | Path], choice: Choice) -> dict[tuple[str, str, str], tuple[str, float]]:
    """(method, mode, word) -> object and IoU of its first mask.

    Objects are ordered by IoU, then by name; between two objects the lower one is taken.
    """
    found = {}
    keep = [("mode", "in", list(choice.modes)), ("selection", "==", "first"), ("status", "==", "ok")]
    for method, path in pictures.by_method(scores).items():
        table = read_arrow(path, columns=["object_id", "mode", "iou"], filters=keep)
        table = table.sort_by([("iou", "ascending"), ("object_id", "ascending")])
        for mode in choice.modes:
            rows = table.filter(pc.field("mode") == mode)
            for word, share in choice.shares.items() if len(rows) else ():
                (row,) = rows.slice(int((len(rows) - 1) * share), 1).to_pylist()
                found[method, mode, word] = (row["object_id"], row["iou"])
    return found


def draw(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look], choice: Choice) -> Figure:
    """For each mode a block of panels, a row for each method that takes its prompts, a column for each rank.

    Blocks stand side by side where the page is wide enough, else one below the other.

    Args:
        files: images, objects, prompts, predictions and scores.
        dataset: {title, tasks: task -> label values that form the object}.
        looks: of the methods to show, in this order.
        choice: EXTREMES or PERCENTILES.
    """
    title = style.words(choice.title, dataset=dataset["title"])
    found = {key: value for key, value in chosen(files.scores, choice).items() if key[0] in looks}
    if not found:
        return style.message(title, style.words(_NOTHING))
    blocks = {mode: [name for name in looks if any(key[:2] == (name, mode) for key in found)] for mode in choice.modes}
    blocks = {mode: own for mode, own in blocks.items() if own}
    shares = list(choice.shares)
    beside = sheets.across(len(shares) * len(blocks)) == len(shares) * len(blocks)
    columns = len(shares) * (len(blocks) if beside else 1)
    room = sheets.rows_that_fit(columns, 2, heads=1 if beside else len(blocks)) // (1 if beside else len(blocks))
    shown = {mode: own[: max(1, room)] for mode, own in blocks.items()}
    missing = {name for own in blocks.values() for name in own} - {name for own in shown.values() for name in own}
    places = {
        (mode, name): (row if beside else row + sum(len(shown[other]) for other in list(shown)[:index]),
                       index * len(shares) if beside else 0)
        for index, (mode, own) in enumerate(shown.items())
        for row, name in enumerate(own)
    }  # fmt: skip
    heads = _heads(shown, shares, beside)
    legend = style.words(LEGEND) + sheets.left_out(len(missing), *sheets.WITHOUT_METHOD)
    down = max(row for row, _ in places.values()) + 1
    sheet = sheets.sheet(down, columns, title, legend, lines=2, heads=heads)
    names = {found[method, mode, word][0] for mode, own in shown.items() for method in own for word in shares}
    examples = pictures.load(files.images, read_table(files.objects, OBJECTS), dataset["tasks"], sorted(names))
    given = prompts(files.prompts, names, shown)
    masks = {name: first_masks(path, names, shown) for name, path in pictures.by_method(files.predictions).items()}
    empty = set(sheet.axes.ravel())
    for (mode, method), (row, column) in places.items():
        sheet.beside(row, [looks[method].title], column)
        for axis, word in zip(sheet.axes[row, column:], shares, strict=False):
            name, iou = found[method, mode, word]
            example, asked = examples[name], given.get((name, mode), {})
            pictures.show(axis, example)
            code = masks[method].get((name, mode))
            pictures.result(axis, decode(code) if code else None, example.truth)
            pictures.prompt(axis, asked)
            sheet.below(axis, f"{iou:.2f} {plain(example.task)}", example.image.image_id)
            sheets.frame(axis, looks[method])
            empty.discard(axis)
    sheet.leave_out(empty)
    return sheet.finished()


def _heads(shown: Mapping[str, Sequence[str]], shares: Sequence[str], beside: bool) -> dict[int, list[str]]:
    """Row -> headings of its panels, see `sheets.sheet`."""
    texts = {mode: [f"{style.prompt(mode)}:\n{style.words(word)}" for word in shares] for mode in shown}
    if beside:
        return {0: [text for own in texts.values() for text in own]}
    starts = [sum(len(own) for own in list(shown.values())[:index]) for index in range(len(shown))]
    return dict(zip(starts, texts.values(), strict=True))
