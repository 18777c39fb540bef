"""Components of masks in three dimensions, found slice by slice: the volume is never in memory as a whole."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack

_CROSS = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]
_SQUARE = [*_CROSS, (-1, -1), (-1, 1), (1, -1), (1, 1)]
# Neighbours of a voxel: how many in its slice, and the shifts (y, x) that lead to those in the slice after it.
_NEIGHBOURS = {6: (4, _CROSS[:1]), 18: (8, _CROSS), 26: (8, _SQUARE)}


class Components:
    """The components of a mask, numbered from 0 in the order of their first voxels (z, y, x).

    Args:
        connectivity: neighbours of a voxel: 6, 18 or 26.
    """

    def __init__(self, stack: MaskStack, connectivity: int = 26):
        self._stack = stack
        self._plane, self._shifts = _NEIGHBOURS[connectivity]
        _, y0, x0, _, y1, x1 = stack.box() if stack.codes else (0,) * 6
        self._part = slice(y0, y1 + 1), slice(x0, x1 + 1)  # of each slice; around it nothing needs a look
        self._numbers: list[np.ndarray] = []  # for each slice with the mask, the component of each of its pieces
        areas: list[np.ndarray] = []
        parents: list[int] = []
        before: tuple[int, int, np.ndarray] | None = None  # a slice, its first piece among all, its pieces
        for z, pieces in self._slices():
            start = len(parents)
            areas.append(np.bincount(pieces.ravel())[1:])
            parents.extend(range(start, start + len(areas[-1])))
            if before is not None and before[0] == z - 1:
                for one, other in _touching(before[2], pieces, self._shifts):
                    _join(parents, before[1] + one - 1, start + other - 1)
            before = z, start, pieces
        roots = [_root(parents, piece) for piece in range(len(parents))]
        _, numbers = np.unique(roots, return_inverse=True)
        ends = np.cumsum([len(part) for part in areas])
        self._numbers = np.split(numbers, ends[:-1]) if areas else []
        weights = np.concatenate(areas) if areas else np.zeros(0, int)
        self._voxels: list[int] = np.bincount(numbers, weights).astype(int).tolist() if areas else []

    def __len__(self) -> int:
        return len(self._voxels)

    def largest_first(self, least: int = 1) -> list[MaskStack]:
        """Those of at least so many voxels; of equal ones the one with the lower number leads."""
        chosen = [number for number, voxels in enumerate(self._voxels) if voxels >= least]
        codes: dict[int, dict[int, dict[str, Any]]] = {number: {} for number in chosen}
        for (z, pieces), numbers in zip(self._slices(), self._numbers, strict=True):
            component = np.append(-1, numbers)[pieces]
            for number in codes.keys() & set(numbers.tolist()):
                mask = np.zeros(self._stack.shape[1:], bool)
                mask[self._part] = component == number
                codes[number][z] = encode(mask)
        order = sorted(chosen, key=lambda number: -self._voxels[number])
        return [MaskStack(self._stack.shape, codes[number]) for number in order]

    def _slices(self) -> Iterator[tuple[int, np.ndarray]]:
        """Number of each slice with the mask, and the pieces in its part: int32, counted from 1 by first pixels."""
        for z, mask in self._stack:
            count, labels = cv2.connectedComponents(mask[self._part].astype(np.uint8), connectivity=self._plane)
            if count > 2:  # labels need not follow the order of pixels
                where = np.flatnonzero(labels)[::-1]
                first = np.zeros(count, np.int64)
                first[labels.ravel()[where]] = where  # what is written last counts
                rank = np.zeros(count, np.int32)
                rank[1 + np.argsort(first[1:])] = np.arange(1, count)
                labels = rank[labels]
            yield z, labels


def _touching(before: np.ndarray, after: np.ndarray, shifts: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Pairs of pieces of two neighbouring slices that are neighbours."""
    height, width = after.shape
    pairs: set[tuple[int, int]] = set()
    for dy, dx in shifts:
        one = before[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
        other = after[max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
        both = (one > 0) & (other > 0)
        keys = one[both].astype(np.int64) << 32 | other[both]
        keys = np.unique(keys[np.append(True, np.diff(keys) != 0)[: len(keys)]])  # runs of equal ones are long
        pairs.update(zip((keys >> 32).tolist(), (keys & 0xFFFFFFFF).tolist(), strict=True))
    return pairs


def _root(parents: list[int], piece: int) -> int:
    while parents[piece] != piece:
        parents[piece] = parents[parents[piece]]
        piece = parents[piece]
    return piece


def _join(parents: list[int], one: int, other: int) -> None:
    """The earlier piece leads, so that components are numbered by their first voxels."""
    first, second = sorted((_root(parents, one), _root(parents, other)))
    parents[second] = first
