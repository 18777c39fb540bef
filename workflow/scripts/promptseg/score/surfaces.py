"""Masks of one object side by side: areas, edges and the distances between these, for the metrics.

scipy finds edges and distances, because a scoring job that imports PyTorch and monai takes longer to start than to
score (tests/benchmarks/scoring_start.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from promptseg.core import masks


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


class Comparison:
    """Several predictions of one object and its truth. What several metrics need is computed once, when one asks.

    Its attributes are those of `Compared`.

    Args:
        predictions: (n, h, w) bool.
        truth: (h, w) bool.
        spacing: (y, x) in mm, or None: distances are then in pixels.
    """

    def __init__(
        self, predictions: np.ndarray, truth: np.ndarray, spacing: tuple[float, float] | None, tolerance: Tolerance
    ):
        self._predictions, self._truth, self._spacing = predictions, truth, spacing or (1.0, 1.0)
        self.tolerance = tolerance.mm if spacing else tolerance.px
        self.areas, self.area = predictions.sum(axis=(1, 2)), int(truth.sum())
        self.filled = (self.areas > 0) & (self.area > 0)
        height, width = truth.shape
        self.diagonal = float(np.hypot(height * self._spacing[0], width * self._spacing[1]))

    @cached_property
    def _crop(self) -> tuple[np.ndarray, np.ndarray]:
        """(m, y, x), (y, x) bool: predictions and truth within their common box: only what the masks cover matters."""
        filled = self._predictions[self.filled]
        x0, y0, x1, y1 = masks.tight_box(filled.any(axis=0) | self._truth)
        return filled[:, y0 : y1 + 1, x0 : x1 + 1], self._truth[y0 : y1 + 1, x0 : x1 + 1]

    @cached_property
    def common(self) -> np.ndarray:
        """(m,) pixels of both prediction and truth."""
        predictions, truth = self._crop
        return (predictions & truth).sum(axis=(1, 2))

    @cached_property
    def total(self) -> np.ndarray:
        """(m,) pixels of the prediction and pixels of the truth, added."""
        return self.areas[self.filled] + self.area

    @cached_property
    def distances(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each of the m: the distances of the prediction's edge pixels to the truth's edge, and the reverse."""
        predictions, truth = self._crop
        surface = _Surface(truth, self._spacing)
        return [surface.distances(prediction) for prediction in predictions]


def edge_of(mask: np.ndarray) -> np.ndarray:
    """The pixels of an (h, w) bool mask, or voxels of a (d, h, w) one, that have a neighbour outside it.

    Neighbours share a side. What lies beyond the border counts as outside.
    """
    return mask ^ binary_erosion(mask)


class _Surface:
    """The edge of the truth, to which those of several predictions are compared.

    Args:
        truth: (h, w) bool, not empty.
        spacing: (y, x) of pixels.
    """

    def __init__(self, truth: np.ndarray, spacing: tuple[float, float]):
        self.truth, self.spacing = truth, spacing
        self.edge = edge_of(truth)
        self.field = distance_transform_edt(~self.edge, sampling=spacing)

    def distances(self, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,), (m,) distances of each edge pixel of one mask to the edge of the other: from prediction, from truth.

        Args:
            prediction: (h, w) bool, not empty.
        """
        x0, y0, x1, y1 = masks.tight_box(prediction | self.truth)
        part = np.s_[y0 : y1 + 1, x0 : x1 + 1]
        edge = edge_of(prediction[part])
        back = distance_transform_edt(~edge, sampling=self.spacing)
        return self.field[part][edge], back[self.edge[part]]
