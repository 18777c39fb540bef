"""What the simulated user shows on a slice, cut from the truth as in the study of images."""

import numpy as np

from promptseg.core.masks import tight_box
from promptseg.core.routes import BOX, MASK
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Prompt
from promptseg.methods.volume import SlicePrompt
from promptseg.prompts.modes import deepest_pixels, depth, pick
from promptseg.volumes.routes.choice import choose
from promptseg.volumes.routes.settings import Setting


def first_prompts(
    object_id: str, truth: MaskStack, setting: Setting, *, tie_break: str, seed: int
) -> list[SlicePrompt] | None:
    """What is shown of an object at first, slice by slice; None if it does not have the slices of the setting.

    Args:
        truth: not empty.
        tie_break, seed: which of several deepest pixels, see `show`.
    """
    chosen = choose(truth, setting.slices, given=setting.given)
    if chosen is None:
        return None
    return [show(object_id, truth.slice(z), z, setting.prompt, tie_break=tie_break, seed=seed) for z in chosen]


def show(object_id: str, truth: np.ndarray, z: int, prompt: str, *, tie_break: str, seed: int) -> SlicePrompt:
    """What the user shows of an object on slice `z`.

    Args:
        truth: (h, w) bool mask of the slice, not empty.
        prompt: `box`: the tight one around all of the object in the slice (mode5 of images). `point`: a pixel of the
            object as far from its border as possible, by the exact distance (the first click of the mode iterative).
            `mask`: the true contour.
        tie_break, seed: of several such pixels the `first` in row-major order, or a `random` one that depends on
            seed, object and slice alone.
    """
    if prompt == MASK:
        return SlicePrompt(z, mask=truth)
    if prompt == BOX:
        return SlicePrompt(z, box_prompt(tight_box(truth)))
    return SlicePrompt(z, point_prompt(*pick(deepest_pixels(depth(truth, "exact")), tie_break, seed, object_id, z)))


def point_prompt(x: int, y: int, *, positive: bool = True) -> Prompt:
    """A single click."""
    return Prompt(np.array([[x, y]], np.int32), np.array([positive], np.int8))


def box_prompt(box: tuple[int, int, int, int]) -> Prompt:
    """A box, XYXY, inclusive."""
    return Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array(box, np.int32))
