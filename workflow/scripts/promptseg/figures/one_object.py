"""One object of a finished run: its image, the truth, and what each method made of it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from promptseg.analysis.compare.runs import Run
from promptseg.analysis.lookup import CLICK, Wish, chosen, predictions, scored
from promptseg.core import titles
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import pictures, style
from promptseg.preprocess.tables import OBJECTS

_COLUMNS = 4
_LEGEND = (
    "Blue: outline of the truth. Orange: mask of the method. Number: IoU. Yellow: prompt; stars and crosses: clicks."
)


def draw(
    run: Run,
    dataset: str,
    object_id: str,
    tasks: Mapping[str, Sequence[int]],
    looks: Mapping[str, style.Look],
    wish: Wish,
) -> Figure:
    """The image, the truth, and a panel for each method.

    Args:
        tasks: task -> label values, of the dataset.
        looks: of the methods to show, in that order.
        wish: which of their answers.

    Raises:
        PromptsegError: the images of the run are not there any more.
    """
    folder = run.images(dataset)
    if folder is None:
        raise PromptsegError(
            f"The images of {dataset} that {run.folder} was made from are not there any more: run again, or give the "
            "configuration of that run by -c."
        )
    objects = read_table(folder / "objects.parquet", OBJECTS)
    example = pictures.load(folder / "images.parquet", objects, tasks, [object_id])[object_id]
    rows = -(-(len(looks) + 2) // _COLUMNS)
    figure, grid = pictures.grid(rows, f"{dataset}/{object_id}", _LEGEND, [""] * _COLUMNS)
    image, truth, *others = grid.ravel()
    for axis in (image, truth):
        pictures.show(axis, example)
    image.set_title("image", fontsize=6.5)
    truth.set_title("truth", fontsize=6.5)
    pictures.outline(truth, example.truth)
    for axis, name in zip(others, looks, strict=False):
        pictures.show(axis, example)
        _answer(axis, run, dataset, name, looks[name], example, wish)
    for axis in others[len(looks) :]:
        axis.set_axis_off()
    return figure


def prompts_file(folder: Path, dataset: str) -> Path:
    """The table of the prompts of a dataset in the folder of a run.

    Raises:
        PromptsegError: it is not there: scores alone do not need it.
    """
    path = folder / "prompts" / f"{dataset}.parquet"
    if not path.is_file():
        raise PromptsegError(
            f"{path} is not there, which holds the prompts to show. Run the pipeline first: snakemake --cores all "
            f"{os.path.relpath(path)} (with the --configfile of that run)."
        )
    return path


def prompt_of(row: Mapping[str, Any]) -> str:
    """What a score was asked by, in words: "one box around the object", "5 clicks"."""
    if row["mode"] == ITERATIVE:
        return titles.setting(ITERATIVE, row["step"])
    return titles.MODES[row["mode"]].partition(": ")[2] or titles.MODES[row["mode"]]


def _answer(
    axis: Any, run: Run, dataset: str, method: str, look: style.Look, example: pictures.Example, wish: Wish
) -> None:
    """The panel of a method: its mask, or that it has none."""
    pictures.frame(axis, look)
    rows = scored(run, method, wish, (dataset, example.object_id))
    title = style.wrap(look.title, 18)
    if not rows:
        axis.set_title(f"{title}\n", fontsize=6.5)
        pictures.note(axis, "no mask")
        return
    (row,) = rows
    axis.set_title(f"{title}\n({prompt_of(row)})", fontsize=6.5)
    found = predictions(run.folder, method, dataset, [row]).get(example.object_id, [])
    taken = chosen(found, wish.selection, example.truth)
    pictures.result(axis, decode(taken["rle"]) if taken else None, example.truth, f"{row['iou']:.3f}")
    if row["mode"] == ITERATIVE:
        steps = [{**row, "step": step} for step in range(1, row["step"] + 1)]
        clicked = predictions(run.folder, method, dataset, steps).get(example.object_id, [])
        for one in clicked:
            if one["click_x"] is not None:
                x, y, label = (one[key] for key in CLICK)
                pictures.click(axis, x, y, label, last=one["step"] == row["step"])
    else:
        prompts = prompts_file(run.folder, dataset)
        for given in pictures.rows_of(prompts, [example.object_id], ["points", "boxes"], [row["mode"]]):
            pictures.prompt(axis, given["points"], given["boxes"])
