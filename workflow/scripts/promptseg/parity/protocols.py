"""Fixtures of the study's click loop: clicks on the errors of a method, and its masks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from promptseg.core import masks
from promptseg.methods import Method, Prompt, Query
from promptseg.methods.clicking import THRESHOLD
from promptseg.parity.adapters import Adapters
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import Fixture, FixtureError
from promptseg.prompts.clicks import Click, ClickTarget, Protocol, click_sign, deepest_error, next_click

_IOU = 1e-6  # rounding of a quotient of pixels


@dataclass(frozen=True)
class _Map:
    """(h, w) float32 values, of which those above the threshold are the object."""

    values: np.ndarray
    threshold: np.float32
    kind: str


Asker = Callable[[Prompt, np.ndarray], _Map]  # of a prompt and the truth


def as_released(family: str) -> Protocol:
    """What the study's script does with the methods of a family."""
    return Protocol(
        error_region="joint",
        click_label="any_class",
        repeat_clicks=True,
        distance="chamfer5",
        previous_mask="leak" if family == "ritm" else "reset",
        refinement=False,
    )


def check_protocol(fixture: Fixture, method: Method, adapters: Adapters, comparison: Comparison) -> None:
    """Follow the recorded clicks, and compare each with those that our rules allow, and each mask with ours.

    The reference draws among equally deep pixels at random. So the recorded click has to be one of ours, out of equally
    many; from there on the recorded click is followed, so that one flipped pixel does not change all that comes after.
    """
    by_image: dict[str, list[str]] = {}
    for key in fixture.keys("points_xy", "point_labels", "masks", "iou", pattern=r"\d+_\d+"):
        by_image.setdefault(key.split("_")[0], []).append(key)
    missing = [image for image in fixture.keys("image", "labels") if image not in by_image]
    if missing:
        raise FixtureError(f"no clicks are recorded for image {missing[0]}")
    for image, keys in by_image.items():
        pixels = fixture.image(f"image_{image}")
        labels = fixture.array(f"labels_{image}", pixels.shape[:2])
        ask = _asker(fixture, method, adapters.embedding(method, pixels))
        comparison.count("images")
        for key in keys:
            number = int(key.split("_")[1])
            truth = labels > 0 if len(keys) == 1 else labels == number + 1
            if not truth.any():
                raise FixtureError(f"labels_{image} holds no pixel of object {key}")
            comparison.count("objects")
            item = _Object(truth, labels, as_released(fixture.name.family))
            _check_object(fixture, key, item, ask, comparison)


def _asker(fixture: Fixture, method: Any, image: Any) -> Asker:
    """Asks the method about one image as the study's script does."""
    protocol, state = as_released(fixture.name.family), None

    def ask(prompt: Prompt, truth: np.ndarray) -> _Map:
        nonlocal state
        if fixture.name.family == "sam":
            logits = method.answer(image, prompt).logits.float().cpu().numpy()
            oracle = fixture.name.kind == "protocol_oracle"
            return _Map(logits[masks.best_candidate(logits > 0, truth) if oracle else 0], np.float32(0), "logits")
        query = Query(image, prompt, None if protocol.previous_mask == "reset" else state, protocol.refinement)
        (state,) = method.predict([query])[0].states
        return _Map(state.probability.float().cpu().numpy(), np.float32(THRESHOLD), "probabilities")

    return ask


@dataclass(frozen=True)
class _Object:
    """An object, (h, w) bool, all classes of its image, and how it is clicked."""

    truth: np.ndarray
    labels: np.ndarray
    protocol: Protocol

    def problem(self, point: tuple[int, int], tied: int, last: np.ndarray, clicks: list[Click]) -> str | None:
        """What is wrong with a click on the errors of the mask `last` as one of `tied` equals; None if nothing is."""
        # Of a perfect mask no pixel is wrong, and any may be clicked.
        deepest = deepest_error(self.truth, last, clicks, self.protocol).pixels.tolist()
        if len(deepest) != tied:
            return f"{len(deepest)} equally deep pixels instead of {tied}"
        if list(point) not in deepest:
            return f"the click {point} is none of the {tied} deepest pixels, of which {tuple(deepest[0])} is the first"
        target = ClickTarget("parity", self.truth, self.labels)
        drawn = next_click(target, last, clicks, self.protocol, tie_break="random", seed=0)
        if (drawn is None) != np.array_equal(self.truth, last) or (drawn and [drawn.x, drawn.y] not in deepest):
            return f"our next click is {drawn}, which is none of the {tied} deepest pixels"
        return None


def _check_object(fixture: Fixture, key: str, item: _Object, ask: Asker, comparison: Comparison) -> None:
    count, truth = fixture.integer("n_clicks"), item.truth
    points = fixture.array(f"points_xy_{key}", (count, 2)).astype(np.int64)
    signs = fixture.array(f"point_labels_{key}", (count,)).astype(np.int8)
    sides = fixture.array(f"should_be_{key}", (count,))
    ties = fixture.array(f"n_ties_{key}", (count,))
    recorded = fixture.mask(f"masks_{key}", (count, *truth.shape))
    overlaps = fixture.array(f"iou_{key}", (count,))
    if (points < 0).any() or (points >= truth.shape[::-1]).any():
        raise FixtureError(f"points_xy_{key} holds a point outside the image")
    ours = theirs = np.zeros(truth.shape, bool)
    clicks: list[Click] = []
    for number, (x, y) in enumerate(points.tolist()):
        where = f"object {key} click {number + 1}"
        comparison.count("clicks")
        problem = item.problem((x, y), int(ties[number]), ours, clicks)
        if problem and (apart := int(np.count_nonzero(ours != theirs))):
            problem = item.problem((x, y), int(ties[number]), theirs, clicks)
            comparison.note(f"the place of {where} follows from the recorded last mask, {apart} pixels from ours")
        comparison.rule("places of clicks", where, problem)
        sign = not clicks or click_sign(x, y, truth, item.labels, item.protocol)  # the first click is on the object
        comparison.exact("labels", where, int(sign), signs[number])
        comparison.exact("sides", where, int(truth[y, x]), sides[number])
        clicks.append(Click(x, y, bool(signs[number])))
        found = ask(Prompt(points[: number + 1].astype(np.int32), signs[: number + 1]), truth)
        ours = found.values > found.threshold
        theirs = recorded[number]
        differing = comparison.masks(where, found.values, found.threshold, theirs, found.kind)
        # The recorded mask has to give the recorded IoU; ours may be off by what its differing pixels explain.
        comparison.numbers("IoU of the recorded masks", where, masks.iou(theirs, truth), overlaps[number], _IOU)
        union = max(1, int(np.logical_or(theirs, truth).sum()) - differing)
        comparison.numbers("IoU", where, masks.iou(ours, truth), overlaps[number], max(_IOU, 2 * differing / union))
