"""From a few slices to those between: contours by shape-based interpolation, boxes and points in straight lines.

Contours: Raya and Udupa, IEEE TMI 9:32 (1990). Every contour becomes a map of signed distances to its border, positive
inside; the maps of two neighbours are mixed linearly, and what is not negative is the object.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack, around
from promptseg.methods.base import Prompt
from promptseg.methods.volume import SlicePrompt

# Relative to the distance of two slices: what rounding makes of a pixel on the border.
_ROUNDING = 1e-9


def interpolate(
    contours: MaskStack, known: Sequence[int], positions: Sequence[float], pixel: tuple[float, float] = (1.0, 1.0)
) -> MaskStack:
    """The contours with the slices between them filled in; nothing lies beyond the outermost ones.

    Args:
        contours: the masks of the slices `known`.
        known: numbers of the slices that were annotated, in order; one that is empty says that the object is not there.
        positions: of all slices of the volume along the slice axis, ascending, in any unit.
        pixel: (y, x) size of a pixel; matters only where the sides differ.
    """
    codes = {z: code for z, code in contours.codes.items() if z in known}
    for below, above in pairwise(known):
        pair = MaskStack(contours.shape, {z: codes[z] for z in (below, above) if z in codes})
        if pair.codes and above > below + 1:
            codes |= _between(pair, below, above, positions, pixel)
    return MaskStack(contours.shape, codes)


def _between(
    pair: MaskStack, below: int, above: int, positions: Sequence[float], pixel: tuple[float, float]
) -> dict[int, dict[str, Any]]:
    """Codes of the slices between two, of which one is not empty."""
    # Where both distances are negative nothing can be: the box around both contours is all that matters. The ring
    # around it, as far as it lies in the image, is background, and closer to each pixel than what lies behind it.
    _, y0, x0, _, y1, x1 = around(pair)
    top, left = max(y0 - 1, 0), max(x0 - 1, 0)
    crop = slice(top, y1 + 2), slice(left, x1 + 2)
    first, second = (pair.slice(z)[crop] for z in (below, above))
    low, high = _signed_distances(first, second, pixel)
    codes = {}
    for z in range(below + 1, above):
        up, down = positions[above] - positions[z], positions[z] - positions[below]
        inside = up * low + down * high >= -_ROUNDING * (up + down)
        if inside.any():
            mask = np.zeros(pair.shape[1:], bool)
            mask[crop] = inside
            codes[z] = encode(mask)
    return codes


def _signed_distances(first: np.ndarray, second: np.ndarray, pixel: tuple[float, float]) -> tuple[np.ndarray, ...]:
    """Those of two masks of which one is not empty; towards the other the object shrinks and ends half way."""
    if not first.any():
        return _signed_distances(second, first, pixel)[::-1]
    low = _signed_distance(first, pixel)
    return low, _signed_distance(second, pixel) if second.any() else np.full(low.shape, -low.max())


def _signed_distance(mask: np.ndarray, pixel: tuple[float, float]) -> np.ndarray:
    """Distance of each pixel's centre to the border of an (h, w) bool mask with a pixel in it, positive inside.

    The border lies half a pixel from the centres on both sides. What is beyond the image is not known to be background.
    """
    half = min(pixel) / 2
    outside = half - distance_transform_edt(~mask, sampling=pixel)
    if mask.all():
        return np.full(mask.shape, np.hypot(*np.multiply(mask.shape, pixel)))
    return np.where(mask, distance_transform_edt(mask, sampling=pixel) - half, outside)


def extrude(contour: MaskStack, first: int, last: int) -> MaskStack:
    """The mask of the only slice that has one, copied to the slices `first` to `last`, both included."""
    ((_, code),) = contour.codes.items()
    return MaskStack(contour.shape, dict.fromkeys(range(first, last + 1), code))


def interpolate_prompts(prompts: Sequence[SlicePrompt], positions: Sequence[float]) -> list[SlicePrompt]:
    """Prompts of all slices from the first to the last that is prompted: the corners of boxes and the points move
    evenly from one prompted slice to the next, in mm, rounded to pixels (half to even).

    Args:
        prompts: in the order of slices; all boxes, or all with equally many points.
        positions: see `interpolate`.
    """
    found = list(prompts[:1])
    for below, above in pairwise(prompts):
        for z in range(below.z + 1, above.z):
            share = (positions[z] - positions[below.z]) / (positions[above.z] - positions[below.z])
            found.append(SlicePrompt(z, _mixed(below.prompt, above.prompt, share)))
        found.append(above)
    return found


def _mixed(low: Prompt | None, high: Prompt | None, share: float) -> Prompt:
    if low is None or high is None:
        raise ValueError("contours are interpolated by `interpolate`")

    def mix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.rint(a + (b - a) * share).astype(np.int32)

    box = None if low.box is None or high.box is None else mix(low.box, high.box)
    return Prompt(mix(low.points, high.points), low.labels, box)
