"""Parts of the figures that show images: the part shown, prompts, masks, outlines."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from promptseg.figures import style
from promptseg.preprocess.images import LabelledImage, object_mask, read_images

LIMIT = 4  # objects of a dataset
TRUTH, MASK, POINT = style.SKY, style.ORANGE, style.YELLOW
NOTHING = "No image of this dataset holds an object of its tasks."
TALLEST = 9.0  # inches of panels, so that a figure fits a page


@dataclass(frozen=True)
class Files:
    """The files of one dataset that figures with images read; predictions and the like one file for each method.

    Attributes:
        images, objects, prompts: tables of the dataset.
        predictions, scores, ambiguity, everything: tables of methods, each in a folder of the method's name.
    """

    images: str | Path
    objects: str | Path
    prompts: str | Path = ""
    predictions: Sequence[str | Path] = ()
    scores: Sequence[str | Path] = ()
    ambiguity: Sequence[str | Path] = ()
    everything: Sequence[str | Path] = ()


@dataclass(frozen=True)
class Example:
    """An object to show.

    Attributes:
        truth: (h, w) bool.
        spacing: (y, x), in mm where it is known.
        view: the part shown, see `window`.
    """

    object_id: str
    task: str
    image: LabelledImage
    truth: np.ndarray
    spacing: tuple[float, float]
    view: tuple[float, ...]


def about(dataset: Mapping[str, Any]) -> str:
    """The title of a figure with images: whose they are.

    Args:
        dataset: {title, truth, licence}.
    """
    return f"{dataset['title']}. Truth: {dataset['truth']}. Licence: {dataset['licence']}"


def ranked(objects: pd.DataFrame, task: str, shares: Sequence[float]) -> list[str]:
    """The objects of a task at these shares (0 to 1) of the order by area, then name; the lower of two middle ones."""
    names = objects[objects["task"] == task].sort_values(["area", "object_id"], kind="stable")["object_id"].tolist()
    return [names[int((len(names) - 1) * share)] for share in shares]


def choose(objects: pd.DataFrame, tasks: Iterable[str]) -> list[str]:
    """The objects shown: of each of the first four tasks the one of median area.

    With a single task its objects at the lower quartile, the median and the upper quartile of the area instead.
    """
    present = [task for task in tasks if (objects["task"] == task).any()][:LIMIT]
    shares = [0.25, 0.5, 0.75] if len(present) == 1 else [0.5]
    return list(dict.fromkeys(name for task in present for name in ranked(objects, task, shares)))


def rows_of(path: str | Path, names: Iterable[str], columns: list[str], modes: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of a table of prompts, predictions or scores that belong to some objects and modes."""
    keep = [("object_id", "in", list(names)), ("mode", "in", list(modes))]
    return pq.read_table(path, columns=columns, filters=keep).to_pylist()


def by_method(paths: Iterable[str | Path]) -> dict[str, Path]:
    """Method -> file; the files lie in folders of the methods' names."""
    return {Path(path).parent.name: Path(path) for path in paths}


def load(
    images: str | Path, objects: pd.DataFrame, tasks: Mapping[str, Sequence[int]], names: Iterable[str]
) -> dict[str, Example]:
    """The named objects with their images.

    Args:
        images: `images.parquet`.
        objects: see `preprocess.tables.OBJECTS`.
        tasks: task -> label values that form the object.
        names: `object_id`s.
    """
    rows = objects.set_index("object_id").loc[list(names)]
    found = {image.image_id: image for image in read_images(images, set(rows["image_id"]))}
    examples = {}
    for row in rows.itertuples():
        image = found[row.image_id]
        truth, spacing = object_mask(image.labels, tasks[row.task]), image.spacing or (1.0, 1.0)
        view = window((row.bbox_x0, row.bbox_y0, row.bbox_x1, row.bbox_y1), truth.shape, spacing)
        examples[row.Index] = Example(row.Index, row.task, image, truth, spacing, view)
    return examples


def window(box: tuple[int, int, int, int], shape: tuple[int, ...], spacing: tuple[float, float]) -> tuple[float, ...]:
    """(left, right, bottom, top) of the part shown: a square in mm around the object, 2.5 times its longer side.

    It is at least 40 % of the image's shorter side and never leaves the image further than it must.
    """
    size = np.array(shape) * spacing
    low, high = np.array([box[1], box[0]]) * spacing, np.array([box[3] + 1, box[2] + 1]) * spacing
    side = min(max(2.5 * (high - low).max(), 0.4 * size.min()), size.max())
    return _square((low + high) / 2 - side / 2, side, size, spacing)


def whole(shape: tuple[int, ...], spacing: tuple[float, float]) -> tuple[float, ...]:
    """(left, right, bottom, top) of a square in mm that holds the whole image in its middle."""
    size = np.array(shape) * spacing
    return _square(np.zeros(2), float(size.max()), size, spacing)


def _square(start: np.ndarray, side: float, size: np.ndarray, spacing: tuple[float, float]) -> tuple[float, ...]:
    for axis in range(2):
        room = size[axis] - side
        start[axis] = np.clip(start[axis], 0, room) if room > 0 else room / 2
    top, left = start / spacing - 0.5
    bottom, right = (start + side) / spacing - 0.5
    return float(left), float(right), float(bottom), float(top)


def _side(rows: int, columns: int) -> float:
    """Height and width in inches of each panel of a figure that fits a page."""
    return max(0.7, min(1.5, (style.page() - 0.25) / columns, TALLEST / rows))


def grid(rows: int, title: str, legend: str, headings: Sequence[str]) -> tuple[Figure, np.ndarray]:
    """A figure of square panels that fits a page, and its axes (rows, columns).

    Args:
        title: above all panels.
        legend: how to read it, below all panels.
        headings: of the columns.
    """
    style.use()
    columns = len(headings)
    panel = _side(rows, columns)
    width = max(style.column(), panel * columns + 0.25)
    words, note = textwrap.fill(title, int(19 * width)), textwrap.fill(legend, int(24 * width))
    lines = words.count("\n") + note.count("\n") + max(text.count("\n") for text in headings)
    figure = Figure(figsize=(width, panel * rows + 0.5 + 0.11 * lines), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01)  # type: ignore[union-attr, call-arg]
    figure.suptitle(words, fontsize=6.5)
    figure.supxlabel(note, fontsize=5.5, color=style.GREY)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, heading in zip(axes[0], headings, strict=True):
        axis.set_title(heading, fontsize=6.5)
    for axis in axes.ravel():
        axis.set_xticks([])
        axis.set_yticks([])
    return figure, axes


def label(axis: Axes, example: Example) -> None:
    """Write the task and the image of an object beside its first panel, in lines that are no longer than the panel.

    Of names that need more than three lines the end is shown, which tells slices apart.
    """
    rows, columns = axis.get_subplotspec().get_gridspec().get_geometry()  # type: ignore[union-attr]
    width = int(16 * _side(rows, columns))  # characters
    name = example.image.image_id
    name = name if len(name) <= 3 * width else f"...{name[3 - 3 * width :]}"
    lines = [name[start : start + width] for start in range(0, len(name), width)]
    task = textwrap.wrap(example.task.replace("_", " "), min(width, 16))
    axis.set_ylabel("\n".join([*task, *lines]), fontsize=6)


def show(axis: Axes, example: Example, view: tuple[float, ...] | None = None) -> None:
    """The image of an object, its pixels in their true shape; `view` other than the object's own if it is given."""
    left, right, bottom, top = view or example.view
    axis.imshow(example.image.pixels, aspect=example.spacing[0] / example.spacing[1], interpolation="nearest")
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    axis.set_facecolor("black")


def outline(axis: Axes, mask: np.ndarray, colour: str = TRUTH, width: float = 0.8) -> None:
    """The border of a mask (h, w) bool; an empty one has none."""
    if mask.any():
        padded = np.pad(mask, 1).astype(float)
        rows, columns = np.arange(-1, mask.shape[0] + 1), np.arange(-1, mask.shape[1] + 1)
        axis.contour(columns, rows, padded, levels=[0.5], colors=[colour], linewidths=width)


def overlay(axis: Axes, mask: np.ndarray, colour: str = MASK, alpha: float = 0.5) -> None:
    """A mask (h, w) bool as a transparent layer over `show`."""
    layer = np.zeros((*mask.shape, 4))
    layer[mask] = to_rgba(colour, alpha)
    axis.imshow(layer, aspect=axis.get_aspect(), interpolation="nearest")


def result(axis: Axes, mask: np.ndarray | None, truth: np.ndarray, words: str) -> None:
    """A method's mask over the image, with the outline of the truth and a few words; "no mask" where there is none."""
    if mask is not None:
        overlay(axis, mask)
        outline(axis, truth)
    note(axis, "no mask" if mask is None else words)


def note(axis: Axes, words: str, low: bool = False) -> None:
    """A few words in the upper left corner, or in the lower one."""
    box = {"facecolor": "black", "alpha": 0.65, "linewidth": 0, "pad": 1.2}
    place, side = (0.04, "bottom") if low else (0.96, "top")
    axis.text(0.04, place, words, fontsize=6, color="white", va=side, bbox=box, transform=axis.transAxes, zorder=6)


def prompt(axis: Axes, points: Iterable[Sequence[int]] | None, boxes: Iterable[Sequence[int]] | None) -> None:
    """Points of the object (stars) and boxes (dashed)."""
    for x, y in points or []:
        click(axis, x, y, 1)
    for x0, y0, x1, y1 in boxes or []:
        corner, sides = (x0 - 0.5, y0 - 0.5), (x1 - x0 + 1, y1 - y0 + 1)
        axis.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=POINT, linestyle="--", linewidth=0.8, zorder=3))


def click(axis: Axes, x: int, y: int, label: int, last: bool = True) -> None:
    """A click: a star on the object (label 1), a cross on what is not the object (0); earlier ones are smaller."""
    axis.plot(
        x, y, "*" if label else "X", color=POINT if label else "white", markeredgecolor="black", markeredgewidth=0.4,
        markersize=(6 if label else 4.5) * (1 if last else 0.65), zorder=5,
    )  # fmt: skip


def frame(axis: Axes, look: style.Look, width: float = 1.4) -> None:
    """A frame in the colour of a method."""
    for spine in axis.spines.values():
        spine.set(visible=True, color=look.colour, linewidth=width)
