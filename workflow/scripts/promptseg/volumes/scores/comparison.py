"""The mask of a volume beside the truth: what the metrics of three dimensions need, computed when one asks."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.score.compared import Tolerance
from promptseg.volumes.scores.grid import Grid
from promptseg.volumes.scores.surfaces import Surface, edges, elements

Weighted: TypeAlias = tuple[np.ndarray, np.ndarray]  # distances, and the area that each stands for


def areas_of(mask: MaskStack) -> np.ndarray:
    """(d,) pixels of each slice."""
    areas = np.zeros(mask.shape[0], np.int64)
    areas[list(mask.codes)] = [mask.area(z) for z in mask.codes]
    return areas


def common_areas(one: MaskStack, other: MaskStack) -> np.ndarray:
    """(d,) pixels of each slice that both masks hold."""
    common = np.zeros(one.shape[0], np.int64)
    for z in one.codes.keys() & other.codes.keys():
        common[z] = one.shared(other, z)
    return common


@dataclass(frozen=True)
class Truth:
    """An object as it is: what all its settings are compared with is computed once.

    Attributes:
        mask: not empty.
        grid: of its volume.
        tolerance: of NSD.
    """

    mask: MaskStack
    grid: Grid
    tolerance: Tolerance

    @cached_property
    def areas(self) -> np.ndarray:
        """(d,) pixels of each slice."""
        return areas_of(self.mask)

    @cached_property
    def edges(self) -> Surface:
        """Its surface, see `surfaces.edges`."""
        return edges(self.mask, self.grid)

    @cached_property
    def elements(self) -> Surface:
        """Its surface, see `surfaces.elements`."""
        return elements(self.mask, self.grid)


class VolumeComparison:
    """One prediction beside the truth: `score.compared.Compared` with n = 1, and what only volumes have.

    Attributes:
        truth: the object.
        mask: the prediction, perhaps empty.
        by_slice: (d,) pixels of the prediction in each slice.
        common_by_slice: (d,) pixels of prediction and truth.
    """

    def __init__(self, mask: MaskStack, truth: Truth):
        self.truth, self.mask = truth, mask
        self.by_slice, self.common_by_slice = areas_of(mask), common_areas(mask, truth.mask)
        self.areas, self.area = self.by_slice.sum(keepdims=True), int(truth.areas.sum())
        self.filled = self.areas > 0
        self.tolerance = truth.grid.tolerance(truth.tolerance)
        self.diagonal = truth.grid.diagonal
        self.common = self.common_by_slice.sum(keepdims=True)[self.filled]
        self.total = self.areas[self.filled] + self.area

    @cached_property
    def distances(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of edges: from prediction to truth, and the reverse; none where the prediction is empty."""
        if not self.mask.codes:
            return []
        ours, theirs = edges(self.mask, self.truth.grid), self.truth.edges
        return [(ours.distances(theirs), theirs.distances(ours))]

    @cached_property
    def weighted(self) -> list[tuple[Weighted, Weighted]]:
        """Of elements: distances from prediction to truth with the areas, and the reverse, likewise."""
        if not self.mask.codes:
            return []
        ours, theirs = elements(self.mask, self.truth.grid), self.truth.elements
        return [((ours.distances(theirs), ours.weights), (theirs.distances(ours), theirs.weights))]
