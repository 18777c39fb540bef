"""Segment everything: all masks of an image, and the one that fits each object best."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.core.masks import decode
from promptseg.core.tables import read_csv, read_table
from promptseg.figures import dots, pictures, style
from promptseg.figures.examples import about
from promptseg.predict.tables import PROPOSALS
from promptseg.preprocess.tables import OBJECTS

MODE = "everything"
NOTHING = "No method of this run segments everything."
_PANELS = [
    dots.Panel("Best match", "IoU", {"iou": None}),
    dots.Panel(
        "Objects found", "share of objects",
        {
            "recall50": style.Look("IoU 0.50", "#56B4E9", "o"),
            "recall75": style.Look("IoU 0.75", "#E69F00", "s"),
            "recall90": style.Look("IoU 0.90", "#882255", "D"),
        },
    ),
    dots.Panel("Masks of an image", "mean number", {"masks_per_image": None}, "count"),
]  # fmt: skip
_STEP = 0.381966  # of the golden angle: neighbours in the order of size differ in hue


def layer(masks: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """(h, w, 4) float64 RGBA: masks (h, w) bool over one another, the largest below, each with a firm edge."""
    image = np.zeros((*shape, 4))
    for index, mask in enumerate(sorted(masks, key=np.sum, reverse=True)):
        colour = colormaps["hsv"]((index * _STEP) % 1)
        inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
        image[mask] = (*colour[:3], 0.35)
        image[mask & ~inner] = (*colour[:3], 0.95)
    return image


def _all_masks(path: Path, images: Sequence[str]) -> dict[str, list[np.ndarray]]:
    rows = read_table(path, PROPOSALS, ["image_id", "rle"], filters=[("image_id", "in", list(images))])
    found: dict[str, list[np.ndarray]] = {name: [] for name in images}
    for name, code in rows.itertuples(index=False):
        found[name].append(decode(code))
    return found


def everything_figure(
    images: str | Path,
    objects: str | Path,
    predictions: Sequence[Path],
    everything: Sequence[Path],
    scores: Sequence[Path],
    tasks: Mapping[str, Sequence[int]],
    looks: Mapping[str, style.Look],
    dataset: Mapping[str, Any],
) -> Figure:
    """A row for each chosen object: image with truth, then for each method all masks and the best match.

    Args:
        predictions, everything, scores: files of the methods, each in a folder of the method's name.
        tasks: task -> label values that form the object.
        looks: see `style.method_looks`; columns are in this order.
        dataset: {title, truth, licence}, shown in the title.
    """
    table = read_table(objects, OBJECTS)
    names = pictures.choose(table, tasks)
    if not names:
        return style.message(about(dataset), pictures.NOTHING)
    columns = ["object_id", "iou", "status"]
    scored = {
        pictures.method_of(path): {
            row["object_id"]: row["iou"]
            for row in pictures.rows_of(path, names, columns, [MODE])
            if row["status"] == "ok"
        }
        for path in scores
    }
    methods = [name for name in looks if scored.get(name)]
    if not methods:
        return style.message(about(dataset), NOTHING)
    items = pictures.load(images, table, tasks, names)
    image_ids = sorted({item.image.image_id for item in items.values()})
    masks = {pictures.method_of(path): _all_masks(path, image_ids) for path in everything}
    best = {
        pictures.method_of(path): {
            row["object_id"]: decode(row["rle"])
            for row in pictures.rows_of(path, names, ["object_id", "rle"], [MODE])
            if row["rle"]
        }
        for path in predictions
    }
    headings = [text for name in methods for text in (f"{style.wrap(looks[name].title, 15)}\nall masks", "best match")]
    figure, grid = pictures.grid(
        len(names), 1 + 2 * len(methods), about(dataset),
        "Blue: outline of the truth. Colours tell masks apart, nothing else. Orange: the mask that fits best, "
        "cropped around the object. Numbers: masks of the image, IoU.",
        ["truth", *headings],
    )  # fmt: skip
    for axes, item in zip(grid, items.values(), strict=True):
        view = pictures.whole(item.truth.shape, item.spacing)
        for axis in (axes[0], *axes[1::2]):
            pictures.show(axis, item, view)
        pictures.outline(axes[0], item.truth)
        axes[0].set_ylabel(f"{style.wrap(item.task.replace('_', ' '), 16)}\n{item.image.image_id[-22:]}", fontsize=6)
        for method, every, match in zip(methods, axes[1::2], axes[2::2], strict=True):
            found = masks[method][item.image.image_id]
            every.imshow(layer(found, item.truth.shape), aspect=every.get_aspect(), interpolation="nearest")
            pictures.note(every, f"{len(found)} mask{'s' if len(found) != 1 else ''}")
            pictures.show(match, item)
            iou = scored[method].get(item.object_id)
            pictures.result(match, best[method].get(item.object_id), item.truth, "" if iou is None else f"{iou:.2f}")
            for axis in (every, match):
                pictures.frame(axis, looks[method])
    return figure


def recall_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> Figure:
    """How well the masks of everything hold the objects: a row for each method.

    Args:
        rows: columns method, iou, recall50, recall75, recall90, masks_per_image, and their intervals as {column}_ci_low
            and {column}_ci_high.
        looks: see `style.method_looks`; rows are in this order.
    """
    title = "Segment everything: objects among the masks, means over tasks"
    order = [name for name in looks if name in set(rows["method"])]
    if not order:
        return style.message(title, NOTHING)
    rows = rows.set_index("method").loc[order]
    own = [looks[name] for name in order]
    return dots.dots_figure(rows, [look.title for look in own], own, [False] * len(order), _PANELS, title)


def draw_recall(everything: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure over all tasks from `everything.csv`; methods as for `style.method_looks`."""
    rows = read_csv(everything, EVERYTHING_MEANS)
    rows = rows.rename(columns={"ci_low": "iou_ci_low", "ci_high": "iou_ci_high"})
    return recall_figure(rows[rows["level"] == "all"], style.method_looks(methods))
