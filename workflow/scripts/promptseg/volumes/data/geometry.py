"""Where the slices of a volume lie: distances in mm, positions along the slice axis, the affine of the grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from promptseg.preprocess.grids import Volume

# Of a step: slices whose distances differ by more are not equally far apart. Positions in DICOM headers are often
# rounded to a hundredth of a millimetre.
_EVEN = 0.02


@dataclass(frozen=True)
class Geometry:
    """The grid of a volume as it is stored in slices.

    Attributes:
        spacing: (z, y, x) in mm, None for an axis that is not known; along z the median distance of slices.
        positions: of each slice along the axis in mm, the first at 0; None where the distances are not known.
        uniform: whether all slices are equally far apart; None where the distances are not known.
        affine: 4 x 4, (x, y, z, 1) to RAS in mm, with the mean distance of slices; None where it is not known.
    """

    spacing: tuple[float | None, float | None, float | None]
    positions: tuple[float, ...] | None
    uniform: bool | None
    affine: np.ndarray | None

    @classmethod
    def of(cls, stored: Volume, turned: Volume) -> "Geometry":
        """That of a volume that was turned (`grids.reorient`).

        Args:
            stored: as it was read, with the planes of a DICOM series.
        """
        x, y, z = (_known(step) for step in turned.spacing or (np.nan,) * 3)
        places = _places(stored, turned)
        if places is not None:
            steps = np.diff(places)
            usual = float(np.median(steps))
            if steps.max() - steps.min() > _EVEN * usual:
                return cls((usual, y, x), tuple(places.tolist()), False, turned.affine)
        if z is None:
            return cls((None, y, x), None, None, turned.affine)
        return cls((z, y, x), tuple((z * np.arange(turned.shape[2])).tolist()), True, turned.affine)

    @cached_property
    def thickness(self) -> np.ndarray | None:
        """Of each slice in mm: half of the way to the slice before it and half of that to the slice after it.

        An outermost slice reaches as far outwards as inwards.
        """
        if self.positions is None:
            return None
        if self.uniform:
            return np.full(len(self.positions), self.spacing[0])
        steps = np.diff(self.positions)
        return (np.append(steps[:1], steps) + np.append(steps, steps[-1:])) / 2

    def length(self, first: int, last: int) -> float | None:
        """From slice `first` to slice `last` in mm, and one slice more."""
        if self.positions is None or self.spacing[0] is None:
            return None
        return self.positions[last] - self.positions[first] + self.spacing[0]

    def millilitres(self, areas: Mapping[int, int]) -> float | None:
        """The volume of a mask with so many pixels in the slices of these numbers; None where a spacing is unknown.

        Slices that are shifted against each other, as by a tilted gantry, lie closer than their first pixels.
        """
        _, y, x = self.spacing
        if self.thickness is None or y is None or x is None:
            return None
        upright = 1.0
        if self.affine is not None:
            axes = self.affine[:3, :3]
            upright = abs(np.linalg.det(axes / np.linalg.norm(axes, axis=0)))
        millimetres = sum(area * self.thickness[z] for z, area in areas.items())
        return float(millimetres * y * x * upright / 1000)


def _known(step: float) -> float | None:
    return float(step) if np.isfinite(step) and step > 0 else None


def _places(stored: Volume, turned: Volume) -> np.ndarray | None:
    """Where each slice of the turned volume lies, if its slices are those of a DICOM series; the first at 0."""
    positions = [plane.position for plane in stored.planes if plane.position is not None]
    if stored.affine is None or turned.affine is None or len(positions) != turned.shape[2] or len(positions) < 2:
        return None
    along, step = stored.affine[:3, 2], turned.affine[:3, 2]
    if not (np.array_equal(step, along) or np.array_equal(step, -along)):
        return None  # cut along another axis
    way = np.array(positions[-1]) - positions[0]
    places: np.ndarray = (np.array(positions) - positions[0]) @ (way / np.linalg.norm(way))
    return places if np.array_equal(step, along) else places[-1] - places[::-1]
