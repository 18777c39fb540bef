"""Fixtures of a predictor: one probability map for each click of a given list."""

from typing import Any

import numpy as np

from promptseg.methods import Method, Prompt, Query
from promptseg.methods.clicking import THRESHOLD, ClickState, Step
from promptseg.parity.comparison import Comparison, statistics
from promptseg.parity.fixtures import Fixture, FixtureError

FRESH = ("paper", "oneshot")  # every click starts from an empty mask, with all clicks so far
OTHER_OBJECT = 3  # clicks that an earlier object got, in mode `leak`


def read_clicks(fixture: Fixture, key: str) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) int (x, y) and (n,) int8 labels; the file has (row, column, positive)."""
    rows = fixture.array(f"clicks_{key}", (None, 3))
    if not len(rows):
        raise FixtureError(f"the array clicks_{key} is empty")
    return rows[:, 1::-1].astype(np.int64), rows[:, 2].astype(np.int8)


def check_pipeline(fixture: Fixture, method: Method, comparison: Comparison) -> None:
    """Compare maps, masks, regions of interest and numbers of passes, click by click.

    Images advance together, as in a run; at the first click each is asked alone as well, which must not differ.
    """
    if fixture.text("mode", fixture.name.kind) != fixture.name.kind:
        raise FixtureError(f"the file says that its mode is {fixture.text('mode')}")
    keys = fixture.keys("image", "clicks", "prob", "mask")
    if fixture.name.kind != "leak" and "n_images" in fixture and len(keys) != fixture.integer("n_images"):
        raise FixtureError(f"{len(keys)} images instead of {fixture.integer('n_images')}")
    fixture.unused.discard("n_images")
    images = {key: method.encode(fixture.image(f"image_{key}")) for key in keys}
    clicks = {key: read_clicks(fixture, key) for key in keys}
    comparison.count("images", len(keys))
    states: dict[str, ClickState | None] = dict.fromkeys(keys)
    if fixture.name.kind == "leak":
        states = _states_of_another_object(fixture, method, images)
    for count in range(1, max(len(labels) for _, labels in clicks.values()) + 1):
        active = [key for key in keys if count <= len(clicks[key][1])]
        answers = _step(fixture, method, images, clicks, states, active, count)
        if count == 1 and len(active) > 1:
            for key, answer in zip(active, answers, strict=True):
                (alone,) = _step(fixture, method, images, clicks, states, [key], count)
                ours, single = (step.state.probability.float().numpy() for step in (answer, alone))
                comparison.numbers(
                    "at once", f"image {key} click 1 at once", ours, single, part="probabilities at once"
                )
        for key, answer in zip(active, answers, strict=True):
            _check_answer(fixture, key, count, len(clicks[key][1]), answer, comparison)
            states[key] = answer.state


def _step(
    fixture: Fixture,
    method: Any,
    images: dict[str, Any],
    clicks: dict[str, tuple[np.ndarray, np.ndarray]],
    states: dict[str, ClickState | None],
    active: list[str],
    count: int,
) -> list[Step]:
    fresh = fixture.name.kind in FRESH
    queries = [
        Query(
            images[key],
            Prompt(clicks[key][0][:count], clicks[key][1][:count]),
            None if fresh else states[key],
            refine=fixture.name.kind == "focal",
        )
        for key in active
    ]
    return list(method.predictor.step(queries))


def _states_of_another_object(fixture: Fixture, method: Method, images: dict[str, Any]) -> dict[str, ClickState | None]:
    """The state that the first clicks of the `seq` fixture of the same network leave behind."""
    name = fixture.name
    path = fixture.path.with_name(f"{name.family}_{name.variant}__seq.npz")
    if not path.is_file():
        raise FixtureError(f"{path.name}, whose first clicks it starts from, is missing")
    try:
        other = Fixture(path, [f"clicks_{key}" for key in images])
        clicks = {key: read_clicks(other, key) for key in images}
    except FixtureError as error:
        raise FixtureError(f"{path.name}, whose first clicks it starts from: {error}") from None
    states: dict[str, ClickState | None] = dict.fromkeys(images)
    for count in range(1, OTHER_OBJECT + 1):
        active = [key for key in images if count <= len(clicks[key][1])]
        answers = _step(fixture, method, images, clicks, states, active, count)
        states |= {key: answer.state for key, answer in zip(active, answers, strict=True)}
    return states


def _check_answer(fixture: Fixture, key: str, count: int, total: int, answer: Step, comparison: Comparison) -> None:
    where, row = f"image {key} click {count}", count - 1
    comparison.count("clicks")
    height, width = fixture.image(f"image_{key}").shape[:2]
    stride = fixture.integer("stride")
    ours = answer.state.probability.float().numpy()
    thinned = ours[::stride, ::stride]
    recorded = fixture.array(f"prob_{key}", (total, *thinned.shape))
    comparison.numbers("probabilities", where, thinned, recorded[row])
    stats = fixture.array(f"prob_stats_{key}", (total, 4))
    comparison.numbers("statistics of probabilities", where, statistics(ours), stats[row])
    mask = fixture.mask(f"mask_{key}", (total, height, width))[row]
    comparison.masks(where, ours, np.float32(THRESHOLD), mask, "probabilities")
    roi = answer.state.roi or (-1, -1, -1, -1)
    comparison.exact("zoom-in ROI", where, roi, fixture.array(f"zoom_roi_{key}", (total, 4))[row])
    comparison.exact("network passes", where, answer.calls, fixture.array(f"net_calls_{key}", (total,))[row])
    if fixture.name.kind == "focal":
        focus = answer.focus_roi or (-1, -1, -1, -1)
        comparison.exact("focus ROI", where, focus, fixture.array(f"focus_roi_{key}", (total, 4))[row])
    name = f"last_prob_f16_{key}"
    if count == total and (name in fixture or key == "0"):
        comparison.numbers("last map", where, ours, fixture.array(name, (height, width)))
