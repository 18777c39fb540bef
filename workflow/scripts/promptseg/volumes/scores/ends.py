"""What a mask does at the ends of an object: how far it goes beyond them, and how much of them it leaves out."""

from typing import Any

import numpy as np

from promptseg.volumes.scores.comparison import VolumeComparison


def end_scores(masks: VolumeComparison, window: tuple[int, int], given: bool) -> dict[str, Any]:
    """The columns of VOLUME_SCORES from `slice_dice` to `truncated`.

    Args:
        window: first and last slice that were to be answered.
        given: whether the user told the ends of the object, so that the mask was cut there.
    """
    grid, there = masks.truth.grid, masks.truth.areas > 0
    found = np.flatnonzero(masks.by_slice)
    z0, z1 = (int(np.flatnonzero(there)[end]) for end in (0, -1))
    dice = slice_dice(masks)
    beyond = np.r_[0:z0, z1 + 1 : len(there)]
    reaches_both_ends = not len(beyond)
    return {
        "slice_dice": float(dice[there].mean()),
        "end_slice_dice": float(dice[[z0, z1]].mean()),
        **_overrun(masks, found, z0, z1),
        "overrun_ml": None if reaches_both_ends else _volume_in(masks, beyond),
        **_short(masks, found[(found >= z0) & (found <= z1)], z0, z1),
        "false_slices": int((~there[found]).sum()),
        "n_empty": int((~there[window[0] : window[1] + 1]).sum()),
        "truncated": None if given else _truncated(found, window, grid.shape[0]),
    }


def slice_dice(masks: VolumeComparison) -> np.ndarray:
    """(d,) Dice of each slice; NaN where neither object nor mask is in it."""
    total = masks.truth.areas + masks.by_slice
    return np.where(total > 0, 2 * masks.common_by_slice / np.maximum(total, 1), np.nan)


def _overrun(masks: VolumeComparison, found: np.ndarray, z0: int, z1: int) -> dict[str, Any]:
    """An end at which the object leaves the volume has none: null, not 0."""
    grid = masks.truth.grid
    first, last = (int(found[0]), int(found[-1])) if len(found) else (z0, z1)
    ends = [(z0, min(first, z0), z0 > 0), (z1, max(last, z1), z1 < grid.shape[0] - 1)]
    low, high = (grid.along(end, outermost) if possible else None for end, outermost, possible in ends)
    slices = [abs(end - outermost) for end, outermost, possible in ends if possible]
    known = [length for length in (low, high) if length is not None]
    return {
        "overrun_low_mm": low,
        "overrun_high_mm": high,
        "overrun_mm": sum(known) if known else None,
        "overrun_slices": sum(slices) if slices else None,
    }


def _volume_in(masks: VolumeComparison, slices: np.ndarray) -> float | None:
    areas = np.zeros_like(masks.by_slice)
    areas[slices] = masks.by_slice[slices]
    return masks.truth.grid.millilitres(areas)


def _short(masks: VolumeComparison, inside: np.ndarray, z0: int, z1: int) -> dict[str, Any]:
    """Args: inside: slices with a mask from the object's first to its last one."""
    grid = masks.truth.grid
    if not len(inside):
        return {"short_mm": grid.geometry.length(z0, z1), "short_slices": z1 - z0 + 1}
    lengths = grid.along(z0, int(inside[0])), grid.along(int(inside[-1]), z1)
    known = [length for length in lengths if length is not None]
    return {"short_mm": sum(known) if known else None, "short_slices": int(inside[0] - z0 + z1 - inside[-1])}


def _truncated(found: np.ndarray, window: tuple[int, int], depth: int) -> bool:
    """Whether it might have gone on: it reaches an end of the window that is not one of the volume."""
    first, last = window
    return bool((first > 0 and first in found) or (last < depth - 1 and last in found))
