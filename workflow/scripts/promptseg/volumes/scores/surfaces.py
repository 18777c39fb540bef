"""Surfaces of masks in three dimensions, and the distances between them.

There are two kinds. *Edges* are the voxels of a mask with a neighbour outside it, as in two dimensions and in MONAI.
*Elements* lie on the corners of voxels and are weighted by their area in mm2 (Nikolov et al. 2021, PyPI package
surface-distance): of the eight voxels around a corner some are inside, and marching cubes says how large the surface
between these and the others is.

Points lie where their slices lie, so slices need not be equally far apart. Nearest points are found by a k-d tree or by
a map of distances, whichever is faster: the surface of an organ is 100,000 points, while a map holds the millions of
voxels around it; the surface of a small tumour is nearly all of its voxels. tests/benchmarks/volume_scores.py measures.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from promptseg.core.stacks import MaskStack
from promptseg.score.surfaces import edge_of
from promptseg.volumes.scores.grid import Grid

# The voxels around a corner (z, y, x, each before or after it), as bits of the number of a case.
_AROUND = np.argwhere(np.ones((2, 2, 2), bool))
_BITS = 1 << np.arange(8)[::-1]


# A map is made where the box around both surfaces has at most so many voxels per point that is looked up.
_MAPPED = 32


@dataclass(frozen=True)
class Surface:
    """Points on the surface of a mask.

    Attributes:
        cells: (n, 3) int: voxels, or the corner before a voxel, in (z, y, x).
        depths: (d + 1,) where the points of each cell number lie along z, in `steps`; None: at their number.
        steps: (3,) what one step is in the unit of distances.
        weights: (n,) areas, or ones.
    """

    cells: np.ndarray
    depths: np.ndarray | None
    steps: np.ndarray
    weights: np.ndarray
    _last: list[np.ndarray] = field(default_factory=list)

    @cached_property
    def points(self) -> np.ndarray:
        """(n, 3) where each lies, in `steps`."""
        if self.depths is None:
            return self.cells.astype(float)
        return np.column_stack([self.depths[self.cells[:, 0]], self.cells[:, 1:]])

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.points * self.steps)

    @cached_property
    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest cell numbers."""
        return self.cells.min(axis=0), self.cells.max(axis=0)

    def _map(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The cell where a map begins that holds a box, and (3, z, y, x) the nearest of its cells to each in it.

        The last one is kept: many masks are compared with one truth, mostly in much the same box.
        """
        if self._last and (low >= self._last[0]).all() and (high <= self._last[1]).all():
            return self._last[0], self._last[2]
        away = np.ones(high - low + 1, bool)
        away[tuple((self.cells - low).T)] = False
        nearest = distance_transform_edt(away, self.steps, return_distances=False, return_indices=True)
        self._last[:] = low, high, nearest
        return low, nearest

    def distances(self, other: "Surface") -> np.ndarray:
        """(n,) distance of each of its points to the nearest one of another surface of the same kind and volume.

        Steps are counted before they are measured, so that a distance of two steps of 1 mm is 2 and not a rounding
        error more, which a tolerance of 2 mm would not forgive.
        """
        low, high = np.minimum(self._box[0], other._box[0]), np.maximum(self._box[1], other._box[1])
        if self.depths is None and np.prod(high - low + 1.0) <= _MAPPED * len(self.cells):
            low, nearest = other._map(low, high)
            places = (self.cells - low).T
            # Of the map only what is looked up is measured, as scipy measures all of it.
            between = (nearest[:, *places] - places).astype(float) * self.steps[:, None]
            return np.sqrt((between * between).sum(axis=0))
        _, nearest = other._tree.query(self.points * self.steps)
        return np.linalg.norm((self.points - other.points[nearest]) * self.steps, axis=1)


def edges(mask: MaskStack, grid: Grid) -> Surface:
    """The voxels of a mask, not empty, with one of six neighbours outside it; what lies beyond the volume is outside.

    Each counts 1, whatever its share of the surface.
    """
    box = mask.box()
    voxels = np.argwhere(edge_of(mask.dense(box))) + box[:3]
    return Surface(voxels, grid.depths if grid.uneven else None, grid.steps, np.ones(len(voxels)))


def elements(mask: MaskStack, grid: Grid) -> Surface:
    """The elements of the surface of a mask, not empty, weighted by area; what lies beyond the volume is outside."""
    box = mask.box()
    padded = np.pad(mask.dense(box), 1)
    depth, height, width = (side - 1 for side in padded.shape)
    cases = np.zeros((depth, height, width), np.uint8)
    for bit, (z, y, x) in zip(_BITS, _AROUND, strict=True):
        cases |= padded[z : z + depth, y : y + height, x : x + width] * np.uint8(bit)
    corners = np.argwhere((cases > 0) & (cases < 255))
    found, corners = cases[tuple(corners.T)], corners + box[:3]
    sides = np.column_stack([grid.gaps, np.broadcast_to(grid.steps[1:], (len(grid.gaps), 2))])
    if not grid.uneven:
        return Surface(corners, None, grid.steps, areas_of_cases(tuple(sides[0]))[found])
    # The corner before a slice lies in the middle of the gap to the slice before it.
    middles = np.append(grid.depths - grid.gaps[:-1] / 2, grid.depths[-1] + grid.gaps[-1] / 2)
    return Surface(corners, middles, grid.steps, _areas(sides, corners[:, 0], found))


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
