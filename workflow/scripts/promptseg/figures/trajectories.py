"""How the masks of every method grow click by click, on one object of a dataset."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.figures import pictures, style
from promptseg.figures.examples import about
from promptseg.preprocess.tables import OBJECTS

CLICKS = (1, 2, 3, 5, 9)


def _rows(path: Path, name: str, protocol: str, columns: list[str]) -> dict[int, dict[str, Any]]:
    """Rows of the first mask by click, of one object under one protocol, without failures."""
    keep = [("object_id", "==", name), ("mode", "==", "iterative"), ("protocol", "==", protocol)]
    keep += [("selection", "==", "first"), ("status", "==", "ok")]
    rows = pq.read_table(path, columns=["step", *columns], filters=keep).to_pylist()
    return {row["step"]: row for row in sorted(rows, key=lambda row: row["step"])}


def trajectories_figure(
    images: str | Path,
    objects: str | Path,
    predictions: Sequence[Path],
    scores: Sequence[Path],
    tasks: Mapping[str, Sequence[int]],
    looks: Mapping[str, style.Look],
    dataset: Mapping[str, Any],
    protocol: str,
    clicks: Iterable[int] = CLICKS,
) -> Figure:
    """A row for each method, a column for each number of clicks: the mask and the clicks so far.

    The object is that of median area of the first task that has any.

    Args:
        predictions, scores: files of the methods, each in a folder of the method's name.
        tasks: task -> label values that form the object.
        looks: see `style.method_looks`; rows are in this order.
        dataset: {title, truth, licence}, shown in the title.
        protocol: whose clicks are shown.
    """
    table = read_table(objects, OBJECTS)
    present = [task for task in tasks if (table["task"] == task).any()]
    title = f"{about(dataset)}. Protocol {protocol}"
    if not present:
        return style.message(title, pictures.NOTHING)
    (name,) = pictures.ranked(table, present[0], [0.5])
    made = {
        pictures.method_of(path): _rows(path, name, protocol, ["rle", "click_x", "click_y", "click_label"])
        for path in predictions
    }
    scored = {pictures.method_of(path): _rows(path, name, protocol, ["iou"]) for path in scores}
    methods = [method for method in looks if made.get(method) and scored.get(method)]
    steps = [step for step in clicks if any(step in made[method] for method in methods)]
    if not steps:
        return style.message(title, f"No method of this run was clicked iteratively under the protocol {protocol}.")
    item = pictures.load(images, table, tasks, [name])[name]
    figure, grid = pictures.grid(
        len(methods), len(steps), f"{title}. Object: {item.task.replace('_', ' ')}, {item.image.image_id}",
        "Star: click on the object. Cross: click on what is not the object. The last click is the larger one. "
        "Blue: outline of the truth. Orange: mask. Number: IoU.",
        [f"{step} click{'s' if step > 1 else ''}" for step in steps],
    )  # fmt: skip
    for axes, method in zip(grid, methods, strict=True):
        axes[0].set_ylabel(style.wrap(looks[method].title, 16), fontsize=6.5)
        for axis, step in zip(axes, steps, strict=True):
            pictures.show(axis, item)
            known = step in made[method] and step in scored[method]
            mask = decode(made[method][step]["rle"]) if known else None
            pictures.result(axis, mask, item.truth, f"{scored[method][step]['iou']:.2f}" if known else "")
            for earlier, row in made[method].items() if known else ():
                if earlier <= step and row["click_x"] is not None:
                    pictures.click(axis, row["click_x"], row["click_y"], row["click_label"], last=earlier == step)
            pictures.frame(axis, looks[method])
    return figure
