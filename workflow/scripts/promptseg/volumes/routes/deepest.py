"""The deepest voxels of a body, without a distance map of all of it.

SciPy's transform takes four times the memory and several times as long. Squared depth is the least of
p(z') + (z - z')^2 over the slices z', where p is the squared depth in the plane, which OpenCV finds fast. No voxel is
deeper than in its plane or in its column along z, so few have to be looked at beyond these two.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

from promptseg.prompts.modes import depth

_AT_ONCE = 4096
# Relative: what rounding makes of equal depths in mm. Those in voxels are roots of whole numbers.
_ROUNDING = 1e-9


def deepest(body: np.ndarray, sampling: tuple[float, float, float] | None = None) -> np.ndarray:
    """(n, 3) int (z, y, x) of all voxels with the largest Euclidean distance to a voxel outside a body, in C order.

    Args:
        body: (d, h, w) bool, not empty; what lies outside the array counts as outside.
        sampling: (z, y, x) size of a voxel; None for distances in voxels.
    """
    return search(body, sampling)[0]


def search(
    body: np.ndarray, sampling: tuple[float, float, float] | None = None, without: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """The voxels of `deepest`, and the square of their distance.

    Args:
        without: (m, 3) int voxels of the array that do not count, as if their distance were 0. Where no other is in the
            body the square is 0.
    """
    step = sampling[0] if sampling else 1
    planes = np.stack([_squares(plane, sampling and sampling[1:]) for plane in body])
    bound = np.minimum(planes, np.square(_along_z(body), dtype=planes.dtype) * step**2)
    if without is not None:
        bound[tuple(without.T)] = 0
    planes = np.pad(planes, ((1, 1), (0, 0), (0, 0)))
    bounds = bound.ravel()
    best = float(_exact(np.array([bounds.argmax()]), bound, planes, step)[0])
    (places,) = np.nonzero(bounds >= best * (1 - _ROUNDING))
    # From the highest bound on: what is found lowers the number of those that are worth a look.
    places = places[np.argsort(-bounds[places], kind="stable")]
    squares = np.zeros(len(places))
    for start in range(0, len(places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        if bounds[places[start]] < best * (1 - _ROUNDING):
            break
        squares[part] = _exact(places[part], bound, planes, step)
        best = max(best, float(squares[part].max()))
    found = np.sort(places[squares >= best * (1 - _ROUNDING)])
    return np.stack(np.unravel_index(found, body.shape), axis=1), best


def _exact(places: np.ndarray, bound: np.ndarray, planes: np.ndarray, step: float) -> np.ndarray:
    """Squared depths of voxels, given by their flat indices.

    Args:
        planes: squared depths in the plane, with a slice of 0 before and behind.
    """
    z, y, x = np.unravel_index(places, bound.shape)
    squares = bound.ravel()[places].astype(float)
    for away in range(1, int(np.sqrt(squares.max()) / step) + 1):
        # Beyond the ends it is the slice behind the end that counts: it was met on the way.
        for other in (np.maximum(z + 1 - away, 0), np.minimum(z + 1 + away, len(planes) - 1)):
            np.minimum(squares, planes[other, y, x] + (away * step) ** 2, out=squares)
    return squares


def _squares(plane: np.ndarray, pixel: tuple[float, float] | None) -> np.ndarray:
    """Squared depth of each pixel of an (h, w) bool mask: int32 in pixels, float64 in mm."""
    if pixel is None:
        return np.rint(np.square(depth(plane, "exact"), dtype=np.float64)).astype(np.int32)
    if pixel[0] == pixel[1]:
        return _squares(plane, None) * pixel[0] ** 2
    found: np.ndarray = distance_transform_edt(np.pad(plane, 1), sampling=pixel)[1:-1, 1:-1] ** 2
    return found


def _along_z(body: np.ndarray) -> np.ndarray:
    """(d, h, w) int16: slices from each voxel of a body to the nearest one outside it straight above or below."""
    low, high = np.zeros(body.shape, np.int16), np.zeros(body.shape, np.int16)
    for distances, inside in ((low, body), (high[::-1], body[::-1])):
        distances[0] = inside[0]
        for z in range(1, len(body)):
            np.multiply(distances[z - 1] + 1, inside[z], out=distances[z])
    return np.minimum(low, high)
