"""An object and one mask of it, side by side: volumes, or images as volumes of one slice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.geometry import Geometry
from promptseg.volumes.scores.comparison import Truth, VolumeComparison
from promptseg.volumes.scores.grid import Grid
from promptseg.volumes.scores.lesions import Labelled

Options: TypeAlias = Mapping[str, Any]

# An image is a volume of one slice. Nobody knows how thick it is; autoPET's volumes need a number.
THICKNESS_MM = 1.0


def plain_grid(shape: tuple[int, int, int], spacing: tuple[float, float, float] | None) -> Grid:
    """The grid of slices that are equally far apart.

    Args:
        shape: (slices, rows, columns).
        spacing: (z, y, x) in mm; None if it is not known.
    """
    if spacing is None:
        return Grid(shape, Geometry((None, None, None), None, None, None))
    z, y, x = spacing
    return Grid(shape, Geometry((z, y, x), tuple((z * np.arange(shape[0])).tolist()), True, None))


def image_grid(shape: tuple[int, int], spacing: tuple[float, float] | None) -> Grid:
    """The grid of an image of (rows, columns) and (y, x) in mm: one slice of `THICKNESS_MM`."""
    return plain_grid((1, *shape), spacing and (THICKNESS_MM, *spacing))


@dataclass(frozen=True)
class Subject:
    """An object; what all masks are compared with is computed once.

    Attributes:
        mask: of the object, perhaps empty.
        grid: of its volume.
    """

    mask: MaskStack
    grid: Grid
    _kept: dict[Any, Any] = field(default_factory=dict)

    def truth(self, tolerance_mm: float, spacing: str) -> Truth:
        """It, with the tolerance of NSD and its spacing `as_stored`, or `reversed`: handed over as (x, y, z)."""
        key = "truth", tolerance_mm, spacing
        if key not in self._kept:
            known = self.grid.spacing
            turned = spacing == "reversed" and known is not None
            grid = plain_grid(self.grid.shape, known[::-1]) if turned and known else self.grid
            self._kept[key] = Truth(self.mask, grid, Tolerance(tolerance_mm, tolerance_mm))
        return self._kept[key]

    def labelled(self, connectivity: int) -> Labelled:
        """Its components with 6, 18 or 26 neighbours."""
        if connectivity not in self._kept:
            self._kept[connectivity] = Labelled(self.mask, connectivity)
        return self._kept[connectivity]


class Pair:
    """A mask of an object beside the object.

    Args:
        mask: the prediction, perhaps empty.
        prompted: slices that were shown at first, in order.
    """

    def __init__(self, mask: MaskStack, subject: Subject, prompted: tuple[int, ...] = ()):
        self.mask, self.subject, self.prompted = mask, subject, prompted
        self._kept: dict[tuple[float, str], VolumeComparison] = {}
        plain = self.compared()
        self.areas, self.predicted_areas, self.common = plain.truth.areas, plain.by_slice, plain.common_by_slice

    def compared(self, tolerance_mm: float = 2.0, spacing: str = "as_stored") -> VolumeComparison:
        """Both, see `Subject.truth`."""
        key = tolerance_mm, spacing
        if key not in self._kept:
            self._kept[key] = VolumeComparison(self.mask, self.subject.truth(*key))
        return self._kept[key]

    def labelled(self, connectivity: int) -> tuple[Labelled, Labelled]:
        """Components of truth and prediction."""
        return self.subject.labelled(connectivity), Labelled(self.mask, connectivity)
