"""Masks of one object side by side: areas, edges and the distances between these, for the metrics.

What monai computes is computed here, because a scoring job that imports PyTorch and monai takes longer to start than to
score (tests/benchmarks/scoring_start.py).
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from pycocotools import mask as coco
from scipy.ndimage import binary_erosion

from promptseg.core import masks
from promptseg.score import outlines
from promptseg.score.compared import Tolerance


class Comparison:
    """Several predictions of one object and its truth. What several metrics need is computed once, when one asks.

    Its attributes are those of `Compared`.

    Args:
        predictions: the n run-length codes, see `masks.encode`.
        truth: (h, w) bool.
        spacing: (y, x) in mm, or None: distances are then in pixels.
    """

    def __init__(
        self,
        predictions: Sequence[Mapping[str, Any]],
        truth: np.ndarray,
        spacing: tuple[float, float] | None,
        tolerance: Tolerance,
    ):
        codes = [dict(code) for code in predictions]
        self._shape, self._code, self._spacing = truth.shape, masks.encode(truth), spacing or (1.0, 1.0)
        self.tolerance = tolerance.mm if spacing else tolerance.px
        self.areas, self.area = coco.area(codes).astype(int), int(truth.sum())
        self.filled = (self.areas > 0) & (self.area > 0)
        self._codes = [codes[index] for index in np.flatnonzero(self.filled)]
        height, width = truth.shape
        self.diagonal = float(np.hypot(height * self._spacing[0], width * self._spacing[1]))

    @cached_property
    def common(self) -> np.ndarray:
        """(m,) pixels of both prediction and truth."""
        return coco.area([coco.merge([code, self._code], intersect=True) for code in self._codes]).astype(int)

    @cached_property
    def total(self) -> np.ndarray:
        """(m,) pixels of the prediction and pixels of the truth, added."""
        return self.areas[self.filled] + self.area

    @cached_property
    def distances(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each of the m: the distances of the prediction's edge pixels to the truth's edge, and the reverse."""
        truth = outlines.Edge(outlines.edge_pixels(self._code), self._shape, self._spacing)
        return truth.both_ways([outlines.edge_pixels(code) for code in self._codes])


def edge_of(mask: np.ndarray) -> np.ndarray:
    """The pixels of an (h, w) bool mask, or voxels of a (d, h, w) one, that have a neighbour outside it.

    Neighbours share a side. What lies beyond the border counts as outside.
    """
    return mask ^ binary_erosion(mask)
