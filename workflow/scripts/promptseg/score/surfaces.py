"""Masks of one object side by side: areas, edges and the distances between these, for the metrics.

scipy finds edges and distances, because a scoring job that imports PyTorch and monai takes longer to start than to
score (tests/benchmarks/scoring_start.py).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from promptseg.core import masks


@dataclass(frozen=True)
class Tolerance:
    """How far apart two surfaces may be and still count as equal in NSD."""

    mm: float = 2.0
    px: float = 2.0


class Comparison:
    """Several predictions of one object and its truth. What several metrics need is computed once, when one asks.

    Args:
        predictions: (n, h, w) bool.
        truth: (h, w) bool.
        spacing: (y, x) in mm, or None: distances are then in pixels.

    Attributes:
        areas: (n,) pixels of the predictions.
        area: pixels of the truth.
        filled: (n,) bool: where neither prediction nor truth is empty; there are `m` of them.
        tolerance: in the unit of distances.
        diagonal: of the image, in the unit of distances: the worst distance possible in it.
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


def _edge(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool: the pixels of a mask with a neighbour outside it. What lies beyond the border counts as outside."""
    return mask ^ binary_erosion(mask)


class _Surface:
    """The edge of the truth, to which those of several predictions are compared.

    Args:
        truth: (h, w) bool, not empty.
        spacing: (y, x) of pixels.
    """

    def __init__(self, truth: np.ndarray, spacing: tuple[float, float]):
        self.truth, self.spacing = truth, spacing
        self.edge = _edge(truth)
        self.field = distance_transform_edt(~self.edge, sampling=spacing)

    def distances(self, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,), (m,) distances of each edge pixel of one mask to the edge of the other: from prediction, from truth.

        Args:
            prediction: (h, w) bool, not empty.
        """
        x0, y0, x1, y1 = masks.tight_box(prediction | self.truth)
        part = np.s_[y0 : y1 + 1, x0 : x1 + 1]
        edge = _edge(prediction[part])
        back = distance_transform_edt(~edge, sampling=self.spacing)
        return self.field[part][edge], back[self.edge[part]]
