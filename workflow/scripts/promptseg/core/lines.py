"""Lines that a user draws: scribbles on an object or beside it, and lassos around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np


@dataclass(frozen=True, eq=False)
class Scribble:
    """A line drawn with a round brush.

    Attributes:
        line: (n, 2) int32 (x, y) pixels in the order of drawing, n at least 1; straight from each to the next.
        label: 1 on the object, 0 on the background.
        width: of the brush in pixels, see `brush`.
    """

    line: np.ndarray
    label: int = 1
    width: int = 1

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Scribble":
        """One of a row of prompts.tables.PROMPTS."""
        return cls(points_of(row["line"]), int(row["label"]), int(row["width"]))


def points_of(points: Sequence[Sequence[int]] | np.ndarray) -> np.ndarray:
    """(n, 2) int32 of points as tables keep them."""
    return np.array([list(point) for point in points], np.int32).reshape(-1, 2)


def pixels(line: np.ndarray) -> np.ndarray:
    """(m, 2) int32: all pixels of a line of (n, 2) int32 (x, y) vertices in order, each a neighbour of the next."""
    parts = [line[:1]]
    for start, end in pairwise(line):
        steps = int(np.abs(end - start).max())
        shares = np.arange(1, steps + 1)[:, None] / max(steps, 1)
        parts.append(np.floor(start + shares * (end - start) + 0.5).astype(np.int32))
    return np.concatenate(parts).astype(np.int32)


def closed(curve: np.ndarray) -> np.ndarray:
    """(n + 1, 2): a lasso's (n, 2) vertices with the way back to the first."""
    return np.concatenate([curve, curve[:1]])


def brush(width: int) -> np.ndarray:
    """(w, w) uint8: the pixels under a round brush, those closer to its middle than half its width; w is odd."""
    reach = (width - 1) // 2
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return (4 * (x**2 + y**2) < width**2).astype(np.uint8)


def drawn(lines: Sequence[Scribble], shape: tuple[int, int], label: int = 1, width: int | None = None) -> np.ndarray:
    """(h, w) bool: what the scribbles with a label cover of an image of shape (h, w).

    Args:
        width: of the brush in pixels, odd; None for that of each scribble.
    """
    found = np.zeros(shape, bool)
    for scribble in lines:
        if scribble.label == label:
            x, y = pixels(scribble.line).T
            thin = np.zeros(shape, np.uint8)
            thin[y, x] = 1
            found |= cv2.dilate(thin, brush(width or scribble.width)).astype(bool)
    return found


def filled(curve: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) bool: the inside of a lasso of (n, 2) int32 (x, y) vertices, and the curve itself."""
    found = np.zeros(shape, np.uint8)
    cv2.fillPoly(found, [pixels(closed(curve))], 1)
    return found.astype(bool)


def along(line: np.ndarray, count: int) -> np.ndarray:
    """At most (count, 2) int32 pixels, evenly spaced: the middles of so many equally long parts of a line.

    A pixel is taken once, be it that the line is short or comes back.

    Args:
        line: (n, 2) int32 (x, y) vertices.
    """
    path = pixels(line)
    way = np.r_[0, np.cumsum(np.hypot(*np.diff(path, axis=0).T))]
    places = (np.arange(count) + 0.5) / count * way[-1]
    nearest = np.abs(way[:, None] - places).argmin(axis=0)
    taken = path[np.unique(nearest)]
    return taken[np.sort(np.unique(taken, axis=0, return_index=True)[1])]
