"""Parts of the figures that show images: the part shown, prompts, masks, outlines."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from contourpy import LineType, contour_generator
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from matplotlib.path import Path as Outline

from promptseg.core.lines import Scribble, closed, drawn, points_of
from promptseg.core.parquet import read_arrow
from promptseg.figures import style
from promptseg.preprocess.images import LabelledImage, object_mask, read_images
from promptseg.prompts.modes import declared

LIMIT = 4  # objects of a dataset
TRUTH, MASK, POINT = style.SKY, style.ORANGE, style.YELLOW
NOTHING = "No image of this dataset holds an object of its tasks."
_DIFFERENT = 0.06  # of the range of an image: what is less bright than that above its edge is no body


Box = tuple[int, int, int, int]


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


def ranked(objects: pd.DataFrame, task: str, shares: Sequence[float]) -> list[str]:
    """The objects of a task at these shares (0 to 1) of the order by area, then name; the lower of two middle ones."""
    names = objects[objects["task"] == task].sort_values(["area", "object_id"], kind="stable")["object_id"].tolist()
    return [names[int((len(names) - 1) * share)] for share in shares]


def choose(objects: pd.DataFrame, tasks: Iterable[str], most: int = LIMIT) -> list[str]:
    """The objects shown: of each of the first tasks, four at most, the one of median area.

    With a single task its objects at the lower quartile, the median and the upper quartile of the area instead.

    Args:
        objects: see `preprocess.tables.OBJECTS`.
        tasks: their names, in order.
        most: objects for which the figure has room; of a single task two are the quartiles, one is the median.
    """
    present = [task for task in tasks if (objects["task"] == task).any()]
    if len(present) != 1:
        return [ranked(objects, task, [0.5])[0] for task in present[: min(most, LIMIT)]]
    shares = {1: [0.5], 2: [0.25, 0.75]}.get(most, [0.25, 0.5, 0.75])
    return list(dict.fromkeys(ranked(objects, present[0], shares)))


def modes_taken(path: str | Path) -> set[str]:
    """The modes whose prompts a method takes, by its predictions or scores: with a row that is not `not_applicable`."""
    found = read_arrow(path, columns=["mode", "status"]).group_by(["mode", "status"]).aggregate([]).to_pylist()
    return {row["mode"] for row in found if row["status"] != "not_applicable"}


def rows_of(path: str | Path, names: Iterable[str], columns: list[str], modes: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of a table of prompts, predictions or scores that belong to some objects and modes."""
    keep = [("object_id", "in", list(names)), ("mode", "in", list(modes))]
    return read_arrow(path, columns=columns, filters=keep).to_pylist()


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
        box = (row.bbox_x0, row.bbox_y0, row.bbox_x1, row.bbox_y1)
        view = window(box, truth.shape, spacing, body(image.pixels))
        examples[row.Index] = Example(row.Index, row.task, image, truth, spacing, view)
    return examples


def body(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Box (x0, y0, x1, y1) around the largest connected part of an image that differs from what lies around it.

    What lies around it is the median of the image's edge, where at least half of the edge is about as bright; else
    the box is the whole image.

    Args:
        pixels: (h, w) or (h, w, 3) uint8.
    """
    grey = pixels.astype(int) if pixels.ndim == 2 else pixels[..., 0].astype(int) + pixels[..., 1] + pixels[..., 2]
    whole_image = (0, 0, grey.shape[1] - 1, grey.shape[0] - 1)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    differs = np.abs(grey - np.median(edge)) > _DIFFERENT * np.ptp(grey)
    if not differs.any() or (np.abs(edge - np.median(edge)) > _DIFFERENT * np.ptp(grey)).mean() > 0.5:
        return whole_image
    _, _, parts, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8))
    x, y, across, down, _ = max(parts[1:].tolist(), key=lambda part: part[cv2.CC_STAT_AREA])
    return x, y, x + across - 1, y + down - 1


def window(
    box: Box, shape: tuple[int, ...], spacing: tuple[float, float], within: Box | None = None
) -> tuple[float, ...]:
    """(left, right, bottom, top) of the part shown: a square in mm around the object, 2.5 times its longer side.

    It is at least 40 % of the shorter side of the image, or of the part of it that matters, and leaves that part no
    further than it must.

    Args:
        box: of the object (x0, y0, x1, y1).
        shape: of the image.
        spacing: (y, x).
        within: box around the part of the image that matters; the whole image if it is None.
    """
    x0, y0, x1, y1 = within or (0, 0, shape[1] - 1, shape[0] - 1)
    x0, y0, x1, y1 = min(x0, box[0]), min(y0, box[1]), max(x1, box[2]), max(y1, box[3])
    least, size = np.array([y0, x0]) * spacing, np.array([y1 - y0 + 1, x1 - x0 + 1]) * spacing
    low, high = np.array([box[1], box[0]]) * spacing, np.array([box[3] + 1, box[2] + 1]) * spacing
    side = min(max(2.5 * (high - low).max(), 0.4 * size.min()), size.max())
    return _square((low + high) / 2 - side / 2, side, size, spacing, least)


def cropped(example: Example) -> tuple[float, ...]:
    """The part of `Example.view` that holds body or object: a rectangle where the square is larger than the body."""
    x0, y0, x1, y1 = body(example.image.pixels)
    rows, columns = np.nonzero(example.truth)
    x0, y0, x1, y1 = (
        min(x0, columns.min()), min(y0, rows.min()), max(x1, columns.max()), max(y1, rows.max())
    )  # fmt: skip
    left, right, bottom, top = example.view
    return max(left, x0 - 0.5), min(right, x1 + 0.5), min(bottom, y1 + 0.5), max(top, y0 - 0.5)


def shape_of(view: tuple[float, ...], spacing: tuple[float, float]) -> float:
    """Height of a part of an image divided by its width, in mm."""
    left, right, bottom, top = view
    return (bottom - top) * spacing[0] / ((right - left) * spacing[1])


def whole(shape: tuple[int, ...], spacing: tuple[float, float]) -> tuple[float, ...]:
    """(left, right, bottom, top) of a square in mm that holds the whole image in its middle."""
    size = np.array(shape) * spacing
    return _square(np.zeros(2), float(size.max()), size, spacing)


def _square(
    start: np.ndarray, side: float, size: np.ndarray, spacing: tuple[float, float], least: np.ndarray | float = 0.0
) -> tuple[float, ...]:
    """The square from `start` (y, x), moved into the part of the image from `least` on of this size; all in mm."""
    start = start - least
    for axis in range(2):
        room = size[axis] - side
        start[axis] = np.clip(start[axis], 0, room) if room > 0 else room / 2
    top, left = (start + least) / spacing - 0.5
    bottom, right = (start + least + side) / spacing - 0.5
    return float(left), float(right), float(bottom), float(top)


def show(axis: Axes, example: Example, view: tuple[float, ...] | None = None) -> None:
    """The image of an object, its pixels in their true shape; `view` other than the object's own if it is given."""
    left, right, bottom, top = view or example.view
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    axis.set_facecolor("black")
    axis.set_aspect(example.spacing[0] / example.spacing[1])
    rows, columns = _seen(axis, example.truth.shape)  # of a whole image all would be resampled at every drawing
    pixels = cv2.cvtColor(example.image.pixels[rows, columns], cv2.COLOR_RGB2RGBA)
    extent = (columns.start - 0.5, columns.stop - 0.5, rows.stop - 0.5, rows.start - 0.5)
    axis.imshow(pixels, aspect=axis.get_aspect(), interpolation="nearest", extent=extent)


def _seen(axis: Axes, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of an image (h, w) that an axis shows, and one more around them."""
    limits = sorted(axis.get_ylim()), sorted(axis.get_xlim())
    rows, columns = (
        slice(max(0, math.floor(low)), min(size, math.ceil(high) + 1))
        for (low, high), size in zip(limits, shape, strict=True)
    )
    return rows, columns


def outline(axis: Axes, mask: np.ndarray, colour: str = TRUTH, width: float = 0.6) -> None:
    """The border of a mask (h, w) bool; an empty one has none."""
    if mask.any():
        x, y, across, down = cv2.boundingRect(mask.astype(np.uint8))
        padded = np.pad(mask[y : y + down, x : x + across], 1).astype(float)
        rows, columns = np.arange(y - 1, y + down + 1), np.arange(x - 1, x + across + 1)
        generator = contour_generator(columns, rows, padded, name="mpl2014", line_type=LineType.SeparateCode)
        lines: Any = generator.lines(0.5)  # points and codes of each
        path = Outline(np.concatenate(lines[0]), np.concatenate(lines[1]))
        axis.add_collection(PathCollection([path], facecolors="none", edgecolors=colour, linewidths=width, zorder=2))


def overlay(axis: Axes, mask: np.ndarray, colour: str = MASK, alpha: float = 0.5) -> None:
    """A mask (h, w) bool as a transparent layer over `show`: its colours are mixed with those of the image."""
    image = axis.images[0]
    pixels, seen = np.array(image.get_array()), mask[_seen(axis, mask.shape)]
    part = pixels[: seen.shape[0], : seen.shape[1], :3]
    part[seen] = _mixed(part[seen], to_rgba(colour, alpha))
    image.set_data(pixels)


def _mixed(pixels: np.ndarray, colour: tuple[float, ...]) -> np.ndarray:
    """Opaque pixels (n, 3) uint8 under an RGBA colour, in the whole numbers that Agg draws with."""
    *channels, alpha = (int(value * 255) for value in colour)
    below = pixels.astype(int) * 255
    opaque = ((alpha + 255) << 8) - alpha * 255
    return (((np.array(channels) << 8) - below) * alpha + (below << 8)) // opaque


def result(axis: Axes, mask: np.ndarray | None, truth: np.ndarray) -> None:
    """A method's mask over the image, with the outline of the truth; only the image where there is no mask."""
    if mask is not None:
        overlay(axis, mask)
        outline(axis, truth)


def prompts(path: str | Path, names: Iterable[str], modes: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of a table of prompts (prompts.tables.PROMPTS, LINES where it has lines) of some objects and modes."""
    return rows_of(path, names, declared(path).names, modes)


def prompt(axis: Axes, row: Mapping[str, Any]) -> None:
    """What a row of prompts shows: points of the object (stars), boxes and lassos (dashed), scribbles with their width.

    A scribble is as wide as its brush; one on the background is white.
    """
    for x, y in row.get("points") or []:
        click(axis, x, y, 1)
    for one in row.get("scribbles") or []:
        scribble = Scribble.of(one)
        shape = (int(scribble.line[:, 1].max()) + scribble.width, int(scribble.line[:, 0].max()) + scribble.width)
        overlay(axis, drawn([scribble], shape, scribble.label), POINT if scribble.label else "white", alpha=0.9)
    if row.get("lasso") is not None:
        x, y = closed(points_of(row["lasso"])).T
        axis.plot(x, y, color=POINT, linestyle="--", linewidth=0.8, zorder=3)
    for x0, y0, x1, y1 in row.get("boxes") or []:
        corner, sides = (x0 - 0.5, y0 - 0.5), (x1 - x0 + 1, y1 - y0 + 1)
        axis.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=POINT, linestyle="--", linewidth=0.8, zorder=3))


def click(axis: Axes, x: int, y: int, label: int, last: bool = True) -> None:
    """A click: a star on the object (label 1), a cross on what is not the object (0); earlier ones are smaller."""
    axis.plot(
        x, y, "*" if label else "X", color=POINT if label else "white", markeredgecolor="black", markeredgewidth=0.4,
        markersize=(6 if label else 4.5) * (1 if last else 0.65), zorder=5,
    )  # fmt: skip
