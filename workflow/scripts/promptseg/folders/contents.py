"""What the files of a sample of cases hold, read as the pipeline reads them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.config.cases import Case
from promptseg.config.formats import suffix_of
from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.folders.layouts import Layout
from promptseg.preprocess.case import read_image, read_marked
from promptseg.preprocess.evidence import Encodings
from promptseg.preprocess.grids import Volume, reorient, scaled
from promptseg.preprocess.shown import shown_apart

PICTURES, VOLUMES = 24, 6  # cases that are looked at
_ANY = {"cases": [], "axis": "axial", "intensity": {"kind": "none"}, "sampling": {}, "tasks": {}, "other_labels": "any"}


@dataclass
class Contents:
    """What was found.

    Attributes:
        cases: number of cases that have image and mask.
        looked: names of those that were read.
        values: label value -> in how many of them, and its mean share of their pixels.
        failures: case -> why it could not be read.
        shapes, types, spacings, formats: how often each occurs; shapes and spacings (in mm, rounded) along left to
            right, front to back, bottom to top where the files say how they lie, else as stored.
        low, high: smallest and largest intensity.
        coloured: number of images in colour.
        planar: whether all images are single pictures.
        places: whether any image says how it lies in the patient.
        full: cases whose mask is one value throughout.
    """

    cases: int
    looked: list[str] = field(default_factory=list)
    values: dict[int, tuple[int, float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    shapes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    spacings: Counter[tuple[float, ...]] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    low: float = np.inf
    high: float = -np.inf
    coloured: int = 0
    planar: bool = True
    places: bool = False
    full: list[str] = field(default_factory=list)


def look_at(cases: Sequence[Case], files: Mapping[str, Path], layout: Layout, extra: Mapping[str, Any]) -> Contents:
    """Read a sample of cases, evenly spread, with any label values.

    Args:
        cases: with image and mask.
        files: relative name -> path.
        extra: further keys of the entry, such as `channels`.
    """
    contents, entry = Contents(len(cases)), {**_ANY, "cases": layout.cases, **extra}
    first = spread(cases, PICTURES)
    for case in progress(first, len(first), "looking at", "case"):
        if not contents.planar and len(contents.looked) + len(contents.failures) >= VOLUMES:
            break
        paths = shown_apart({name: files[name] for name in case.names})
        try:
            image = read_image(case, paths, entry)
            labels = read_marked(case, paths, entry, Encodings.of(entry, {}), image).array
        except PromptsegError as error:
            contents.failures[case.name] = str(error)
            continue
        _note(contents, case, image, labels)
    return contents


def spread(cases: Sequence[Case], most: int) -> list[Case]:
    """At most so many of them, evenly spread, the first and the last included."""
    places = np.linspace(0, len(cases) - 1, min(most, len(cases))).round().astype(int)
    return [cases[place] for place in places]


def _note(contents: Contents, case: Case, image: Volume, labels: np.ndarray) -> None:
    image = reorient(image, "axial") if image.affine is not None else image
    contents.looked.append(case.name)
    contents.formats[suffix_of(case.image[0]) or "DICOM"] += 1
    contents.shapes[image.shape] += 1
    contents.types[str(image.array.dtype)] += 1
    contents.coloured += image.array.ndim == 4
    contents.planar &= image.planar
    contents.places |= image.affine is not None
    if image.spacing is not None and np.isfinite(image.spacing[: 2 if image.planar else 3]).all():
        contents.spacings[tuple(round(step, 3) for step in image.spacing[: 2 if image.planar else 3])] += 1
    values = image.array[np.isfinite(image.array)]
    if values.size:
        low, high = scaled(np.array([values.min(), values.max()], np.float64), image.scale)
        contents.low, contents.high = min(contents.low, float(low)), max(contents.high, float(high))
    numbers, counts = np.unique(labels, return_counts=True)
    if len(numbers) == 1 and numbers[0]:
        contents.full.append(case.name)
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        if number:
            times, share = contents.values.get(number, (0, 0.0))
            contents.values[number] = times + 1, share + (count / labels.size - share) / (times + 1)
