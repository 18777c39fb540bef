"""One object of a finished run: its image, the truth, and what each method made of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from promptseg.analysis.compare.runs import Run
from promptseg.analysis.lookup import CLICK, Wish, chosen, predictions, scored
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
    clicks = f"{row['step']} click{'s' if row['step'] > 1 else ''}" if row["mode"] == ITERATIVE else row["mode"]
    axis.set_title(f"{title}\n({clicks})", fontsize=6.5)
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
        prompts = run.folder / "prompts" / f"{dataset}.parquet"
        for given in pictures.rows_of(prompts, [example.object_id], ["points", "boxes"], [row["mode"]]):
            pictures.prompt(axis, given["points"], given["boxes"])
