"""One object of a finished run: its image, the truth, and what each method made of it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.compare.runs import Run
from promptseg.analysis.lookup import CLICK, Wish, chosen, predictions, scored
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import pictures, sheets, style
from promptseg.preprocess.tables import OBJECTS

_COLUMNS = 4
_LEGEND = (
    "Blue: outline of the truth. Orange: mask of the method, below it its IoU. Yellow: prompt; stars and crosses: "
    "clicks."
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
    columns = sheets.across(_COLUMNS)
    rows = -(-(len(looks) + 2) // columns)
    sheet = sheets.sheet(rows, columns, f"{dataset}/{object_id}", style.words(_LEGEND), lines=3, heads={})
    image, truth, *others = sheet.axes.ravel()
    for axis, words in ((image, "image"), (truth, "truth")):
        pictures.show(axis, example)
        sheet.below(axis, style.words(words))
    pictures.outline(truth, example.truth)
    for axis, name in zip(others, looks, strict=False):
        pictures.show(axis, example)
        sheets.frame(axis, looks[name])
        words = _answer(axis, run, dataset, name, example, wish)
        sheet.below(axis, looks[name].title, words)
    sheet.leave_out(others[len(looks) :])
    return sheet.finished()


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
    return style.clicks(row["step"]) if row["mode"] == ITERATIVE else style.prompt(row["mode"])


def _answer(axis: Axes, run: Run, dataset: str, method: str, example: pictures.Example, wish: Wish) -> str:
    """Draw the mask of a method and its prompt; its IoU and prompt in words, or that it has no mask."""
    rows = scored(run, method, wish, (dataset, example.object_id))
    if not rows:
        return style.words("no mask")
    (row,) = rows
    found = predictions(run.predictions(method, dataset), [row]).get(example.object_id, [])
    taken = chosen(found, wish.selection, example.truth)
    pictures.result(axis, decode(taken["rle"]) if taken else None, example.truth)
    if row["mode"] == ITERATIVE:
        steps = [{**row, "step": step} for step in range(1, row["step"] + 1)]
        for one in predictions(run.predictions(method, dataset), steps).get(example.object_id, []):
            if one["click_x"] is not None:
                x, y, label = (one[key] for key in CLICK)
                pictures.click(axis, x, y, label, last=one["step"] == row["step"])
    else:
        prompts = prompts_file(run.folder, dataset)
        for given in pictures.prompts(prompts, [example.object_id], [row["mode"]]):
            pictures.prompt(axis, given)
    return f"{row['iou']:.3f}, {prompt_of(row)}" if taken else style.words("no mask")
