"""What a miniature archive is, and the pictures that the pipeline has to make of it, worked out without its code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Limits = tuple[float, float]
SHAPE = (14, 11, 7)  # columns, rows, slices: no two sides are equal


@dataclass(frozen=True)
class Picture:
    """One image that the pipeline has to make.

    Attributes:
        labels: (h, w) label map, upright.
        patient: becomes `case_id`.
        spacing: (y, x) in mm, or None where the files do not say.
        pixels: (h, w) or (h, w, 3) uint8.
        tolerance: by how many grey levels pixels may differ.
    """

    labels: np.ndarray
    patient: str
    spacing: tuple[float, float] | None
    pixels: np.ndarray
    tolerance: int = 1


@dataclass(frozen=True)
class Miniature:
    """The files of one dataset in its published layout, and what has to come out.

    Attributes:
        served: file name to content, in the order of the dataset's sources of kind http.
        dropped: what is put by hand into results/raw/<dataset>/, by relative name.
        pictures: image_id to picture; with `per_case`, the ones that may be drawn.
        failed: name of a case to words that its status has to hold, apart by colons; its files are damaged.
        per_case: at most so many pictures of a patient.
    """

    served: Mapping[str, bytes] = field(default_factory=dict)
    dropped: Mapping[str, bytes] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    per_case: int | None = None

    def write(self, folder: Path) -> None:
        """Write all files, each where the dataset's publisher has it."""
        for name, content in {**self.served, **self.dropped}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def counts(self) -> dict[str, int]:
        """How many pictures each patient gives."""
        patients = [picture.patient for picture in self.pictures.values()]
        most = self.per_case or len(patients)
        return {patient: min(patients.count(patient), most) for patient in patients}


def ramp(shape: Sequence[int], low: float, high: float) -> np.ndarray:
    """Values that rise along every axis by another step: any turn, flip or shift of the array shows."""
    axes = np.meshgrid(*(np.linspace(0, 1, size) for size in shape), indexing="ij")
    weights = (5, 3, 2)[: len(shape)]
    mixed = np.average(axes, axis=0, weights=weights)
    return low + (high - low) * mixed


def blocks(shape: Sequence[int] = SHAPE, values: Sequence[int] = (1,)) -> np.ndarray:
    """(columns, rows, slices) uint8: beside one another a block of each value.

    No slice equals another one, nor itself turned or flipped: the blocks differ in height from slice to slice and lack
    their upper left pixel. The first slice and the last one are empty.
    """
    columns, rows, slices = shape
    labels = np.zeros(shape, np.uint8)
    width = (columns - 2) // len(values)
    for place, value in enumerate(values):
        left = 1 + place * width
        for index in range(1, slices - 1):
            labels[left : left + width - (width > 2), 1 : 3 + (index + place) % (rows - 3), index] = value
            labels[left, 1, index] = 0
    return labels


def shown(values: np.ndarray, limits: Limits) -> np.ndarray:
    """The study's 8-bit picture: cut at the limits, shifted to 0, its own maximum becomes 255."""
    low, high = limits
    cut = np.clip(values.astype(float), low, high) - low
    return (cut / cut.max() * 255).astype(np.uint8)


def percentiles(values: np.ndarray, low: float = 0.5, high: float = 99.5) -> Limits:
    """Limits that hold the values between two percentiles of the volume."""
    least, most = np.percentile(values, [low, high])
    return float(least), float(most)


def pictures(
    case: str,
    values: np.ndarray,
    labels: np.ndarray,
    steps: Sequence[float],
    limits: Limits | Sequence[Limits],
    *,
    patient: str | None = None,
    every: int = 1,
    ignored: Sequence[int] = (),
) -> dict[str, Picture]:
    """The pictures of a volume: every n-th slice that holds an object.

    Args:
        values: (columns, rows, slices), or (columns, rows, slices, 3) with limits for each of the three.
        labels: (columns, rows, slices).
        steps: mm along columns, rows and slices.
        ignored: label values that no task wants.
    """
    found: dict[str, Picture] = {}
    for index in range(0, labels.shape[2], every):
        marked = labels[:, :, index].T
        if not (np.isin(marked, (0, *ignored), invert=True)).any():
            continue
        if values.ndim == 4:
            channels = [
                shown(values[:, :, index, channel].T, own)  # type: ignore[arg-type]
                for channel, own in enumerate(limits)
            ]
            pixels = np.stack(channels, axis=2)
        else:
            pixels = shown(values[:, :, index].T, limits)  # type: ignore[arg-type]
        found[f"{case}_z{index:03d}"] = Picture(marked, patient or case, (steps[1], steps[0]), pixels)
    return found


def affine_of(steps: Sequence[float], origin: Sequence[float] = (30.0, 20.0, -50.0)) -> np.ndarray:
    """Voxel to RAS coordinates of an upright volume: columns to the left, rows to posterior, slices upwards."""
    affine = np.diag([-steps[0], -steps[1], steps[2], 1.0])
    affine[:3, 3] = origin
    return affine


def stored(
    array: np.ndarray, affine: np.ndarray, order: Sequence[int] = (0, 1, 2), flips: Sequence[int] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """The same volume with its axes in another order and some of them reversed; each voxel stays in its place."""
    array = array.transpose(*order, *range(3, array.ndim))
    affine = affine[:, [*order, 3]].copy()
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
        affine[:3, axis] *= -1
        array = np.flip(array, axis)
    return np.ascontiguousarray(array), affine
