"""Points of the first prompt."""

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree
from skimage.morphology import disk

from promptseg.core.masks import components, tight_box
from promptseg.prompts.modes import depth
from promptseg.protocols import lines
from promptseg.protocols.blocks import Start
from promptseg.protocols.boxes import moved, tight
from promptseg.protocols.depths import box_of, deepest_voxels
from promptseg.protocols.draws import Draws

_NEAR, _FAR = 2, 3  # radii in pixels of the two disks by which the object grows


def points_of(mask: np.ndarray, block: Start, draws: Draws, corner: tuple[int, ...] = (0, 0)) -> np.ndarray:
    """(n, 2) (y, x) of the points on an (h, w) bool mask of a slice, not empty; ints but for the centre of a line.

    Args:
        corner: place in the slice of the first pixel of the mask; how a centre is rounded depends on it.
    """
    if block.target == "line":
        return line_points(lines.longest_diameter(mask), block, draws) + corner
    x0, y0, x1, y1 = tight_box(mask)
    inner, place = mask[y0 : y1 + 1, x0 : x1 + 1], np.add(corner, (y0, x0))
    return np.concatenate([_on(body, block, draws, place) for body in parts_of(inner, block)])


def parts_of(mask: np.ndarray, block: Start) -> list[np.ndarray]:
    """(h, w) bool masks of what has a prompt of its own in a slice: all of the object, or its largest components."""
    return [part.mask for part in components(mask, block.parts, block.equal)] if block.parts else [mask]


def line_points(line: np.ndarray, block: Start, draws: Draws) -> np.ndarray:
    """(n, 2) (y, x) of the points along an (h, w) bool line."""
    if block.place == "grid":
        return lines.grid_in(moved(lines.square_of(line), line.shape, block, draws))
    if block.place == "random":
        return _drawn(np.argwhere(line), block, draws)
    found = lines.centre_and_ends(line)
    return found if block.place == "ends" else found[:1]


def voxels_of(body: np.ndarray, block: Start, draws: Draws) -> np.ndarray:
    """(n, 3) int (z, y, x) of the points in a (d, h, w) bool body, of which there is no slice."""
    crop = box_of(body)
    corner = np.array([side.start for side in crop])
    if block.place == "deepest":
        deepest, _ = deepest_voxels(body[crop], image=len(body) == 1, without=np.zeros((0, 3), int))
        return _one(deepest, block, draws) + corner
    return _on(body[crop], block, draws, corner)


def nearest(place: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The indices of the true element of a mask that is nearest to a place; of equally near ones that of SciPy's k-d
    tree, as in MIC-DKFZ/radioactive 1796386, prompts/prompt_utils.py, get_nearest_fg_point."""
    if mask[tuple(place.astype(int))]:
        return place.astype(int)
    places = np.argwhere(mask)
    found: np.ndarray = places[cKDTree(places).query(place)[1]]
    return found


def _on(body: np.ndarray, block: Start, draws: Draws, corner: np.ndarray) -> np.ndarray:
    """(n, k) int: points in a bool mask of k axes that begins at a corner of the slice or volume."""
    if block.place == "random":
        return _drawn(np.argwhere(body), block, draws) + corner
    if block.place == "deepest":
        distances = depth(body, block.distance)
        return _one(np.argwhere(distances == distances.max()), block, draws) + corner
    places = np.argwhere(body) if block.place == "centroid" else tight(body).reshape(2, -1)
    middle = (places + corner).mean(axis=0).round()
    return nearest(middle - corner, body)[None] + corner


def _one(places: np.ndarray, block: Start, draws: Draws) -> np.ndarray:
    """One of equally deep places."""
    index = draws.random.randint(0, len(places)) if block.ties == "random" else 0
    return places[index : index + 1]


def _drawn(places: np.ndarray, block: Start, draws: Draws) -> np.ndarray:
    """So many of the places, each once; where there are fewer, all, and again some of them or not."""
    return places[_indices(len(places), block.points, block.few, draws)]


def _indices(n: int, wanted: int, few: str, draws: Draws) -> np.ndarray:
    if n < wanted and few == "repeat":
        return np.concatenate([np.arange(n), draws.random.choice(n, size=wanted - n, replace=True)])
    return draws.random.choice(n, size=min(n, wanted), replace=False)


def beside(mask: np.ndarray, block: Start, draws: Draws) -> np.ndarray:
    """(n, 2) int (y, x): random points near an (h, w) bool object, three to five pixels outside it: in its dilation by
    a disk of radius 2 and then one of radius 3, but not in the first of them."""
    near = binary_dilation(mask, disk(_NEAR))
    places = np.argwhere(binary_dilation(near, disk(_FAR)) & ~near)
    return places[_indices(len(places), block.background, "fewer", draws)]
