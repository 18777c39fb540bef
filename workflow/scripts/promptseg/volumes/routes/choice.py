"""Which slices of an object are prompted."""

from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from promptseg.core.routes import ALL_SLICES
from promptseg.core.stacks import MaskStack
from promptseg.volumes.routes.settings import FOUR, LARGEST

# Number of a slice by its number of pixels: the slices with the object, in order.
Areas = Mapping[int, int]


def choose(truth: MaskStack, slices: str, *, given: bool) -> list[int] | None:
    """Numbers of the slices that are prompted, in order, or None if the object does not have them.

    Args:
        truth: of the object, not empty.
        slices: `all` with the object, a key of `RULES`, or a number k of evenly spaced ones, see `spaced`.
        given: whether the user tells the object's ends.
    """
    areas = {z: truth.area(z) for z in truth.slices}
    if slices == ALL_SLICES:
        return list(areas)
    chosen = RULES[slices](areas) if slices in RULES else spaced(list(areas), int(slices), ends=given)
    # The middle of a range may lie in a gap of the object, where there is nothing to be shown.
    return chosen if chosen and areas.keys() >= set(chosen) else None


def spaced(order: list[int], k: int, *, ends: bool) -> list[int] | None:
    """k evenly spaced ones of the slices `order`; None if there are fewer.

    Args:
        ends: the first and the last one are among them: positions i / (k - 1) of the way, rounded half to even.
            Otherwise, and for k = 1, the slice at (i + 1/2) / k of the whole length.
    """
    n = len(order)
    if k > n:
        return None
    if ends and k > 1:
        return [order[round(Fraction(i * (n - 1), k - 1))] for i in range(k)]
    return [order[(2 * i + 1) * n // (2 * k)] for i in range(k)]


def largest(areas: Areas) -> list[int]:
    """The slice with the most pixels of the object, the first of equals."""
    return [max(areas, key=lambda z: (areas[z], -z))]


def first(areas: Areas) -> list[int]:
    """The first slice with the object."""
    return [min(areas)]


def middle(areas: Areas) -> list[int]:
    """The middle one of the slices with the object, the later of two."""
    order = sorted(areas)
    return [order[len(order) // 2]]


def every_fourth(areas: Areas) -> list[int]:
    """Up to three slices: of every max(1, n // 4)-th one with the object the second to the fourth, the first three
    where there are no more than four."""
    order = sorted(areas)
    picked = order[:: max(1, len(order) // 4)]
    return picked[1:4] if len(picked) > 4 else picked[:3]


def median(areas: Areas) -> list[int]:
    """The median number of the slices with the object, rounded down."""
    return [int(np.median(list(areas)))]


def middle_of_range(areas: Areas) -> list[int]:
    """The middle of the range from the first slice with the object to the last, the later of two."""
    low, high = min(areas), max(areas)
    return [low + (high - low + 1) // 2]


# The rules of others by their names, each exactly as its authors' program has it:
# mazurowski-lab/segment-anything2-medical-evaluation 1d72cc1, prompt_funcs.py, First_frame_finding_func, modes 1 to 4;
# JunMa11/CVPR-MedSegFMCompetition 748e862, get_boxes.py; MIC-DKFZ/radioactive 1796386, propagation;
# bowang-lab/MedSAM2 332f30d, exp_inference/infer_SAM2_3D_npz.py.
RULES: Mapping[str, Callable[[Areas], list[int]]] = {
    LARGEST: largest,
    "sam2_medical_first": first,
    "sam2_medical": middle,
    "sam2_medical_largest": largest,
    FOUR: every_fourth,
    "cvpr": middle,
    "radioactive": median,
    "medsam2": middle_of_range,
}
