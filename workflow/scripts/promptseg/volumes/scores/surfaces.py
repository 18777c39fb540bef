"""Surfaces of masks in three dimensions, and the distances between them.

There are two kinds. *Edges* are the voxels of a mask with a neighbour outside it, as in two dimensions and in MONAI.
*Elements* lie on the corners of voxels and are weighted by their area in mm2 (Nikolov et al. 2021, PyPI package
surface-distance): of the eight voxels around a corner some are inside, and marching cubes says how large the surface
between these and the others is.

Points lie where their slices lie, so slices need not be equally far apart. Nearest points are found by a k-d tree: the
surface of an organ is 100,000 points, while a map of distances has to be computed for the millions of voxels around it
(twenty times slower).
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from scipy.spatial import cKDTree

from promptseg.core.stacks import MaskStack
from promptseg.score.surfaces import edge_of
from promptseg.volumes.scores.grid import Grid

# The voxels around a corner (z, y, x, each before or after it), as bits of the number of a case.
_AROUND = np.argwhere(np.ones((2, 2, 2), bool))
_BITS = 1 << np.arange(8)[::-1]


@dataclass(frozen=True)
class Surface:
    """Points on the surface of a mask.

    Attributes:
        points: (n, 3) of each along z, y, x, in `steps`.
        steps: (3,) what one step is in the unit of distances.
        weights: (n,) areas, or ones.
    """

    points: np.ndarray
    steps: np.ndarray
    weights: np.ndarray

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.points * self.steps)

    def distances(self, other: "Surface") -> np.ndarray:
        """(n,) distance of each of its points to the nearest one of another surface.

        Steps are counted before they are measured, so that a distance of two steps of 1 mm is 2 and not a rounding
        error more, which a tolerance of 2 mm would not forgive.
        """
        _, nearest = other._tree.query(self.points * self.steps)
        return np.linalg.norm((self.points - other.points[nearest]) * self.steps, axis=1)


def edges(mask: MaskStack, grid: Grid) -> Surface:
    """The voxels of a mask, not empty, with one of six neighbours outside it; what lies beyond the volume is outside.

    Each counts 1, whatever its share of the surface.
    """
    box = mask.box()
    voxels = np.argwhere(edge_of(mask.dense(box))) + box[:3]
    points = np.column_stack([grid.depths[voxels[:, 0]], voxels[:, 1:]])
    return Surface(points, grid.steps, np.ones(len(points)))


def elements(mask: MaskStack, grid: Grid) -> Surface:
    """The elements of the surface of a mask, not empty, weighted by area; what lies beyond the volume is outside."""
    box = mask.box()
    padded = np.pad(mask.dense(box), 1)
    depth, height, width = (side - 1 for side in padded.shape)
    cases = np.zeros((depth, height, width), np.uint8)
    for bit, (z, y, x) in zip(_BITS, _AROUND, strict=True):
        cases |= padded[z : z + depth, y : y + height, x : x + width] * np.uint8(bit)
    corners = np.argwhere((cases > 0) & (cases < 255))
    found = cases[tuple(corners.T)]
    gap = corners[:, 0] + box[0]  # the corner lies between this slice and the one before it
    sides = np.column_stack([grid.gaps, np.broadcast_to(grid.steps[1:], (len(grid.gaps), 2))])
    uniform = not grid.uneven
    areas = areas_of_cases(tuple(sides[0]))[found] if uniform else _areas(sides, gap, found)
    heights = gap - 0.5 if uniform else _heights(grid)[gap]
    points = np.column_stack([heights, corners[:, 1:] + np.array(box[1:3]) - 0.5])
    return Surface(points, grid.steps, areas)


def _heights(grid: Grid) -> np.ndarray:
    """(d + 1,) where the middle of each gap between slices lies."""
    return np.append(grid.depths - grid.gaps[:-1] / 2, grid.depths[-1] + grid.gaps[-1] / 2)


def _areas(sides: np.ndarray, gap: np.ndarray, cases: np.ndarray) -> np.ndarray:
    """(n,) areas of the elements of cases that lie in gaps, of which (d + 1, 3) sides are given."""
    used, place = np.unique(gap, return_inverse=True)
    return np.stack([areas_of_cases(tuple(sides[index])) for index in used])[place, cases]


@cache
def areas_of_cases(sides: tuple[float, float, float]) -> np.ndarray:
    """(256,) area of the surface around a corner by which of the eight voxels around it are inside.

    Args:
        sides: of the cell between the middles of the eight, along z, y, x.
    """
    lengths = np.array(sides)
    return np.linalg.norm(_triangles() * (lengths.prod() / lengths), axis=2).sum(axis=1)


@cache
def _triangles() -> np.ndarray:
    """(256, 4, 3) of each case up to four triangles: normals as long as their areas, in a cell of sides 1.

    They are those of Lorensen and Cline 1987, whose cases with more than four voxels inside are the complements of the
    others; scikit-image has these cases of their own, where one pair of voxels on a diagonal is joined.
    """
    from skimage.measure import marching_cubes

    normals = np.zeros((256, 4, 3))
    for case in range(1, 255):
        inside = case if case.bit_count() <= 4 else 255 - case
        cell = ((inside & _BITS) > 0).reshape(2, 2, 2).astype(float)
        corners, faces, _, _ = marching_cubes(cell, 0.5, method="lorensen")
        a, b, c = corners[faces].astype(float).swapaxes(0, 1)
        normals[case, : len(faces)] = np.cross(b - a, c - a) / 2
    return normals
