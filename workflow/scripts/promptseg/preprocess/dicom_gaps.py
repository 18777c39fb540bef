"""Masks of a complete grid on a DICOM series from which slices were lost."""

import logging
from dataclasses import replace

import numpy as np

from promptseg.preprocess.alignment import align
from promptseg.preprocess.grids import Volume, step_lengths

logger = logging.getLogger(__name__)

_BETWEEN = 0.25  # of a step: how far a slice may lie from its place in the complete grid


def align_to_slices(mask: Volume, like: Volume, geometry: str) -> Volume:
    """`alignment.align`, also for a mask with the slices that the series of `like` lacks: those are left out.

    Raises:
        PromptsegError: see `alignment.align`.
    """
    grid, there = _complete(like)
    if len(there) == grid.shape[2] or sorted(mask.shape) != sorted(grid.shape):
        return align(mask, like, geometry)
    laid = align(mask, grid, geometry)
    logger.warning("%s has slices that %s lacks: they are left out", mask.name, like.name)
    return replace(laid, array=laid.array[:, :, there], affine=like.affine, spacing=like.spacing)


def _complete(like: Volume) -> tuple[Volume, np.ndarray]:
    """The grid of an image with the slices that are missing, and the numbers of those that are there."""
    count = like.shape[2]
    positions = [plane.position for plane in like.planes if plane.position is not None]
    if like.affine is None or count < 3 or len(positions) != count:
        return like, np.arange(count)
    away = np.linalg.norm(np.array(positions) - positions[0], axis=1)
    steps = np.diff(away)
    numbers = away / np.median(steps[steps < 1.5 * steps.min()])
    there = np.rint(numbers).astype(int)
    if there[-1] < count or np.abs(numbers - there).max() > _BETWEEN:
        return like, np.arange(count)
    affine = like.affine.copy()
    affine[:3, 2] *= (count - 1) / there[-1]
    empty = np.broadcast_to(np.uint8(0), (*like.shape[:2], int(there[-1]) + 1))
    return replace(like, array=empty, affine=affine, spacing=step_lengths(affine), planes=()), there
