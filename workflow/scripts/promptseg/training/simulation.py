"""Prompts in training, made by the code of the evaluation and varied at random."""

from collections.abc import Sequence

import cv2
import numpy as np

from promptseg.core.masks import tight_box
from promptseg.prompts.clicks import Click, ClickTarget, Protocol, next_click
from promptseg.prompts.modes import deepest_pixels, depth, pick

_PROTOCOL = Protocol(distance="chamfer5")  # with which the shipped networks were trained


def _any_pixel(rng: np.random.Generator, mask: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(mask)
    index = int(rng.integers(len(rows)))
    return int(columns[index]), int(rows[index])


def _distance_to(mask: np.ndarray) -> np.ndarray:
    """(h, w) float32: distance of each pixel to the nearest one of the mask, 0 on it."""
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)


def first_click(rng: np.random.Generator, truth: np.ndarray) -> Click:
    """A click on an (h, w) bool object: at its deepest pixel, or anywhere not too near its border."""
    inside = depth(truth)
    if rng.random() < 0.7:
        return Click(*pick(deepest_pixels(inside), "random", int(rng.integers(2**31))), True)
    return Click(*_any_pixel(rng, inside >= rng.uniform(0, 1) * inside.max()), True)


def blind_clicks(rng: np.random.Generator, truth: np.ndarray, count: int) -> list[Click]:
    """Clicks that no prediction led to: on the object, or outside it and mostly near."""
    clicks = []
    outside = depth(~truth)
    distance = _distance_to(truth)
    for _ in range(count):
        if rng.random() < 0.5:
            clicks.append(first_click(rng, truth))
        elif outside.any():
            near = outside * (distance < rng.uniform(0.03, 0.3) * len(truth))
            clicks.append(Click(*_any_pixel(rng, near > 0 if near.any() else outside > 0), False))
    return clicks


def corrective_click(
    rng: np.random.Generator, truth: np.ndarray, prediction: np.ndarray, clicks: Sequence[Click]
) -> Click | None:
    """The click that the simulated user gives next, see `promptseg.prompts.clicks.next_click`."""
    seed = int(rng.integers(2**31))
    target = ClickTarget("", truth, truth.astype(np.uint8))
    return next_click(target, prediction, list(clicks), _PROTOCOL, tie_break="random", seed=seed)


def box(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    """(4,) float32 XYXY box of an object, inclusive: half of the time tight, else each side moved a little."""
    corners = np.array(tight_box(truth), np.float32)
    if rng.random() < 0.5:
        return corners
    sides = np.tile(corners[2:] - corners[:2] + 1, 2)
    moved = corners + rng.normal(0, 0.07, 4) * np.minimum(sides, 60)
    return np.clip(moved, 0, np.tile(np.array(truth.shape)[::-1] - 1, 2)).astype(np.float32)


def component(truth: np.ndarray, click: Click) -> np.ndarray:
    """(h, w) bool: the connected part of an object that a click on it lies in: all that a single click can mean."""
    _, parts = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
    return parts == parts[click.y, click.x]


def zoomed(rng: np.random.Generator, truth: np.ndarray, least: float) -> tuple[int, int, int, int]:
    """Half-open (y1, y2, x1, x2) of about what zoom-in shows of an object: its box with a margin, both a little off.

    Zoom-in looks at what a network found, which may be much less or more than the object: so do some of the views.

    Args:
        truth: (h, w) bool, not empty.
        least: smallest height and width in pixels.
    """
    x1, y1, x2, y2 = tight_box(truth)
    reach = 1.4 * np.exp(rng.normal(0, 0.2, 2)) if rng.random() < 0.65 else np.exp(rng.uniform(-0.7, 1.1))
    sides = np.array([y2 - y1 + 1, x2 - x1 + 1]) * reach
    if rng.random() < 0.5:  # some methods keep proportions
        sides[:] = sides.max()
    sides = np.maximum(sides, least)
    centre = np.array([y1 + y2 + 1, x1 + x2 + 1]) / 2 + rng.normal(0, 0.1, 2) * sides
    first = np.clip(np.round(centre - sides / 2), 0, np.array(truth.shape) - least // 2).astype(int)
    last = np.clip(np.round(centre + sides / 2), first + least // 2, truth.shape).astype(int)
    return int(first[0]), int(last[0]), int(first[1]), int(last[1])
