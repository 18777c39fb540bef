"""The simulated user: where the next corrective click goes.

Only this module and the controls see the truth; a method gets clicks.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from promptseg.prompts import deepest_pixels, depth, pick


@dataclass(frozen=True)
class Click:
    """One click at pixel (x, y): on the object (`positive`) or on the background."""

    x: int
    y: int
    positive: bool


@dataclass(frozen=True)
class Protocol:
    """How the user clicks; the switches in which the study's released script and the methods' authors differ.

    Attributes:
        error_region: `larger`: the click goes to the false negatives or the false positives, whichever region is
            deeper, and never to a pixel that was clicked before (RITM, Sofiiuk et al. 2022, section 3; SimpleClick and
            FocalClick do the same). `joint`: both form one region, as in the study's script.
        click_label: `object`: positive where the pixel belongs to the object. `any_class`: positive where it belongs to
            any labelled class of the image, as in the study's script.
    """

    error_region: Literal["larger", "joint"] = "larger"
    click_label: Literal["object", "any_class"] = "object"


def next_click(
    truth: np.ndarray,
    prediction: np.ndarray,
    clicks: list[Click],
    labels: np.ndarray,
    protocol: Protocol,
    *,
    tie_break: str,
    seed: int,
    object_id: str,
) -> Click | None:
    """The click that corrects a prediction, or None if there is nothing to correct.

    Args:
        truth: (h, w) bool mask of the object.
        prediction: (h, w) bool.
        clicks: those given so far.
        labels: (h, w) label map of all classes of the image.
        tie_break: which of several deepest pixels, see prompts.pick.
    """
    missed, wrong = truth & ~prediction, prediction & ~truth
    if protocol.error_region == "joint":
        distance = depth(missed | wrong)
    else:
        missed_depth, wrong_depth = depth(missed), depth(wrong)
        for click in clicks:
            missed_depth[click.y, click.x] = wrong_depth[click.y, click.x] = 0
        distance = missed_depth if missed_depth.max() > wrong_depth.max() else wrong_depth
    if distance.max() == 0:
        return None
    x, y = pick(deepest_pixels(distance), tie_break, seed, object_id, "click", len(clicks) + 1)
    positive = truth[y, x] if protocol.click_label == "object" else labels[y, x] != 0
    return Click(x, y, bool(positive))
