"""The edge pixels of masks, read from their run-length codes, and the distances between them.

A mask is never decoded as a whole: an image of 1024 x 1024 pixels has a million, the edge of an object in it a thousand
(tests/benchmarks/scoring.py). Pixels are held as (2, n) arrays: all x, then all y.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from promptseg.core import masks

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
# What comparing pairs of pixels costs beside a map of distances: so many pairs take as long as one pixel of the map.
_PAIRS = 100
# Pairs that are compared at a time: their distances stay in the cache of a core.
_AT_ONCE = 1 << 16
# Sums of squares below this are whole numbers in single precision.
_WHOLE = 2**24


def run_lengths(counts: str) -> np.ndarray:
    """(n,) int64: lengths of the runs of background and mask in turn, of the string that COCO's code holds.

    Each is written in groups of five bits, the lowest first, with a sign; from the fourth on as the difference from the
    one before the last (cocodataset/cocoapi 8c9bcc3, common/maskApi.c, rleFrString).
    """
    units = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero(units < 32)  # without the bit that says that the number goes on
    sizes = np.diff(ends, prepend=-1)
    starts = ends - sizes + 1
    groups = 5 * (np.arange(units.size) - np.repeat(starts, sizes))
    values = np.add.reduceat((units & 31) << groups, starts)
    values -= (units[ends] & 16) << (5 * sizes - 4)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def edge_pixels(code: Mapping[str, Any]) -> np.ndarray:
    """(2, n) int64: (x, y) of the pixels of a mask that have a neighbour outside it, see `surfaces.edge_of`.

    Args:
        code: of a mask that is not empty, see `masks.encode`.
    """
    height = int(code["size"][0])
    bounds = np.cumsum(run_lengths(code["counts"]))
    bounds = bounds[: 2 * (len(bounds) // 2)]  # where runs of the mask begin and end, down one column after another
    columns, places = np.divmod(bounds, height)
    columns[1::2], places[1::2] = columns[::2], bounds[1::2] - columns[::2] * height
    left, top, bottom = columns[0], places[::2].min(), places[1::2].max()
    if bottom > height:  # a run goes on in the next column
        left = top = np.int64(0)
        patch = masks.decode(dict(code)).T.view(np.uint8)
    else:
        # A column has a pixel more than the mask is high, so that runs of two columns never touch.
        shape = columns[-1] - left + 1, bottom - top + 1
        changes = (columns - left) * shape[1] + places - top
        ends = np.diff(changes, prepend=0, append=shape[0] * shape[1])
        patch = np.repeat((np.arange(len(ends)) & 1).astype(np.uint8), ends).reshape(shape)
    eroded = cv2.erode(patch, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    x, y = np.divmod(np.flatnonzero(patch != eroded), patch.shape[1])
    return np.stack([x + left, y + top])


class Edge:
    """The edge of the truth, which those of several predictions are compared with.

    Args:
        pixels: (2, n).
        shape: (h, w) of the image.
        spacing: (y, x) of pixels.
    """

    def __init__(self, pixels: np.ndarray, shape: tuple[int, int], spacing: tuple[float, float]):
        self.pixels, self._box, self._spacing = pixels, _box(pixels), spacing
        self._steps = spacing[::-1]
        equal = spacing[0] == spacing[1]
        self._centre = np.array(shape[::-1]) // 2
        exact = equal and 2 * (shape[0] ** 2 + shape[1] ** 2) < _WHOLE
        self._number = np.float32 if exact else np.float64
        self._units = (1.0, 1.0) if equal else self._steps
        places = self._places(pixels)
        self._product = np.column_stack([-2 * places[0], -2 * places[1], np.ones_like(places[0])])

    def both_ways(self, others: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Distances to this edge and back.

        Args:
            others: edges of (2, m) pixels.

        Returns:
            For each: (m,) those of its pixels to this edge, (n,) those of the pixels of this edge to it.
        """
        boxes = [_box(pixels) for pixels in others]
        corner, end = _around([self._box, *boxes])
        field = self._map(self.pixels, corner, end)
        return [
            (field[_at(pixels, corner)], self._to(pixels, *_around([self._box, box])))
            for pixels, box in zip(others, boxes, strict=True)
        ]

    def _to(self, others: np.ndarray, corner: np.ndarray, end: np.ndarray) -> np.ndarray:
        """(n,) float64: how far each pixel lies from the nearest of the others, all of which lie in a box."""
        if self.pixels.shape[1] * others.shape[1] > _PAIRS * int(np.prod(end - corner)):
            return self._map(others, corner, end)[_at(self.pixels, corner)]
        nearest = self._nearest(others)
        # As scipy computes it, so that what lies at the tolerance lies on the same side of it.
        x, y = ((self.pixels[axis] - others[axis][nearest]) * self._steps[axis] for axis in (0, 1))
        return np.sqrt(y * y + x * x)

    def _places(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = (((pixels[axis] - self._centre[axis]) * self._units[axis]).astype(self._number) for axis in (0, 1))
        return x, y

    def _nearest(self, others: np.ndarray) -> np.ndarray:
        """(n,) indices of the nearest: the least of |other|^2 - 2 pixel * other, which is a product of matrices."""
        x, y = self._places(others)
        right = np.stack([x, y, x * x + y * y])
        block = max(1, _AT_ONCE // others.shape[1])
        starts = range(0, len(self._product), block)
        return np.concatenate([(self._product[start : start + block] @ right).argmin(axis=1) for start in starts])

    def _map(self, pixels: np.ndarray, corner: np.ndarray, end: np.ndarray) -> np.ndarray:
        """(y, x) float64: how far each pixel of a box lies from the nearest of some that lie in it."""
        free = np.ones((end - corner)[::-1], bool)
        free[_at(pixels, corner)] = False
        return distance_transform_edt(free, sampling=self._spacing)


def _at(pixels: np.ndarray, corner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of pixels into an array (y, x) that begins at a corner (x, y)."""
    return pixels[1] - corner[1], pixels[0] - corner[0]


def _box(pixels: np.ndarray) -> np.ndarray:
    """(2, 2): the corner (x, y) of the box around pixels, and its end, which is outside."""
    return np.stack([pixels.min(axis=1), pixels.max(axis=1) + 1])


def _around(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """The box around boxes."""
    every = np.stack(boxes)
    return np.stack([every[:, 0].min(axis=0), every[:, 1].max(axis=0)])
