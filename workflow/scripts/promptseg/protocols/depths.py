"""The deepest voxels of a region, as the blocks of a preset measure depth."""

from collections.abc import Iterable

import numpy as np
from scipy.ndimage import distance_transform_edt

from promptseg.prompts.modes import depth
from promptseg.volumes.routes.deepest import search

Sampling = tuple[float, float, float] | None


def box_of(body: np.ndarray, grown: int = 0) -> tuple[slice, slice, slice]:
    """The box around a (d, h, w) bool body, which is not empty, grown on all sides as far as the array goes."""
    parts = []
    for axis in range(3):
        here = np.flatnonzero(body.any(axis=tuple({0, 1, 2} - {axis})))
        parts.append(slice(max(0, int(here[0]) - grown), min(body.shape[axis], int(here[-1]) + 1 + grown)))
    return parts[0], parts[1], parts[2]


def placed(body: np.ndarray, corner: Iterable[int], shape: tuple[int, ...]) -> np.ndarray:
    """An array with a corner at some place in zeros of a shape."""
    whole = np.zeros(shape, body.dtype)
    whole[tuple(slice(start, start + n) for start, n in zip(corner, body.shape, strict=True))] = body
    return whole


def deepest_voxels(
    body: np.ndarray, *, image: bool, sampling: Sampling = None, border: str = "background", without: np.ndarray
) -> tuple[np.ndarray, float]:
    """(n, 3) int (z, y, x), in C order, of the voxels of a body that are farthest from a voxel outside it, and the
    square of that distance, 0 where there is none.

    Args:
        body: (d, h, w) bool; with `border: object` with all voxels around it that the volume has.
        image: there is no third axis: distances lie in the plane.
        sampling: (z, y, x) size of a voxel; None for distances in voxels.
        border: whether what lies beyond the array counts as `background`, or as part of the `object`.
        without: (m, 3) int voxels that do not count.
    """
    if not body.any():
        return np.zeros((0, 3), int), 0.0
    if border == "background" and not image:
        voxels, square = search(body, sampling, without)
        return (voxels, square) if square else (voxels[:0], 0.0)
    if border == "background" and sampling is None:
        distances = depth(body[0], "exact")[None]
    else:
        distances = transform(body, image=image, sampling=sampling, border=border)
    distances[tuple(without.T)] = 0
    best = float(distances.max())
    return (np.argwhere(distances == best), best**2) if best else (np.zeros((0, 3), int), 0.0)


def transform(body: np.ndarray, *, image: bool, sampling: Sampling = None, border: str = "object") -> np.ndarray:
    """(d, h, w) float64: distances of the voxels of a body to the nearest one outside it, by SciPy; see
    `deepest_voxels`. Where nothing lies outside all are 1."""
    if border == "object" and body.all():
        return np.ones(body.shape)
    around = 0 if border == "object" else 1
    padded = np.pad(body[0] if image else body, around)
    step = sampling and (sampling[1:] if image else sampling)
    found: np.ndarray = distance_transform_edt(padded, sampling=step)
    inner = found[(slice(around, -around or None),) * found.ndim]
    return inner[None] if image else inner
