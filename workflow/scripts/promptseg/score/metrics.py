"""The metrics: an entry in METRICS is all that a new one needs.

Scores, means, intervals, the README of the tables, the tables for a paper and the report's page go through the list.

IoU and Dice count pixels. NSD (normalised surface Dice, Nikolov et al. 2021) and HD95 (95th percentile of the symmetric
surface distances) use the spacing of the image where it is known, so they are in mm; else in pixels. All four are
defined as in monai.metrics, with which the tests compare them. The truth is never empty; where the *prediction* is
empty, IoU, Dice and NSD are 0 and HD95 is the diagonal of the image, the worst distance possible in it: leaving such
cases out would flatter a method that finds nothing. (monai gives nan or infinity.) Two empty masks would score 1, 1, 1
and 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from promptseg.core.columns import IOU
from promptseg.core.tables import FLOAT, Column
from promptseg.score.compared import Compared

DISTANCE = "`distance_unit`"  # the unit of a metric whose values are in the unit that this column gives

Masks_contra = TypeVar("Masks_contra", bound=Compared, contravariant=True)


@dataclass(frozen=True)
class Metric(Generic[Masks_contra]):
    """How well a mask agrees with the truth.

    Args:
        column: name, meaning and unit; the unit `DISTANCE` marks values that are mm or pixels.
        label: for heads of columns.
        title: for captions.
        of: values of the m predictions that are not empty, (m,) float64.
        missed: the value where one of the two masks is empty.
        agreed: the value where both are.
        higher_is_better: the direction.
        decimals: that tables show.
    """

    column: Column
    label: str
    title: str
    of: Callable[[Masks_contra], np.ndarray]
    missed: Callable[[Masks_contra], float] = lambda _: 0.0
    agreed: float = 1.0
    higher_is_better: bool = True
    decimals: int = 3

    @property
    def name(self) -> str:
        """Name of its column."""
        return self.column.name

    @property
    def is_distance(self) -> bool:
        """Whether its values are in mm or pixels, and so must not be pooled over both."""
        return self.column.unit == DISTANCE

    @property
    def single(self) -> Column:
        """The column of its values."""
        direction = "higher" if self.higher_is_better else "lower"
        return self.column.but(meaning=f"{self.column.meaning}; {direction} is better")

    @property
    def mean(self) -> Column:
        """The column of its mean."""
        return self.column.but(meaning=f"mean {self.single.meaning}")

    def values(self, comparison: Masks_contra) -> np.ndarray:
        """(n,) float64: the value of each prediction."""
        both_empty = (comparison.areas == 0) & (comparison.area == 0)
        found = np.where(both_empty, self.agreed, self.missed(comparison))
        if comparison.filled.any():
            found[comparison.filled] = self.of(comparison)
        return found


def _iou(masks: Compared) -> np.ndarray:
    return masks.common / (masks.total - masks.common)


def _dice(masks: Compared) -> np.ndarray:
    return 2 * masks.common / masks.total


def _nsd(masks: Compared) -> np.ndarray:
    close = [sum(np.count_nonzero(way <= masks.tolerance) for way in directed) for directed in masks.distances]
    return np.array(close) / [sum(map(len, directed)) for directed in masks.distances]


def _hd95(masks: Compared) -> np.ndarray:
    return np.array([max(map(_percentile, directed)) for directed in masks.distances])


def _percentile(distances: np.ndarray) -> float:
    """`np.quantile(distances, 0.95)` to the last bit; that one looks at its arguments for longer than this sorts."""
    place = 0.95 * (len(distances) - 1)
    below = int(place)
    above = min(below + 1, len(distances) - 1)
    low, high = np.partition(distances, (below, above))[[below, above]]
    share = place - below
    return float(low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share))


# The first one is what methods are compared by.
METRICS = (
    Metric(IOU, "IoU", "IoU", _iou),
    Metric(Column("dice", FLOAT, "Dice coefficient, 0 to 1"), "Dice", "Dice", _dice),
    Metric(Column("nsd", FLOAT, "normalised surface Dice, 0 to 1"), "NSD", "normalised surface Dice", _nsd),
    Metric(
        Column(
            "hd95",
            FLOAT,
            "95th percentile of the Hausdorff distance, the diagonal of the image if the method's mask is empty",
            DISTANCE,
        ),
        "HD95",
        "Hausdorff distance (95th percentile)",
        _hd95,
        missed=lambda masks: masks.diagonal,
        agreed=0.0,
        higher_is_better=False,
        decimals=1,
    ),
)
