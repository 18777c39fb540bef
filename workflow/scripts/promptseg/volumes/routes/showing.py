"""What the simulated user shows on a slice, cut from the truth as in the study of images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.core.lines import Scribble, points_of
from promptseg.core.masks import tight_box
from promptseg.core.routes import BOX, LASSO, MASK, SCRIBBLE
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Prompt
from promptseg.methods.volume import SlicePrompt
from promptseg.prompts.lines import draw
from promptseg.prompts.modes import deepest_in, pick
from promptseg.volumes.routes.choice import choose
from promptseg.volumes.routes.settings import Setting, VolumeSettings


def first_prompts(
    object_id: str, truth: MaskStack, setting: Setting, settings: VolumeSettings
) -> list[SlicePrompt] | None:
    """What is shown of an object at first, slice by slice; None if it does not have the slices of the setting.

    Args:
        truth: not empty.
        settings: how prompts are cut, see `show`.
    """
    chosen = choose(truth, setting.slices, given=setting.given)
    if chosen is None:
        return None
    return [show(object_id, truth.slice(z), z, setting.prompt, settings) for z in chosen]


def show(object_id: str, truth: np.ndarray, z: int, prompt: str, settings: VolumeSettings) -> SlicePrompt:
    """What the user shows of an object on slice `z`.

    Args:
        truth: (h, w) bool mask of the slice, not empty.
        prompt: `box`: the tight one around all of the object in the slice (mode5 of images). `point`: a pixel of the
            object as far from its border as possible, by the exact distance (the first click of the mode iterative).
            `mask`: the true contour. `scribble` and `lasso`: as scribble_centre and lasso of images.
        settings: `tie_break` and `seed`: of several such pixels the `first` in row-major order, or a `random` one that
            depends on seed, object and slice alone; `lines`.
    """
    tie_break, seed = settings.tie_break, settings.seed
    if prompt == MASK:
        return SlicePrompt(z, mask=truth)
    if prompt == BOX:
        return SlicePrompt(z, box_prompt(tight_box(truth)))
    if prompt in (SCRIBBLE, LASSO):
        mode = "scribble_centre" if prompt == SCRIBBLE else LASSO
        return SlicePrompt(z, line_prompt(draw(object_id, truth, mode, settings.lines, seed, "first")))
    return SlicePrompt(z, point_prompt(*pick(deepest_in(truth, "exact").pixels, tie_break, seed, object_id, z)))


def point_prompt(x: int, y: int, *, positive: bool = True) -> Prompt:
    """A single click."""
    return Prompt(np.array([[x, y]], np.int32), np.array([positive], np.int8))


def line_prompt(row: Mapping[str, Any]) -> Prompt:
    """The scribbles or the lasso of a row of prompts.tables.LINES."""
    lines, lasso = tuple(map(Scribble.of, row.get("scribbles") or ())), row.get("lasso")
    nothing = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)
    return Prompt(*nothing, scribbles=lines, lasso=None if lasso is None else points_of(lasso))


def box_prompt(box: tuple[int, int, int, int]) -> Prompt:
    """A box, XYXY, inclusive."""
    return Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array(box, np.int32))
