"""How the masks of every method grow click by click, on one object of a dataset."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.parquet import read_arrow
from promptseg.core.tables import read_table
from promptseg.core.titles import Titles, plain, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import pictures, sheets, style
from promptseg.figures.source import not_clicked
from promptseg.preprocess.tables import OBJECTS

CLICKS = (1, 2, 3, 5, 9)
_TALLEST = 1.3  # height of a panel divided by its width
_LEGEND = (
    "Star: click on the object. Cross: click on what is not the object. The last click is the larger one. Blue: "
    "outline of the truth. Orange: mask, below it its IoU. Cropped to the body."
)


def _rows(path: Path, name: str, protocol: str, columns: list[str]) -> dict[int, dict[str, Any]]:
    """Rows of the first mask by click, of one object under one protocol, without failures."""
    expected = {"object_id": name, "mode": ITERATIVE, "protocol": protocol, "selection": "first", "status": "ok"}
    keep = pc.field("switch").is_null()
    for column, value in expected.items():
        keep &= pc.field(column) == value
    rows = read_arrow(path, columns=["step", *columns], filters=keep).to_pylist()
    return {row["step"]: row for row in sorted(rows, key=lambda row: row["step"])}


def _panel(axis: Axes, example: pictures.Example, made: Mapping[int, dict[str, Any]], step: int) -> None:
    """The mask after some clicks, and the clicks so far."""
    pictures.result(axis, decode(made[step]["rle"]), example.truth)
    for earlier, row in made.items():
        if earlier <= step and row["click_x"] is not None:
            pictures.click(axis, row["click_x"], row["click_y"], row["click_label"], last=earlier == step)


def draw(
    files: pictures.Files,
    dataset: Mapping[str, Any],
    looks: Mapping[str, style.Look],
    protocol: str,
    protocols: Titles | None = None,
) -> Figure:
    """A row for each method, a column for each number of clicks: the mask and the clicks so far.

    The object is that of median area of the first task that has any.

    Args:
        files: images, objects, predictions and scores.
        dataset: {title, tasks: task -> label values that form the object}.
        looks: of the methods to show, in this order.
        protocol: whose clicks are shown.
        protocols: name -> {title}.
    """
    called = titled(protocols, protocol)
    about = {"dataset": dataset["title"], "protocol": called}
    title = style.words("{dataset}: an object click by click, protocol {protocol}", **about)
    table = read_table(files.objects, OBJECTS)
    present = [task for task in dataset["tasks"] if (table["task"] == task).any()]
    if not present:
        return style.message(title, style.words(pictures.NOTHING))
    (name,) = pictures.ranked(table, present[0], [0.5])
    made = {
        method: _rows(path, name, protocol, ["rle", "click_x", "click_y", "click_label"])
        for method, path in pictures.by_method(files.predictions).items()
    }
    scored = {method: _rows(path, name, protocol, ["iou"]) for method, path in pictures.by_method(files.scores).items()}
    methods = [method for method in looks if made.get(method) and scored.get(method)]
    steps = [step for step in CLICKS if any(step in made[method] for method in methods)]
    if not steps:
        return not_clicked(title, called)
    example = pictures.load(files.images, table, dataset["tasks"], [name])[name]
    steps = sheets.spread(steps, sheets.across(len(steps)))
    view = pictures.cropped(example)
    shape = min(max(pictures.shape_of(view, example.spacing), 0.5), _TALLEST)
    room = sheets.rows_that_fit(len(steps), 1, shape)
    title = f"{title} ({plain(example.task)}, {sheets.lines_of(example.image.image_id, 1.6)})"
    legend = style.words(_LEGEND) + sheets.left_out(len(methods) - room, *sheets.WITHOUT_METHOD)
    heads = {0: [style.clicks(step) for step in steps]}
    sheet = sheets.sheet(min(room, len(methods)), len(steps), title, legend, heads=heads, shape=shape)
    for row, method in enumerate(methods[:room]):
        sheet.beside(row, [looks[method].title])
        for axis, step in zip(sheet.axes[row], steps, strict=True):
            pictures.show(axis, example, view)
            known = step in made[method] and step in scored[method]  # else it failed, or such a click does not apply
            if known:
                _panel(axis, example, made[method], step)
            sheet.below(axis, f"{scored[method][step]['iou']:.2f}" if known else style.words("no mask"))
            sheets.frame(axis, looks[method])
    return sheet.finished()
