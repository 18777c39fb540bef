"""The first prompt of a preset."""

import numpy as np

from promptseg.protocols.blocks import Start
from promptseg.protocols.boxes import moved, tight
from promptseg.protocols.draws import Draws
from promptseg.protocols.lines import longest_diameter, square_of
from promptseg.protocols.points import beside, parts_of, points_of, voxels_of
from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.slices import VOLUME, prompted


def first_prompt(scene: Scene, block: Start, draws: Draws) -> Shown | None:
    """What is shown of an object at first; None if that is nothing."""
    truth = scene.truth
    if block.prompt == "none" or not truth.any():
        return None
    if block.slices == VOLUME:
        shown = _of_volume(truth, block, draws)
    else:
        slices = prompted(truth, block.slices, block.count)
        if block.prompt == "mask":
            shown = Shown(masks={z: truth[z] for z in slices})
        elif block.prompt == "box":
            shown = Shown(boxes=_boxes(truth, slices, block, draws))
        else:
            shown = _points(truth, slices, block, draws)
    if block.extent:
        z = np.flatnonzero(truth.any(axis=(1, 2)))
        shown = Shown(shown.points, shown.labels, shown.boxes, shown.masks, (int(z[0]), int(z[-1])))
    return shown


def _of_volume(truth: np.ndarray, block: Start, draws: Draws) -> Shown:
    """One prompt of the whole body."""
    if block.prompt == "mask":
        return Shown(masks={z: mask for z, mask in enumerate(truth) if mask.any()})
    if block.prompt == "point":
        return Shown.clicks(voxels_of(truth, block, draws), 1)
    z0, y0, x0, z1, y1, x1 = tight(truth)
    y0, x0, y1, x1 = moved(np.array([y0, x0, y1, x1]), truth.shape[1:], block, draws)
    return Shown(boxes=np.array([[z0, y0, x0, z1, y1, x1]], np.int32))


def _boxes(truth: np.ndarray, slices: list[int], block: Start, draws: Draws) -> np.ndarray:
    """(m, 6) int32: the boxes of each slice."""
    pairs = [(z, moved(box, truth.shape[1:], block, draws)) for z in slices for box in _around(truth, z, block)]
    where, found = np.array([z for z, _ in pairs]), np.array([box for _, box in pairs])
    if block.between == "linear":
        where, found = interpolated(where, found)
    # Sides that were moved past each other change places.
    ends, z = np.sort(found.reshape(-1, 2, 2), axis=1), where[:, None]
    return np.concatenate([z, ends[:, 0], z, ends[:, 1]], axis=1).astype(np.int32)


def _around(truth: np.ndarray, z: int, block: Start) -> list[np.ndarray]:
    """The boxes (y0, x0, y1, x1), inclusive, of a slice."""
    if block.around == "volume":
        return [tight(truth)[[1, 2, 4, 5]]]
    if block.target == "line":
        return [square_of(longest_diameter(truth[z]))]
    return [tight(body) for body in parts_of(truth[z], block)]


def _points(truth: np.ndarray, slices: list[int], block: Start, draws: Draws) -> Shown:
    """The points of each slice; those beside the object come after those on it."""
    inside, outside = [], []
    for z in slices:
        inside.append(_at(z, np.rint(points_of(truth[z], block, draws))))
        if block.background:
            outside.append(_at(z, beside(truth[z], block, draws)))
    places = np.concatenate(inside)
    if block.between == "linear":
        places = np.column_stack(interpolated(places[:, 0], places[:, 1:]))
    labels = np.repeat([1, 0], [len(places), sum(map(len, outside))])
    return Shown.clicks(np.concatenate([places, *outside]), labels)


def _at(z: int, places: np.ndarray) -> np.ndarray:
    """(n, 3) (z, y, x) of places (y, x) in a slice."""
    return np.column_stack([np.full(len(places), z), places])


def interpolated(z: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slices from the first to the last of `z`, and (n, k) int values on each of them, linear between those that are
    known, rounded half to even (MIC-DKFZ/radioactive 1796386, prompts/prompt_utils.py, interpolate_points).

    Args:
        z: (m,) int, one slice each, in order.
        values: (m, k).
    """
    between = np.arange(z[0], z[-1] + 1)
    found = np.column_stack([np.interp(between, z, column) for column in values.T])
    return between, found.round().astype(int)
