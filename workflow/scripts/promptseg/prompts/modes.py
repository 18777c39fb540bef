"""Points and boxes cut from the truth, for the five modes of the study and for the first click.

Source: Mazurowski et al., MedIA 89:102918 (2023), section 2.2, and the released script for single prompts.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

from promptseg.core import masks
from promptseg.core.parquet import read_schema
from promptseg.core.progress import progress
from promptseg.core.randomness import generator
from promptseg.core.tables import Table, open_table, read_table
from promptseg.core.vocabulary import (
    ALL_MODES,
    BOX_MODES,
    EVERYTHING,
    ITERATIVE,
    LASSO,
    LINE_MODES,
    SCRIBBLE_MODES,
)
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.lines import LineSettings, draw
from promptseg.prompts.tables import LINES, PROMPTS

Distance: TypeAlias = Literal["exact", "chamfer5"]
_NEEDED = {**dict.fromkeys(SCRIBBLE_MODES, "scribble"), LASSO: LASSO, EVERYTHING: EVERYTHING}
_MASK_SIZES = {"exact": cv2.DIST_MASK_PRECISE, "chamfer5": cv2.DIST_MASK_5}
_SHORTEST, _LONGEST = 0.982, 1.0194  # approximate distances as multiples of exact ones, see `deepest_in`


def needed(mode: str) -> str:
    """The type of prompt of a mode, one of those that methods take."""
    return _NEEDED.get(mode, "box" if mode in BOX_MODES else "point")


def applies(mode: str, prompt_types: Collection[str], max_points: int | None = None) -> bool:
    """Whether a mode can be run by a method that takes these prompt types, and at most so many points at once."""
    # A point in each component: of a method that takes one, objects in one piece would be answered and no others.
    return needed(mode) in prompt_types and not (mode == "mode2" and max_points == 1)


def depth(mask: np.ndarray, distance: Distance = "chamfer5") -> np.ndarray:
    """Distance of every pixel of an (h, w) bool mask to the nearest pixel outside it, float32 pixels.

    Outside the image counts as outside the mask.

    Args:
        distance: `exact`: Euclidean, as in the clicker of RITM's authors. `chamfer5`: its approximation by steps of 1,
            1.4 and 2.1969 pixels (OpenCV's mask size 5), as in the study.
    """
    result = np.zeros(mask.shape, np.float32)
    if mask.any():
        # Every path out of the mask crosses the ring around its box, so the box alone gives the same distances.
        x0, y0, x1, y1 = masks.tight_box(mask)
        result[y0 : y1 + 1, x0 : x1 + 1] = _to_zeros(ringed(mask[y0 : y1 + 1, x0 : x1 + 1]), distance)[1:-1, 1:-1]
    return result


def ringed(mask: np.ndarray) -> np.ndarray:
    """(h + 2, w + 2) uint8 of an (h, w) bool mask, with zeros around it."""
    return cv2.copyMakeBorder(mask.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)


def _to_zeros(inside: np.ndarray, distance: Distance) -> np.ndarray:
    """(h, w) float32: how far each pixel of (h, w) uint8 is from the nearest zero."""
    found = cv2.distanceTransform(inside, cv2.DIST_L2, _MASK_SIZES[distance])
    # OpenCV's last bit of exact distances depends on where its buffer lies in memory (its IPP build), and so would
    # ties. Squares are whole numbers, which float32 tells apart so up to distances of 1,200 pixels.
    return np.sqrt(np.rint(np.square(found))) if distance == "exact" else found


def deepest_pixels(distance: np.ndarray) -> np.ndarray:
    """(n, 2) int (x, y) of all pixels of an (h, w) distance map that share its maximum, in row-major order."""
    rows, columns = np.divmod(np.flatnonzero(distance == distance.max()), distance.shape[1])  # faster than nonzero
    return np.stack([columns, rows], axis=1)


def reach(depth: float) -> int:
    """How many pixels along an axis what determines a depth is away at most, however it was measured."""
    return math.ceil(depth / _SHORTEST)


class Deepest(NamedTuple):
    """The deepest pixels of a region.

    Attributes:
        depth: as in `depth`; 0 where there is none.
        pixels: (n, 2) int (x, y), in row-major order.
    """

    depth: float
    pixels: np.ndarray


def deepest_in(mask: np.ndarray, distance: Distance, without: Collection[tuple[int, int]] = ()) -> Deepest:
    """What `depth` and `deepest_pixels` find in an (h, w) bool mask, for less where distances are exact.

    Steps of the approximate distance lead straight to the nearest pixel outside, so that they are at most 1.0193 and at
    least 0.9824 times as long as the way (at slopes of 0.1969 and of 0 or 1/2): exact distances are needed only where
    the approximate ones are close to the largest.

    Args:
        without: (x, y) of pixels that do not count; others are as deep as they are.
    """
    inside = ringed(mask)
    rough = _to_zeros(inside, "chamfer5")
    for x, y in without:
        rough[y + 1, x + 1] = 0
    most = float(rough.max())
    if most == 0:
        return Deepest(0.0, np.zeros((0, 2), int))
    if distance == "chamfer5":
        return Deepest(most, deepest_pixels(rough) - 1)
    rows, columns = np.divmod(np.flatnonzero(rough >= most * _SHORTEST / _LONGEST), rough.shape[1])
    far = reach(most) + 1
    top, left = max(0, rows.min() - far), max(0, columns.min() - far)
    part = inside[top : rows.max() + far + 1, left : columns.max() + far + 1]
    exact = _to_zeros(np.ascontiguousarray(part), "exact")[rows - top, columns - left]
    best = exact == exact.max()
    return Deepest(float(exact.max()), np.stack([columns[best], rows[best]], axis=1) - 1)


def pick(pixels: np.ndarray, tie_break: str, seed: int, *keys: str | int) -> tuple[int, int]:
    """One (x, y) of the (n, 2) tied pixels.

    Args:
        tie_break: `first` in row-major order, or `random`, drawn from a generator that depends on seed and keys alone.
    """
    index = int(generator(seed, *keys).integers(len(pixels))) if tie_break == "random" else 0
    x, y = pixels[index]
    return int(x), int(y)


@dataclass(frozen=True)
class PromptSettings:
    """How prompts are cut from a mask.

    Attributes:
        max_components: how many components modes 2 and 4 prompt at most.
        tie_break, seed: which of several deepest pixels, see `pick`.
        equal_components: which of several components of equal area comes first, see `masks.components`.
        lines: how scribbles and lassos are drawn.
    """

    max_components: int = 3
    tie_break: str = "random"
    seed: int = 0
    equal_components: str = "first"
    lines: LineSettings = field(default_factory=LineSettings)

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "PromptSettings":
        """What `config.asked` says; what it does not say does not matter for the prompts that are cut."""
        plain = {key: asked[key] for key in ("max_components", "tie_break", "seed", "equal_components") if key in asked}
        return cls(**plain, lines=LineSettings.of(asked.get("lines", {})))


def make_prompts(
    object_id: str, mask: np.ndarray, modes: Sequence[str], settings: PromptSettings
) -> list[dict[str, Any]]:
    """Rows of prompts.tables.PROMPTS for one object.

    mode1: a point in the largest component; mode2: a point in each of the largest components; mode3: the box of the
    largest; mode4: a box for each; mode5: one box around the whole object; iterative: the first click, at the
    deepest pixel of the whole object, by the distance of the study (`points`) and by the exact one (`exact_points`);
    everything: none; scribbles and lassos: see `lines.draw`. Components are 8-connected, boxes XYXY, tight and
    inclusive.

    Args:
        mask: (h, w) bool, not empty.
        modes: a subset of MODES and EVERYTHING.
    """
    tie_break, seed = settings.tie_break, settings.seed
    wanted, whole = set(modes), {"mode5", ITERATIVE, EVERYTHING, *LINE_MODES}
    count = settings.max_components if wanted & {"mode2", "mode4"} else 1
    largest = masks.components(mask, count, settings.equal_components) if wanted - whole else []
    points = [
        pick(deepest_in(component.mask, "chamfer5").pixels, tie_break, seed, object_id, "component", index)
        for index, component in enumerate(largest)
        if wanted & {"mode1", "mode2"}
    ]
    boxes = [masks.tight_box(component.mask) for component in largest]
    distances: tuple[Distance, ...] = ("chamfer5", "exact") if ITERATIVE in wanted else ()
    clicks = [pick(deepest_in(mask, distance).pixels, tie_break, seed, object_id, "click", 1) for distance in distances]
    chosen: dict[str, tuple[list[tuple[int, int]], list[tuple[int, int, int, int]]]] = {
        "mode1": (points[:1], []),
        "mode2": (points, []),
        "mode3": ([], boxes[:1]),
        "mode4": ([], boxes),
        "mode5": ([], [masks.tight_box(mask)]),
        ITERATIVE: (clicks[:1], []),
    }
    rows = []
    for mode in modes:
        points_here, boxes_here = chosen.get(mode, ([], []))
        row = {
            "object_id": object_id,
            "mode": mode,
            "points": points_here,
            "point_labels": [1] * len(points_here),
            "boxes": boxes_here,
            "exact_points": clicks[1:] if mode == ITERATIVE else None,
        }
        if mode in LINE_MODES:
            row |= draw(object_id, mask, mode, settings.lines, seed, settings.equal_components)
        rows.append(row)
    return rows


def write_prompts(stream: ObjectStream, output: Path, settings: PromptSettings, *, lines: bool = False) -> None:
    """Write the prompts of all objects of a dataset (prompts.tables.PROMPTS) in all modes, in the order of its objects.

    Those of modes that a run does without cost nothing, and a mode that is added later finds them there; but lines and
    their columns (prompts.tables.LINES) are there only if they are asked for.
    """
    modes = [mode for mode in ALL_MODES if lines or mode not in LINE_MODES]
    with open_table(output, LINES if lines else PROMPTS) as table:
        for _, objects in progress(stream, len(stream), output.stem, "image"):
            table.gather(
                row for item in objects for row in make_prompts(item.row.object_id, item.mask, modes, settings)
            )


def declared(path: str | Path) -> Table:
    """What a file of prompts was written as: LINES, or PROMPTS if its run asks for no lines."""
    return LINES if set(LINES.names) <= set(read_schema(path).names) else PROMPTS


def read_prompts(path: str | Path, object_ids: Collection[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of prompts.tables.PROMPTS (LINES where it has lines) by object and mode, of some objects."""
    table = read_table(path, declared(path))
    found: dict[str, dict[str, dict[str, Any]]] = {object_id: {} for object_id in object_ids}
    for row in table[table["object_id"].isin(found)].to_dict("records"):
        found[row["object_id"]][row["mode"]] = row
    return found
