"""Segment everything: all masks of an image, and the one that fits each object best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.core.titles import plain
from promptseg.core.vocabulary import EVERYTHING
from promptseg.figures import pictures, recall, sheets, style
from promptseg.predict.tables import PROPOSALS
from promptseg.preprocess.tables import OBJECTS

_STEP = 0.381966  # of the golden angle: neighbours in the order of size differ in hue
_ACROSS = 7  # panels in a row: the truth and three methods
_LEGEND = (
    "Blue: outline of the truth. Colours tell masks apart, nothing else. Orange: the mask that fits best, cropped "
    "around the object, with its IoU."
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


@dataclass(frozen=True)
class _Found:
    """What a method found: all masks by image, the best match and its IoU by object."""

    every: Mapping[str, Sequence[np.ndarray]]
    best: Mapping[str, np.ndarray]
    iou: Mapping[str, float]

    @classmethod
    def of(cls, files: pictures.Files, method: str, examples: Mapping[str, pictures.Example]) -> "_Found":
        """Of some objects and their images."""
        images = sorted({example.image.image_id for example in examples.values()})
        every: dict[str, list[np.ndarray]] = {image: [] for image in images}
        rows = read_table(
            pictures.by_method(files.everything)[method], PROPOSALS, ["image_id", "rle"],
            filters=[("image_id", "in", images)],
        )  # fmt: skip
        for image, code in rows.itertuples(index=False):
            every[image].append(decode(code))
        matched, scored = (
            pictures.rows_of(of[method], examples, ["object_id", column, "status"], [EVERYTHING])
            if method in (of := pictures.by_method(paths))
            else []
            for paths, column in ((files.predictions, "rle"), (files.scores, "iou"))
        )
        best = {row["object_id"]: decode(row["rle"]) for row in matched if row["rle"]}
        return cls(every, best, {row["object_id"]: row["iou"] for row in scored if row["status"] == "ok"})

    def draw(
        self, sheet: sheets.Sheet, axes: tuple[Axes, Axes], example: pictures.Example, view: tuple[float, ...]
    ) -> None:
        """All masks over the whole image, and the best match around the object."""
        every, match = axes
        found, iou = self.every[example.image.image_id], self.iou.get(example.object_id)
        pictures.show(every, example, view)
        every.imshow(layer(found, example.truth.shape), aspect=every.get_aspect(), interpolation="nearest")
        sheet.below(every, f"{len(found)} {style.words('mask' if len(found) == 1 else 'masks')}")
        pictures.show(match, example)
        mask = self.best.get(example.object_id) if iou is not None else None
        pictures.result(match, mask, example.truth)
        sheet.below(match, style.words("no mask") if mask is None else f"{iou:.2f}")


def draw(files: pictures.Files, dataset: Mapping[str, Any], looks: Mapping[str, style.Look]) -> Figure:
    """A row for each chosen object: image with truth, then for each method all masks and the best match.

    Methods that have no room in a row go on in further rows of the same objects.

    Args:
        files: all but prompts and ambiguity.
        dataset: {title, tasks: task -> label values that form the object}.
        looks: see `style.method_looks`; columns are in this order.
    """
    title = style.words("{dataset}: all masks of an image without a prompt", dataset=dataset["title"])
    table, scores = read_table(files.objects, OBJECTS), pictures.by_method(files.scores)
    methods = [name for name in looks if name in scores and EVERYTHING in pictures.modes_taken(scores[name])]
    if not methods:
        return style.message(title, style.words(recall.NOTHING))
    blocks = sheets.parts(methods, max(1, (sheets.across(_ACROSS) - 1) // 2))
    columns = 1 + 2 * max(len(part) for part in blocks)
    room = sheets.rows_that_fit(columns, 1, heads=len(blocks))
    left, blocks = sum(len(part) for part in blocks[room:]), blocks[:room]
    names = pictures.choose(table, dataset["tasks"], room // len(blocks))
    if not names:
        return style.message(title, style.words(pictures.NOTHING))
    examples = pictures.load(files.images, table, dataset["tasks"], names)
    shown = {name: _Found.of(files, name, examples) for part in blocks for name in part}
    heads = {
        place * len(names): [
            style.words("truth"),
            *(text for name in part for text in (f"{looks[name].title}: {style.words('all masks')}",
                                                 style.words("best match"))),
        ]
        for place, part in enumerate(blocks)
    }  # fmt: skip
    legend = style.words(_LEGEND) + sheets.left_out(left, *sheets.WITHOUT_METHOD)
    sheet = sheets.sheet(len(blocks) * len(names), columns, title, legend, heads=heads)
    for row, (part, name) in enumerate((part, name) for part in blocks for name in names):
        axes, example = sheet.axes[row], examples[name]
        sheet.beside(row, [plain(example.task), example.image.image_id])
        view = pictures.whole(example.truth.shape, example.spacing)
        pictures.show(axes[0], example, view)
        pictures.outline(axes[0], example.truth)
        for method, every, match in zip(part, axes[1::2], axes[2::2], strict=False):
            shown[method].draw(sheet, (every, match), example, view)
            for axis in (every, match):
                sheets.frame(axis, looks[method])
        sheet.leave_out(axes[1 + 2 * len(part) :])
    return sheet.finished()
