"""Scribbles and lassos cut from the truth: what a user draws who does not click.

Scribbles lie on the object's largest component, all of what the brush covers: where the brush is too wide for it, a
narrower one is taken. Kinds of scribbles as of ScribblePrompt (Wong et al., ECCV 2024, section 4.1): a centre-line, a
line drawn anywhere, a part of the contour; the drawing is our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np

from promptseg.core import masks
from promptseg.core.lines import Scribble, brush, drawn
from promptseg.core.randomness import generator
from promptseg.core.vocabulary import LASSO

# The eight neighbours (x, y) of a pixel, and their directions.
_STEPS = np.array([(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y])
_DIRECTIONS = _STEPS / np.hypot(*_STEPS.T)[:, None]
_STRAIGHT, _TURN = 4.0, 0.3  # how much a walk prefers its heading, and how fast that follows the steps
_ROOM = 0.5  # share of a component that a brush must be able to cover


@dataclass(frozen=True)
class LineSettings:
    """How lines are drawn.

    Attributes:
        width: of the brush in pixels, odd.
        walk: length of the random walk, as a share of the longer side of the component's box.
        arcs, arc: how many arcs of the contour are drawn, and which share of it they are together.
        margin: how far a lasso stays away from the object, as a share of the square root of its area.
    """

    width: int = 3
    walk: float = 1.0
    arcs: int = 2
    arc: float = 0.5
    margin: float = 0.1

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "LineSettings":
        """Those of `prompts.scribbles` and `prompts.lasso`, whatever else they say."""
        return cls(**{field.name: settings[field.name] for field in fields(cls) if field.name in settings})


def draw(object_id: str, mask: np.ndarray, mode: str, settings: LineSettings, seed: int, equal: str) -> dict[str, Any]:
    """What a user draws of an object: `scribbles` or `lasso` of a row of prompts.tables.PROMPTS.

    Args:
        mask: (h, w) bool, not empty.
        mode: one of `vocabulary.LINE_MODES`.
        seed: with the object and the mode it decides what is drawn.
        equal: which of several components of equal area is scribbled on, see `masks.components`.
    """
    if mode == LASSO:
        return {"lasso": lasso(mask, settings.margin).tolist()}
    part = masks.components(mask, 1, equal)[0].mask
    rng = generator(seed, object_id, mode)
    if mode == "scribble_centre":
        lines, width = [centre(part)], settings.width
    else:
        room, width = _room(part, settings.width)
        if mode == "scribble_walk":
            x0, y0, x1, y1 = masks.tight_box(part)
            lines = [walk(room, settings.walk * (max(x1 - x0, y1 - y0) + 1), rng)]
        else:
            lines = contour(room, settings.arcs, settings.arc, rng)
    return {"scribbles": [{"line": line.tolist(), "label": 1, "width": _fitting(line, part, width)} for line in lines]}


def _fitting(line: np.ndarray, part: np.ndarray, width: int) -> int:
    """The widest brush up to a width that covers nothing but the component along a line."""
    return next(w for w in range(width, 0, -2) if not (drawn([Scribble(line, 1, w)], part.shape) & ~part).any())


def _room(part: np.ndarray, width: int) -> tuple[np.ndarray, int]:
    """(h, w) bool: where the middle of a brush may go so that it stays on a component; and the width of that brush.

    The brush is the widest, up to `width`, that can cover half of the component from there.
    """
    for narrower in range(width, 1, -2):
        where = cv2.erode(part.astype(np.uint8), brush(narrower)).astype(bool)
        if where.any():
            room = masks.components(where, 1)[0].mask
            if cv2.dilate(room.astype(np.uint8), brush(narrower)).sum() >= _ROOM * part.sum():
                return room, narrower
    return part, 1


def centre(part: np.ndarray) -> np.ndarray:
    """(n, 2) int32 (x, y): the longest path through the skeleton of an (h, w) bool component.

    Longest among the shortest ways between two of its pixels; in a skeleton with loops, which has holes to go around,
    found by two sweeps: the pixel furthest from the first, and the one furthest from that.
    """
    from scipy.sparse.csgraph import dijkstra
    from skimage.morphology import skeletonize

    x0, y0, x1, y1 = masks.tight_box(part)
    thin = skeletonize(np.pad(part[y0 : y1 + 1, x0 : x1 + 1], 1))
    rows, columns = np.nonzero(thin)
    graph = _graph(thin)
    first = _furthest(dijkstra(graph, indices=0))
    ways, before = dijkstra(graph, indices=first, return_predecessors=True)
    path = [_furthest(ways)]
    while path[-1] != first:
        path.append(int(before[path[-1]]))
    return np.stack([columns[path] + x0 - 1, rows[path] + y0 - 1], axis=1).astype(np.int32)


def _graph(thin: np.ndarray) -> Any:
    """Sparse (n, n) distances between neighbouring pixels of a skeleton, in row-major order; its rim is empty."""
    from scipy.sparse import coo_array

    number = np.full(thin.shape, -1)
    number[thin] = np.arange(thin.sum())
    ends = []
    for (x, y), length in zip(_STEPS, np.hypot(*_STEPS.T), strict=True):
        other = np.roll(number, (-y, -x), (0, 1))
        joined = thin & (other >= 0)
        ends.append((number[joined], other[joined], np.full(joined.sum(), length)))
    start, end, length = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    return coo_array((length, (start, end)), shape=(thin.sum(),) * 2).tocsr()


def _furthest(ways: np.ndarray) -> int:
    """The first of the pixels that are furthest away; lengths are rounded, so that equal ones are equal."""
    return int(np.where(np.isfinite(ways), np.round(ways, 6), -1).argmax())


def walk(room: np.ndarray, length: float, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) int32 (x, y): a walk from neighbour to neighbour, which prefers to go on as it went.

    Args:
        room: (h, w) bool, where it may go, connected.
        length: in pixels, about.
    """
    free = np.pad(room, 1)
    starts = np.argwhere(free)[:, ::-1]
    path = [starts[rng.integers(len(starts))]]
    angle = rng.uniform(0, 2 * np.pi)
    heading, gone = np.array([np.cos(angle), np.sin(angle)]), 1.0
    while gone < length:
        x, y = (path[-1] + _STEPS).T
        open_ways = np.flatnonzero(free[y, x])
        if not len(open_ways):
            break
        liked = np.cumsum(np.exp(_STRAIGHT * (_DIRECTIONS[open_ways] @ heading)))
        step = open_ways[min(np.searchsorted(liked, rng.random() * liked[-1], side="right"), len(liked) - 1)]
        path.append(path[-1] + _STEPS[step])
        gone += float(np.hypot(*_STEPS[step]))
        heading = (1 - _TURN) * heading + _TURN * _DIRECTIONS[step]
        heading /= max(float(np.hypot(*heading)), 1e-9)
    return np.array(path, np.int32) - 1


def contour(room: np.ndarray, arcs: int, share: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Arcs, each (n, 2) int32 (x, y), of the outer contour of an (h, w) bool component: holes have none.

    The contour begins at a pixel that is drawn and is cut into equally many pixels for each arc.
    """
    (line,), _ = cv2.findContours(room.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    around = line[:, 0].astype(np.int32)
    total, begin = len(around), int(rng.integers(len(around)))
    number = min(arcs, total)
    count = max(1, round(share * total / number))
    starts = [begin + index * total // number for index in range(number)]
    return [around[np.arange(start, start + count) % total] for start in starts]


def lasso(mask: np.ndarray, margin: float) -> np.ndarray:
    """(n, 2) int32 (x, y): one closed curve around all of an (h, w) bool object, inside the image.

    It is the contour of all pixels within a distance of the object, at least one pixel; where these are in several
    pieces, of their convex hull.

    Args:
        margin: that distance, as a share of the square root of the object's area.
    """
    reach = max(1, round(margin * float(np.sqrt(mask.sum()))))
    x0, y0, x1, y1 = masks.tight_box(mask)
    rim = reach + 1
    near = np.pad(mask[y0 : y1 + 1, x0 : x1 + 1], rim)
    squares = np.square(cv2.distanceTransform((~near).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    # Whole numbers, see modes.depth. A rim of the image's own size keeps coordinates simple.
    around = np.zeros(np.array(mask.shape) + 2 * rim, np.uint8)
    around[y0 : y1 + 2 * rim + 1, x0 : x1 + 2 * rim + 1] = np.rint(squares) <= reach**2
    around = np.ascontiguousarray(around[rim:-rim, rim:-rim])
    curves, _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if len(curves) > 1:
        cv2.fillConvexPoly(around, cv2.convexHull(np.concatenate(curves)), 1)
        curves, _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return curves[0][:, 0].astype(np.int32)
