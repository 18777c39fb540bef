"""What metrics ask of masks beside the truth, apart from what computes it: tables and figures know the metrics, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """How far apart two surfaces may be and still count as equal in NSD."""

    mm: float = 2.0
    px: float = 2.0


class Compared(Protocol):
    """What metrics ask of predictions of one object beside its truth, in two dimensions or in three.

    Attributes:
        areas: (n,) pixels or voxels of the predictions.
        area: of the truth.
        filled: (n,) bool: where neither prediction nor truth is empty; there are `m` of them.
        common, total: (m,) pixels or voxels of both prediction and truth; of each, added.
        distances: for each of the m: those of the prediction's edge to the truth's edge, and the reverse.
        tolerance: in the unit of distances.
        diagonal: of the image or volume, in the unit of distances: the worst distance possible in it.
    """

    areas: np.ndarray
    area: int
    filled: np.ndarray
    tolerance: float
    diagonal: float

    @property
    def common(self) -> np.ndarray: ...  # noqa: D102

    @property
    def total(self) -> np.ndarray: ...  # noqa: D102

    @property
    def distances(self) -> Sequence[tuple[np.ndarray, np.ndarray]]: ...  # noqa: D102
