"""Where the voxels of a volume lie, and in which unit its distances are told."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from promptseg.score.surfaces import Tolerance


@dataclass(frozen=True)
class Grid:
    """The grid of a volume. Nothing is ever resampled: slices lie where they lie.

    Attributes:
        shape: (slices, rows, columns).
        spacing: (z, y, x) in mm, along z the median; None where one of them is unknown: distances are then in voxels.
        positions: of each slice along the axis in mm; None where all slices are equally far apart, or nobody knows.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float] | None
    positions: tuple[float, ...] | None = None

    @property
    def unit(self) -> str:
        """Of distances: `mm` or `voxels`."""
        return "mm" if self.spacing else "voxels"

    def tolerance(self, tolerance: Tolerance) -> float:
        """The one in the unit of distances."""
        return tolerance.mm if self.spacing else tolerance.px

    @property
    def uneven(self) -> bool:
        """Whether distances take the slices' own positions."""
        return self.spacing is not None and self.positions is not None

    @cached_property
    def depths(self) -> np.ndarray:
        """(d,) of each slice, in `steps[0]`."""
        return np.array(self.positions) if self.uneven else np.arange(self.shape[0], dtype=float)

    @cached_property
    def steps(self) -> np.ndarray:
        """(3,) what one step along z, y, x is in the unit of distances."""
        steps = np.array(self.spacing or (1.0, 1.0, 1.0))
        return np.array([1.0, *steps[1:]]) if self.uneven else steps

    @cached_property
    def gaps(self) -> np.ndarray:
        """(d + 1,) from each slice to the one before it, in the unit of distances; an end is as far as its neighbour.

        The first is the gap before the first slice, the last that after the last one.
        """
        if not self.uneven or self.shape[0] == 1:
            return np.full(self.shape[0] + 1, self.spacing[0] if self.spacing else 1.0)
        between = np.diff(self.depths)
        return np.concatenate([between[:1], between, between[-1:]])

    @cached_property
    def thickness(self) -> np.ndarray:
        """(d,) of each slice in the unit of distances: half of the gap on either side."""
        return (self.gaps[:-1] + self.gaps[1:]) / 2

    def along(self, a: int, b: int) -> float:
        """From slice `a` to slice `b` in the unit of distances, never negative."""
        return float(abs(self.depths[b] - self.depths[a]) * self.steps[0])

    @property
    def diagonal(self) -> float:
        """Of the volume, in the unit of distances."""
        _, height, width = self.shape * self.steps
        return float(np.sqrt(self.thickness.sum() ** 2 + height**2 + width**2))

    def millilitres(self, areas: np.ndarray) -> float | None:
        """Volume of a mask with so many pixels in each slice, (d,); None where a spacing is unknown."""
        if self.spacing is None:
            return None
        return float((areas * self.thickness).sum() * self.spacing[1] * self.spacing[2] / 1000)
