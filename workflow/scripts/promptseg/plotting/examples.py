"""Examples: image, truth and prompts, and what each method made of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from promptseg.images import LabelledImage, object_mask, read_images
from promptseg.masks import decode
from promptseg.plotting import style
from promptseg.tables import OBJECTS, read_table

LIMIT = 4
TRUTH, MASK, POINT = "#56B4E9", "#E69F00", "#F0E442"
_PROMPT_WORDS = {"mode5": "one box", "mode1": "one point"}


def choose(objects: pd.DataFrame, tasks: Sequence[str]) -> list[str]:
    """The objects shown: of each of the first four tasks the one of median area.

    With a single task its objects at the lower quartile, the median and the upper quartile of the area instead.
    Objects are ordered by area, then by name; the lower of two middle ones is taken.
    """
    ranked = objects.sort_values(["area", "object_id"], kind="stable")
    present = [task for task in tasks if (ranked["task"] == task).any()][:LIMIT]
    shares = [0.25, 0.5, 0.75] if len(present) == 1 else [0.5]
    chosen = []
    for task in present:
        names = ranked.loc[ranked["task"] == task, "object_id"].tolist()
        chosen += [names[int((len(names) - 1) * share)] for share in shares]
    return list(dict.fromkeys(chosen))


def _rows_of(path: str | Path, names: Sequence[str], columns: list[str]) -> list[dict[str, Any]]:
    keep = [("object_id", "in", list(names)), ("mode", "in", list(_PROMPT_WORDS))]
    return pq.read_table(path, columns=columns, filters=keep).to_pylist()


def _method_of(path: Path) -> str:
    """Prediction and score files lie in a folder of the method's name."""
    return path.parent.name


def masks_and_scores(
    predictions: Sequence[Path], scores: Sequence[Path], names: Sequence[str]
) -> dict[str, tuple[str, dict[str, tuple[np.ndarray, float]]]]:
    """For each method the mode shown, and by object its mask (h, w) bool and the IoU that was scored for it.

    The mode is 5 (one box) if the method takes boxes, else 1 (one point); the mask is the first candidate.
    """
    scored: dict[tuple[str, str, str], float] = {}
    for path in scores:
        for row in _rows_of(path, names, ["object_id", "mode", "selection", "iou", "status"]):
            if row["status"] == "ok" and row["selection"] == "first":
                scored[_method_of(path), row["mode"], row["object_id"]] = row["iou"]
    shown = {}
    for path in predictions:
        method = _method_of(path)
        mode = "mode5" if any(key[:2] == (method, "mode5") for key in scored) else "mode1"
        rows = _rows_of(path, names, ["object_id", "mode", "candidate", "rle"])
        codes = {row["object_id"]: row["rle"] for row in rows if row["mode"] == mode and row["candidate"] == 0}
        shown[method] = (
            mode,
            {
                name: (decode(code), scored[method, mode, name])
                for name, code in codes.items()
                if code is not None and (method, mode, name) in scored
            },
        )
    return shown


def window(box: tuple[int, int, int, int], shape: tuple[int, int], spacing: tuple[float, float]) -> tuple[float, ...]:
    """(left, right, bottom, top) of the part shown: a square in mm around the object, 2.5 times its longer side.

    It is at least 40 % of the image's shorter side and never leaves the image further than it must.
    """
    size = np.array(shape) * spacing
    low, high = np.array([box[1], box[0]]) * spacing, np.array([box[3] + 1, box[2] + 1]) * spacing
    side = min(max(2.5 * (high - low).max(), 0.4 * size.min()), size.max())
    start = (low + high) / 2 - side / 2
    for axis in range(2):
        room = size[axis] - side
        start[axis] = np.clip(start[axis], 0, room) if room > 0 else room / 2
    top, left = start / spacing - 0.5
    bottom, right = (start + side) / spacing - 0.5
    return float(left), float(right), float(bottom), float(top)


def _outline(axis: Axes, mask: np.ndarray, colour: str) -> None:
    padded = np.pad(mask, 1).astype(float)
    rows, columns = np.arange(-1, mask.shape[0] + 1), np.arange(-1, mask.shape[1] + 1)
    axis.contour(columns, rows, padded, levels=[0.5], colors=[colour], linewidths=0.8)


def _show(axis: Axes, image: LabelledImage, view: tuple[float, ...], spacing: tuple[float, float]) -> None:
    axis.imshow(image.pixels, aspect=spacing[0] / spacing[1], interpolation="nearest")
    axis.set_xlim(view[0], view[1])
    axis.set_ylim(view[2], view[3])
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_facecolor("black")


def examples_figure(
    images: str | Path,
    objects: str | Path,
    prompts: str | Path,
    predictions: Sequence[Path],
    scores: Sequence[Path],
    tasks: Mapping[str, Sequence[int]],
    looks: Mapping[str, style.Look],
    dataset: Mapping[str, Any],
) -> Figure:
    """A row for each chosen object; the image with truth and prompts, then a panel for each method.

    Args:
        predictions, scores: files of the methods, each in a folder of the method's name.
        tasks: task -> label values that form the object.
        looks: see `style.method_looks`; panels are in this order.
        dataset: {title, truth, licence}, shown in the title.
    """
    title = f"{dataset['title']}. Truth: {dataset['truth']}. Licence: {dataset['licence']}"
    table = read_table(objects, OBJECTS)
    names = choose(table, list(tasks))
    if not names:
        return style.message(title, "No image of this dataset holds an object of its tasks.")
    style.use()
    items = table.set_index("object_id").loc[names]
    pictures = {image.image_id: image for image in read_images(images, set(items["image_id"]))}
    given = {
        (row["object_id"], row["mode"]): row
        for row in _rows_of(prompts, names, ["object_id", "mode", "points", "boxes"])
    }
    shown = masks_and_scores(predictions, scores, names)
    methods = [name for name in looks if name in shown]
    across = 1 + len(methods)
    panel = max(0.9, min(1.5, style.PAGE / across))
    width = max(style.COLUMN, panel * across + 0.25)
    words = style.wrap(title, int(19 * width))
    height = panel * len(names) + 0.7 + 0.12 * words.count("\n")
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01)  # type: ignore[union-attr, call-arg]
    figure.suptitle(words, fontsize=6.5)
    grid = figure.subplots(len(names), across, squeeze=False)
    for axes, item in zip(grid, items.itertuples(), strict=True):
        image = pictures[item.image_id]
        truth = object_mask(image.labels, tasks[item.task])
        spacing = image.spacing or (1.0, 1.0)
        view = window((item.bbox_x0, item.bbox_y0, item.bbox_x1, item.bbox_y1), truth.shape, spacing)
        for axis in axes:
            _show(axis, image, view, spacing)
        _outline(axes[0], truth, TRUTH)
        for x, y in given.get((item.Index, "mode1"), {}).get("points") or []:
            axes[0].plot(x, y, "*", color=POINT, markeredgecolor="black", markeredgewidth=0.4, markersize=6)
        for x0, y0, x1, y1 in given.get((item.Index, "mode5"), {}).get("boxes") or []:
            corner, sides = (x0 - 0.5, y0 - 0.5), (x1 - x0 + 1, y1 - y0 + 1)
            axes[0].add_patch(
                Rectangle(corner, *sides, fill=False, edgecolor=POINT, linestyle="--", linewidth=0.8, zorder=3)
            )
        axes[0].set_ylabel(f"{style.wrap(item.task.replace('_', ' '), 16)}\n{item.image_id[-22:]}", fontsize=6)
        for axis, method in zip(axes[1:], methods, strict=True):
            _result(axis, shown[method][1].get(item.Index), truth)
            for spine in axis.spines.values():
                spine.set(visible=True, color=looks[method].colour, linewidth=1.4)
    grid[0][0].set_title("truth, box\nand point", fontsize=6.5)
    for axis, method in zip(grid[0][1:], methods, strict=True):
        heading = f"{style.wrap(looks[method].title, 15)}\n({_PROMPT_WORDS[shown[method][0]]})"
        axis.set_title(heading, fontsize=6.5)
    legend = "Blue: outline of the truth. Orange: first mask of the method. Number: IoU. Cropped around each object."
    figure.supxlabel(style.wrap(legend, int(24 * width)), fontsize=5.5, color=style.GREY)
    return figure


def _result(axis: Axes, result: tuple[np.ndarray, float] | None, truth: np.ndarray) -> None:
    """One method's mask over the image, with the outline of the truth and the IoU; n/a where there is none."""
    words = "n/a"
    if result is not None:
        mask, iou = result
        words = f"{iou:.2f}"
        overlay = np.zeros((*mask.shape, 4))
        overlay[mask] = to_rgba(MASK, 0.5)
        axis.imshow(overlay, aspect=axis.get_aspect(), interpolation="nearest")
        _outline(axis, truth, TRUTH)
    box = {"facecolor": "black", "alpha": 0.65, "linewidth": 0, "pad": 1.2}
    axis.text(0.04, 0.96, words, fontsize=6, color="white", va="top", bbox=box, transform=axis.transAxes)
