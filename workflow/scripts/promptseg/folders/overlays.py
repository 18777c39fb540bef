"""A figure that shows for a few cases whether the masks lie on what they mark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from promptseg.config.cases import Case
from promptseg.figures import pictures, sheets, style
from promptseg.preprocess.case import read_image, read_marked, scaling
from promptseg.preprocess.evidence import Encodings
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.images import LabelledImage, object_mask
from promptseg.preprocess.rows import upright
from promptseg.preprocess.shown import shown_apart

CASES = 3
_COLOURS = (style.ORANGE, style.SKY, style.YELLOW, style.PINK, style.GREEN, style.VERMILION, style.TEAL, style.BLUE)


def draw(cases: Sequence[Case], files: Mapping[str, Path], entry: Mapping[str, Any], title: str) -> Figure:
    """A row for each case: the picture with the largest object as methods will see it, alone and with its masks.

    Args:
        cases: those to show.
        files: relative name -> path.
        entry: of the dataset, filled with defaults.
    """
    shown = list(entry["tasks"].items())[: len(_COLOURS)]
    legend = "Left: as the methods see it. Right: with the masks. The slice with most of them is shown."
    if len(shown) < len(entry["tasks"]):
        legend += f" The first {len(shown)} of {len(entry['tasks'])} tasks."
    sheet = sheets.sheet(len(cases), 2, title, legend, lines=0, heads={0: ["image", "with masks"]})
    for row, (axes, case) in enumerate(zip(sheet.axes, cases, strict=True)):
        example = _largest(case, files, entry)
        for axis in axes:
            pictures.show(axis, example)
        for colour, (_, values) in zip(_COLOURS, shown, strict=False):
            mask = object_mask(example.image.labels, values)
            pictures.overlay(axes[1], mask, colour, 0.4)
            pictures.outline(axes[1], mask, colour)
        sheet.beside(row, [example.image.image_id])
    handles = [Patch(color=colour, label=task) for colour, (task, _) in zip(_COLOURS, shown, strict=False)]
    figure = sheet.finished()
    figure.legend(handles=handles, loc="outside right upper", fontsize=6, frameon=False)
    return figure


def _largest(case: Case, files: Mapping[str, Path], entry: Mapping[str, Any]) -> pictures.Example:
    """The picture of a case in which most pixels are marked."""
    paths = shown_apart({name: files[name] for name in case.names})
    stored = read_image(case, paths, entry)
    marked = read_marked(case, paths, entry, Encodings.of(entry, {}), stored)
    volume, labels = reorient(stored, entry["axis"]), reorient(marked, entry["axis"]).array
    index = int(np.argmax([np.count_nonzero(labels[:, :, slice_]) for slice_ in range(labels.shape[2])]))
    pixels = scaling(volume, entry["intensity"])(volume.picture(index))
    pixels = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
    name = case.name if volume.planar else f"{case.name}_z{index:03d}"
    image = LabelledImage(name, case.patient, pixels, upright(labels, index), volume.pixel_spacing)
    spacing = image.spacing or (1.0, 1.0)
    return pictures.Example(name, "", image, image.labels > 0, spacing, pictures.whole(image.labels.shape, spacing))
