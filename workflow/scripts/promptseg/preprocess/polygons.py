"""Polygons as masks: the centres of pixels decide."""

from collections.abc import Sequence

import numpy as np
from skimage.measure import grid_points_in_poly

# Contours are written with few decimals: a centre less than 1/128 pixel from the path lies on it.
_STEPS = 64


def fill(shape: tuple[int, int], polygons: Sequence[np.ndarray], exclusive: bool) -> tuple[np.ndarray, int]:
    """The pixels whose centres lie in polygons or on their path (PS3.3 C.8.8.6.3: the path is a part of the region).

    A polygon is filled by the even-odd rule, so that a channel to an inner contour (a key-hole) leaves a hole.

    Args:
        shape: of the mask, in the order of the coordinates.
        polygons: (n, 2) each, in pixels; whole numbers are centres. What lies beyond the mask is cut off.
        exclusive: whether polygons are combined by exclusive or (CLOSEDPLANAR_XOR). If not, they add up, each once; but
            one that lies in the area of larger ones by nine tenths or more is a hole in it, as in pycerr, OpenTPS and
            dicompyler. (The standard knows no holes of this kind, plastimatch unites them. The tenth is for what is
            drawn over the edge.)

    Returns:
        bool mask, and how many polygons that are not exclusive were taken for holes.
    """
    holes = 0
    area = np.zeros(shape, bool)
    path = np.zeros(shape, bool)
    exact = [np.rint(polygon * _STEPS) / _STEPS for polygon in polygons]
    if not exclusive:
        exact = list({polygon.tobytes(): polygon for polygon in exact}.values())
    for polygon in sorted(exact, key=_size, reverse=True):
        low = np.maximum(np.ceil(polygon.min(axis=0)), 0).astype(int)
        high = np.minimum(np.floor(polygon.max(axis=0)) + 1, shape).astype(int)
        if (low >= high).any():
            continue
        window = slice(low[0], high[0]), slice(low[1], high[1])
        # The path is drawn apart, because edges that lie on each other cancel each other out here.
        inside = grid_points_in_poly(tuple(high - low), polygon - low, binarize=False) == 1
        if exclusive:
            area[window] ^= inside
        elif inside.any():
            hole = (area | path)[window][inside].mean() >= 0.9
            area[window][inside] = not hole
            holes += hole
        path[tuple(_on_path(polygon, shape))] = True
    return area | path, int(holes)


def _on_path(polygon: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(2, n) the pixels of a mask whose centres lie on the edges of a polygon."""
    step = np.roll(polygon, -1, axis=0) - polygon
    steep = (np.abs(step[:, 1]) > np.abs(step[:, 0])).astype(int)  # the axis along which an edge is longer
    edges = np.arange(len(polygon))
    ends = np.sort([polygon[edges, steep], (polygon + step)[edges, steep]], axis=0)
    first = np.maximum(np.ceil(ends[0]), 0).astype(int)
    last = np.minimum(np.floor(ends[1]), np.array(shape)[steep] - 1).astype(int)
    counts = np.maximum(last - first + 1, 0)
    edge = np.repeat(edges, counts)
    along = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    steep = steep[edge]
    length = step[edge, steep]
    # Exact where the result is a whole number, because all coordinates are multiples of 1/64.
    beside = polygon[edge, 1 - steep] + (along - polygon[edge, steep]) * step[edge, 1 - steep] / np.where(
        length, length, 1
    )
    pixels = np.where(steep, [beside, along], [along, beside])
    inside = (pixels >= 0) & (pixels < np.array(shape)[:, None])
    return pixels[:, (beside == np.rint(beside)) & inside.all(axis=0)].astype(int)


def _size(polygon: np.ndarray) -> float:
    """Area in pixels."""
    x, y = polygon.T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2
