"""Prompts that are a little off: boxes and points that moved, and other draws among equally deep pixels.

Kinds of change: `box_jitter` moves each side of a box; `point_offset` moves a point from the deepest pixel towards the
border of the object; `line_shift` moves a scribble or a lasso; `seed` draws again which of several equally deep pixels
is clicked, and which lines are drawn by chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from promptseg.core import masks
from promptseg.core.randomness import generator
from promptseg.core.vocabulary import BOX_MODES, DRAWN_MODES, LINE_MODES, POINT_MODES
from promptseg.prompts.modes import PromptSettings, make_prompts, pick

Box = tuple[int, int, int, int]
Point = tuple[int, int]


@dataclass(frozen=True)
class Changes:
    """What is asked besides the exact prompts, which always are; see `robustness:` of the configuration."""

    modes: Sequence[str]
    box_jitter: Sequence[float]
    point_offset: Sequence[float]
    seeds: Sequence[int]
    line_shift: Sequence[float] = ()


class Change(NamedTuple):
    """One way in which prompts are not exact."""

    kind: str
    amount: float
    seed: int

    @property
    def exact(self) -> bool:
        """Whether nothing is changed."""
        return self.kind != "seed" and self.amount == 0


def jittered_box(box: Box, amount: float, shape: tuple[int, int], rng: np.random.Generator) -> Box:
    """A box whose sides moved, each by itself, by up to a share of the box's width or height.

    Args:
        box: XYXY, inclusive pixels, inside the image.
        amount: largest move as a share; the moves of one state of `rng` grow with it in proportion.
        shape: (h, w) of the image.

    Returns:
        XYXY, inclusive pixels: clipped to the image, and never empty, for two sides that would cross are exchanged.
    """
    sides = np.array(box)
    size = sides[2:] - sides[:2] + 1
    moved = sides + np.rint(rng.uniform(-amount, amount, 4) * np.tile(size, 2)).astype(int)
    return clipped_box(moved, shape)


def clipped_box(sides: np.ndarray, shape: tuple[int, int]) -> Box:
    """Sides (x0, y0, x1, y1), whole numbers, as a box in an image of (h, w): two that would cross are exchanged."""
    corners = np.sort(np.clip(sides.reshape(2, 2), 0, np.array(shape)[::-1] - 1), axis=0)
    x0, y0, x1, y1 = corners.astype(int).ravel().tolist()
    return x0, y0, x1, y1


def offset_point(point: Point, amount: float, mask: np.ndarray, seed: int, *keys: str | int) -> Point:
    """A point that moved towards the nearest pixel outside the object by a share of the way, and stays on the object.

    Args:
        point: (x, y), on the object.
        amount: share of the way, at least 0 and below 1; fractions of pixels are dropped.
        mask: (h, w) bool object; what lies outside the image counts as outside the object.
        seed, keys: decide which way it goes where several pixels are nearest, see `pick`.
    """
    outside = ~np.pad(mask, 1)
    rows, columns = np.ogrid[-1 : mask.shape[0] + 1, -1 : mask.shape[1] + 1]
    squared = np.where(outside, (rows - point[1]) ** 2 + (columns - point[0]) ** 2, np.iinfo(np.int64).max)
    nearest = np.argwhere(squared == squared.min())[:, ::-1] - 1
    # As all outside pixels are at least as far away as the nearest, whatever is closer than it is on the object.
    way = np.array(pick(nearest, "random", seed, *keys, "way")) - point
    x, y = (np.array(point) + np.trunc(amount * way).astype(int)).tolist()
    return x, y


def shifted_line(line: Sequence[Sequence[int]], move: np.ndarray, shape: tuple[int, int]) -> list[list[int]]:
    """A line of (x, y) pixels that moved by (2,) pixels; what would leave the image of shape (h, w) lies on its rim."""
    return np.clip(np.array(line) + np.rint(move).astype(int), 0, np.array(shape)[::-1] - 1).tolist()


def _shifted(row: Mapping[str, Any], move: np.ndarray, shape: tuple[int, int]) -> dict[str, Any]:
    """A row of prompts.tables.LINES whose lines all moved alike."""
    if row.get("lasso") is not None:
        return {**row, "lasso": shifted_line(row["lasso"], move, shape)}
    lines = [{**one, "line": shifted_line(one["line"], move, shape)} for one in row["scribbles"]]
    return {**row, "scribbles": lines}


def variants(
    object_id: str, mask: np.ndarray, changes: Changes, settings: PromptSettings
) -> Iterator[tuple[str, Change, dict[str, Any]]]:
    """All prompts of one object.

    Args:
        mask: (h, w) bool, not empty.
        settings: those of the unchanged prompts, see `make_prompts`.

    Yields:
        Mode, change and row of prompts.tables.PROMPTS: for each box mode all amounts of `box_jitter`, for each point
        mode all of `point_offset`, for each mode of lines all of `line_shift` (0 included), for every seed; and with
        every seed as that of the prompts themselves the modes that have something drawn: points, and some lines.
    """
    exact = {row["mode"]: row for row in make_prompts(object_id, mask, changes.modes, settings)}
    largest = masks.components(mask, settings.max_components, settings.equal_components)
    parts = [component.mask for component in largest]
    for mode, row in exact.items():
        if mode in BOX_MODES:
            whole = "object" if mode == "mode5" else "component"  # the box of mode 3 is the first of mode 4
            for own, amount in _product(changes.seeds, changes.box_jitter):
                boxes = [
                    jittered_box(box, amount, mask.shape, generator(own, object_id, "box", whole, index))
                    for index, box in enumerate(row["boxes"])
                ]
                yield mode, Change("box_jitter", amount, own), {**row, "boxes": boxes}
        if mode in POINT_MODES:
            for own, amount in _product(changes.seeds, changes.point_offset):
                points = [
                    offset_point(point, amount, part, own, object_id, "point", index)
                    for index, (point, part) in enumerate(zip(row["points"], parts, strict=False))
                ]
                yield mode, Change("point_offset", amount, own), {**row, "points": points}
        if mode in LINE_MODES:
            for own, amount in _product(changes.seeds, changes.line_shift):
                angle = generator(own, object_id, mode, "shift").uniform(0, 2 * np.pi)
                move = amount * np.array([np.cos(angle), np.sin(angle)])
                yield mode, Change("line_shift", amount, own), _shifted(row, move, mask.shape)
        if mode in (*POINT_MODES, *DRAWN_MODES):
            for own in changes.seeds:
                (other,) = make_prompts(object_id, mask, [mode], replace(settings, tie_break="random", seed=own))
                yield mode, Change("seed", 0.0, own), other


def _product(seeds: Sequence[int], amounts: Sequence[float]) -> Iterator[tuple[int, float]]:
    return ((seed, amount) for seed in seeds for amount in sorted({0.0, *map(float, amounts)}))
