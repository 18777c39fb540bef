"""Segment everything: all masks of an image, and the one that fits each object best."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.core.vocabulary import EVERYTHING
from promptseg.figures import pictures, recall, style
from promptseg.predict.tables import PROPOSALS
from promptseg.preprocess.tables import OBJECTS

_STEP = 0.381966  # of the golden angle: neighbours in the order of size differ in hue
_LEGEND = (
    "Blue: outline of the truth. Colours tell masks apart, nothing else. Orange: the mask that fits best, cropped "
    "around the object. Numbers: masks of the image, IoU."
)


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


def draw(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look]) -> Figure:
    """A row for each chosen object: image with truth, then for each method all masks and the best match.

    Args:
        files: all but prompts and ambiguity.
        dataset: {title, truth, licence, tasks: task -> label values that form the object}.
        looks: see `style.method_looks`; columns are in this order.
    """
    title, table = pictures.about(dataset), read_table(files.objects, OBJECTS)
    names = pictures.choose(table, dataset["tasks"])
    if not names:
        return style.message(title, pictures.NOTHING)
    scored = {
        method: {row["object_id"]: row["iou"] for row in rows if row["status"] == "ok"}
        for method, path in pictures.by_method(files.scores).items()
        for rows in [pictures.rows_of(path, names, ["object_id", "iou", "status"], [EVERYTHING])]
    }
    methods = [name for name in looks if scored.get(name)]
    if not methods:
        return style.message(title, recall.NOTHING)
    examples = pictures.load(files.images, table, dataset["tasks"], names)
    image_ids = sorted({example.image.image_id for example in examples.values()})
    masks = {name: _all_masks(path, image_ids) for name, path in pictures.by_method(files.everything).items()}
    best = {
        method: {row["object_id"]: decode(row["rle"]) for row in rows if row["rle"]}
        for method, path in pictures.by_method(files.predictions).items()
        for rows in [pictures.rows_of(path, names, ["object_id", "rle"], [EVERYTHING])]
    }
    headings = [text for name in methods for text in (f"{style.wrap(looks[name].title, 15)}\nall masks", "best match")]
    figure, grid = pictures.grid(len(names), title, _LEGEND, ["truth", *headings])
    for axes, example in zip(grid, examples.values(), strict=True):
        view = pictures.whole(example.truth.shape, example.spacing)
        for axis in (axes[0], *axes[1::2]):
            pictures.show(axis, example, view)
        pictures.outline(axes[0], example.truth)
        pictures.label(axes[0], example)
        for method, every, match in zip(methods, axes[1::2], axes[2::2], strict=True):
            found = masks[method][example.image.image_id]
            every.imshow(layer(found, example.truth.shape), aspect=every.get_aspect(), interpolation="nearest")
            pictures.note(every, f"{len(found)} mask{'s' if len(found) != 1 else ''}")
            pictures.show(match, example)
            name, iou = example.object_id, scored[method].get(example.object_id)
            pictures.result(match, best[method].get(name), example.truth, "" if iou is None else f"{iou:.2f}")
            for axis in (every, match):
                pictures.frame(axis, looks[method])
    return figure
