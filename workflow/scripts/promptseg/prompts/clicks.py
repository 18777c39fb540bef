"""The simulated user: where the next corrective click goes.

Only this module and the controls see the truth; a method gets clicks.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from promptseg.core import masks
from promptseg.prompts.modes import Deepest, Distance, deepest_in, pick, reach

_FEW = 8  # pixels that are equally deep


@dataclass(frozen=True)
class Click:
    """One click at pixel (x, y): on the object (`positive`) or on the background."""

    x: int
    y: int
    positive: bool


@dataclass(frozen=True)
class Protocol:
    """How the user clicks and what the method may remember: the switches in which the study's released script and the
    methods' authors differ. The defaults are what the authors of the click models do; what other methods' authors do
    beside them is switched on by the protocol `authors` of the configuration.

    Attributes:
        error_region: `larger`: the click goes to the false negatives or the false positives, whichever region is
            deeper (RITM, Sofiiuk et al. 2022, section 3; SimpleClick and FocalClick do the same). `joint`: both form
            one region, as in the study's script.
        click_label: `object`: positive where the pixel belongs to the object. `any_class`: positive where it belongs to
            any labelled class of the image, as in the study's script.
        repeat_clicks: whether a pixel may be clicked again; the study's script allows it.
        distance: by which the deepest pixel is found, also for the first click: `exact`, as in the authors' clicker, or
            `chamfer5`, as in the study; see `modes.depth`.
        previous_mask: `keep`: a click model builds on its mask of the click before. `reset`: it gets all clicks at once
            and forgets its mask, as the study's script calls SimpleClick and FocalClick. `leak`: as `keep`, and the
            first click on an object finds the last mask of the object before it in the same image, as the script calls
            RITM. It concerns click models only, whose networks always take a mask.
        refinement: whether FocalClick runs its focus crop and refiner; the study's script runs its coarse network only.
        mask_feedback: `logits`: a method that can take its own low-resolution mask as part of a prompt gets that of the
            mask chosen at the click before, as SAM's authors do. `none`: it gets the clicks only, as in the study.
        multimask: `always`: a method that can give several masks does so at each click, as in the study. `official`: it
            gives as many as its authors ask for with so many clicks (SAM: one from the second click on).
    """

    error_region: Literal["larger", "joint"] = "larger"
    click_label: Literal["object", "any_class"] = "object"
    repeat_clicks: bool = False
    distance: Distance = "exact"
    previous_mask: Literal["keep", "reset", "leak"] = "keep"
    refinement: bool = True
    mask_feedback: Literal["none", "logits"] = "none"
    multimask: Literal["always", "official"] = "always"


@dataclass(frozen=True, eq=False)
class ClickTarget:
    """An object that is clicked, as the user sees it.

    Attributes:
        truth: (h, w) bool mask of the object.
        labels: (h, w) label map of all classes of the image.
    """

    object_id: str
    truth: np.ndarray
    labels: np.ndarray


def deepest_error(truth: np.ndarray, prediction: np.ndarray, clicks: list[Click], protocol: Protocol) -> Deepest:
    """The pixels where the region that the next click goes to is deepest; none where nothing is left to correct.

    Args:
        truth: (h, w) bool mask of the object.
        prediction: (h, w) bool.
        clicks: those given so far.
    """
    errors = truth ^ prediction
    if not errors.any():
        return Deepest(0.0, np.zeros((0, 2), int))
    x0, y0, x1, y1 = masks.tight_box(errors)
    box = slice(y0, y1 + 1), slice(x0, x1 + 1)
    errors, true = errors[box], truth[box]
    given = [] if protocol.repeat_clicks else [(click.x - x0, click.y - y0) for click in clicks]
    given = [(x, y) for x, y in given if 0 <= x <= x1 - x0 and 0 <= y <= y1 - y0]
    found = deepest_in(errors, protocol.distance, given)
    if protocol.error_region == "larger" and len(found.pixels):
        found = _of_one_kind(found, errors, true) or max(
            # The first of equals is taken: of two equally deep regions the false positives, as RITM's authors do.
            (deepest_in(region, protocol.distance, given) for region in (errors & ~true, errors & true)),
            key=lambda one: one.depth,
        )
    return Deepest(found.depth, found.pixels + np.array([x0, y0]))


def _of_one_kind(found: Deepest, errors: np.ndarray, true: np.ndarray) -> Deepest | None:
    """The deepest pixels of false positives or false negatives alone, of those of all errors, which are few as a rule.

    A pixel is as deep in its own region as in both together, unless pixels of the other region are that near.

    Args:
        found: in all errors.
        errors, true: (h, w) bool.

    Returns:
        None if that cannot be said.
    """
    if len(found.pixels) > _FEW:
        return None
    far = reach(found.depth)
    kinds = true[found.pixels[:, 1], found.pixels[:, 0]]
    for (x, y), kind in zip(found.pixels.tolist(), kinds, strict=True):
        near = slice(max(0, y - far), y + far + 1), slice(max(0, x - far), x + far + 1)
        if (errors[near] & (true[near] != kind)).any():
            return None
    return Deepest(found.depth, found.pixels[kinds == kinds.min()])  # false positives first, see above


def clicked_region(
    target: ClickTarget, prediction: np.ndarray, clicks: list[Click], protocol: Protocol, click: Click
) -> np.ndarray:
    """(h, w) bool: the region that `next_click` put a click into, without the pixels that were clicked before."""
    region = target.truth ^ prediction
    if protocol.error_region == "larger":
        region &= target.truth == target.truth[click.y, click.x]
    for given in [] if protocol.repeat_clicks else clicks:
        region[given.y, given.x] = False
    return region


def next_click(
    target: ClickTarget, prediction: np.ndarray, clicks: list[Click], protocol: Protocol, *, tie_break: str, seed: int
) -> Click | None:
    """The click that corrects a prediction, or None if there is nothing to correct.

    Args:
        prediction: (h, w) bool.
        clicks: those given so far.
        tie_break, seed: which of several deepest pixels, see `modes.pick`.
    """
    pixels = deepest_error(target.truth, prediction, clicks, protocol).pixels
    if not len(pixels):
        return None
    x, y = pick(pixels, tie_break, seed, target.object_id, "click", len(clicks) + 1)
    return Click(x, y, click_sign(x, y, target.truth, target.labels, protocol))


def click_sign(x: int, y: int, truth: np.ndarray, labels: np.ndarray, protocol: Protocol) -> bool:
    """Whether a click at pixel (x, y) is given as positive; see `Protocol.click_label`."""
    return bool(truth[y, x] if protocol.click_label == "object" else labels[y, x] != 0)
