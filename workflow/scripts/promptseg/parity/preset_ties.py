"""Points of RadioActive that depend on the order of equals.

Its program sorts components by NumPy's default, which orders equally large ones differently on different processors,
and finds nearest pixels by a k-d tree. A recorded point is right if no pixel of one of the largest components is nearer
to the centre of that.
"""

import numpy as np

from promptseg.core.masks import components
from promptseg.protocols.blocks import Start
from promptseg.protocols.boxes import tight
from promptseg.protocols.slices import prompted
from promptseg.protocols.starts import interpolated


def explained(mask: np.ndarray, point: tuple[int, int], place: str, *, within: bool = False) -> bool:
    """Whether a point (y, x) is the pixel nearest to the centre of one of the largest components of an (h, w) mask.

    Args:
        place: `centre` of the box, or `centroid`.
        within: any component will do: the mask holds more than what was looked at.
    """
    parts = components(mask)
    for part in parts if within else [part for part in parts if part.area == parts[0].area]:
        places = np.argwhere(part.mask)
        middle = (places if place == "centroid" else tight(part.mask).reshape(2, 2)).mean(axis=0).round()
        nearest = np.square(places - middle).sum(axis=1).min()
        if part.mask[point] and np.square(np.array(point) - middle).sum() == nearest:
            return True
    return False


def explained_between(truth: np.ndarray, block: Start, points: np.ndarray) -> bool:
    """Whether (n, 3) points (z, y, x) lie between such points in the prompted slices."""
    known = points[np.isin(points[:, 0], prompted(truth, block.slices, block.count))]
    if not all(explained(truth[z], (y, x), block.place) for z, y, x in known.tolist()):
        return False
    return np.array_equal(np.column_stack(interpolated(known[:, 0], known[:, 1:])), points)
