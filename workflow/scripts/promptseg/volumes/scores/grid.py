"""Where the voxels of a volume lie, and in which unit its distances are told."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from promptseg.score.compared import Tolerance
from promptseg.volumes.data.geometry import Geometry


@dataclass(frozen=True)
class Grid:
    """The grid of a volume. Nothing is ever resampled: slices lie where they lie.

    Distances are in mm, or in voxels where one of the three spacings is unknown.

    Attributes:
        shape: (slices, rows, columns).
        geometry: of the volume.
    """

    shape: tuple[int, int, int]
    geometry: Geometry

    @cached_property
    def spacing(self) -> tuple[float, float, float] | None:
        """(z, y, x) in mm, along z the median; None where one of them is unknown."""
        z, y, x = self.geometry.spacing
        return None if z is None or y is None or x is None else (z, y, x)

    @property
    def unit(self) -> str:
        """Of distances: `mm` or `voxels`."""
        return "mm" if self.spacing else "voxels"

    def tolerance(self, tolerance: Tolerance) -> float:
        """The one in the unit of distances."""
        return tolerance.mm if self.spacing else tolerance.px

    @cached_property
    def uneven(self) -> bool:
        """Whether slices are not equally far apart, so that distances take their own positions."""
        return self.spacing is not None and self.geometry.uniform is False

    @cached_property
    def depths(self) -> np.ndarray:
        """(d,) where each slice lies, in `steps[0]`."""
        return np.array(self.geometry.positions) if self.uneven else np.arange(self.shape[0], dtype=float)

    @cached_property
    def steps(self) -> np.ndarray:
        """(3,) what one step along z, y, x is in the unit of distances."""
        z, y, x = self.spacing or (1.0, 1.0, 1.0)
        return np.array([1.0 if self.uneven else z, y, x])

    @cached_property
    def gaps(self) -> np.ndarray:
        """(d + 1,) from each slice to the one before it in the unit of distances, and from the last one to the next.

        Beyond an end a slice would lie as far outwards as its neighbour lies inwards.
        """
        if not self.uneven:
            return np.full(self.shape[0] + 1, self.steps[0])
        between = np.diff(self.depths)
        return np.concatenate([between[:1], between, between[-1:]])

    @property
    def diagonal(self) -> float:
        """Of the volume, in the unit of distances: the worst distance possible in it."""
        depth = float(np.mean([self.gaps[1:], self.gaps[:-1]], axis=0).sum())
        _, height, width = self.shape
        return float(np.linalg.norm([depth, height * self.steps[1], width * self.steps[2]]))

    def along(self, a: int, b: int) -> float | None:
        """From slice `a` to slice `b` in mm, never negative; None where nobody knows how far apart slices are."""
        z = self.geometry.spacing[0]
        if z is None or self.geometry.positions is None:
            return None
        positions = self.geometry.positions
        return abs(positions[b] - positions[a]) if self.geometry.uniform is False else abs(b - a) * z

    def millilitres(self, areas: np.ndarray) -> float | None:
        """Volume of a mask with so many pixels in each slice, (d,); None where a spacing is unknown."""
        found = np.flatnonzero(areas)
        return self.geometry.millilitres(dict(zip(found.tolist(), areas[found].tolist(), strict=True)))
