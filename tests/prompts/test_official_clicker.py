"""Our clicks beside those of the clicker of RITM's and SimpleClick's authors: recorded ones, and its rule anew.

The rule: of the false negatives and the false positives, the class with the larger exact distance to what lies outside
it, the false positives where they are equal; there the first of the deepest pixels that were not clicked yet.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from promptseg.prompts.clicks import Click, ClickTarget, Protocol, next_click

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "specs" / "protocols" / "ritm.npz"
NOTHING_LEFT = [0, 0, 0]  # where nothing is wrong, the authors' clicker clicks there; ours ends
COUNT = 9


def our_clicks(truth, predictions, distance="exact"):
    """Rows (row, column, positive) of the clicks on predictions, one after the other."""
    clicks, target = [], ClickTarget("object", truth, truth.astype(np.uint8))
    for prediction in predictions:
        clicks.append(next_click(target, prediction, clicks, Protocol(distance=distance), tie_break="first", seed=0))
        clicks[-1] = clicks[-1] or Click(0, 0, False)
    return [[click.y, click.x, int(click.positive)] for click in clicks]


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded clicks beside this repository")
def test_recorded_clicks_of_the_authors():
    recorded = np.load(RECORDED)
    counts = Counter()
    for pair in recorded["pairs"]:
        truth = recorded[f"{pair}/truth"]
        ignored = truth < 0  # counts neither as missed nor as wrong

        def masks(name, pair=pair, truth=truth, ignored=ignored):
            bits = recorded[f"{pair}/{name}"]
            found = np.unpackbits(bits, axis=-1, count=truth.size).reshape(-1, *truth.shape).astype(bool)
            return np.where(ignored, False, found)

        answers = np.concatenate([np.zeros((1, *truth.shape), bool), masks("maps_mask")])
        expected = {run: recorded[f"{pair}/{run}/clicks"].tolist() for run in ("t90", "t85", "all", "five")}
        found = {run: our_clicks(truth > 0, answers[: len(clicks)]) for run, clicks in expected.items()}
        expected["again"] = recorded[f"{pair}/repeat_clicks"].tolist()
        found["again"] = our_clicks(truth > 0, np.repeat(masks("pred"), 4, axis=0))
        assert found == expected, pair
        counts["clicks"] += sum(map(len, expected.values()))
    assert counts["clicks"] > 0


def rule(truth, prediction, clicked):
    """The next click (row, column, positive) as the authors' rule says, by SciPy's distance."""
    depths = []
    for region in (prediction & ~truth, truth & ~prediction):
        inside = distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1].astype(np.float32)
        for row, column, _ in clicked:
            inside[row, column] = 0
        depths.append(inside)
    positive = int(depths[1].max() > depths[0].max())
    if depths[positive].max() == 0:
        return NOTHING_LEFT
    row, column = np.unravel_index(depths[positive].argmax(), truth.shape)
    return [int(row), int(column), positive]


def blobs(rng, size=48):
    """A few random ellipses and rectangles."""
    rows, columns = np.ogrid[:size, :size]
    found = np.zeros((size, size), bool)
    for _ in range(rng.integers(1, 5)):
        (y, x), (a, b) = rng.uniform(0, size, 2), rng.uniform(2, 14, 2)
        scaled = np.abs(np.stack(np.broadcast_arrays((rows - y) / a, (columns - x) / b)))
        found |= (scaled**2).sum(axis=0) < 1 if rng.random() < 0.5 else scaled.max(axis=0) < 1
    return found


def test_clicks_follow_the_rule_on_masks_of_any_shape():
    rng = np.random.default_rng(5)
    counts = Counter()
    for _ in range(30):
        truth = blobs(rng)
        predictions = [np.zeros_like(truth), *(blobs(rng) for _ in range(COUNT - 1))]
        expected = []
        for prediction in predictions:
            expected.append(rule(truth, prediction, expected))
        assert our_clicks(truth, predictions) == expected
        counts["chamfer5"] += sum(
            ours == theirs for ours, theirs in zip(our_clicks(truth, predictions, "chamfer5"), expected, strict=True)
        )
    assert 0.5 < counts["chamfer5"] / (30 * COUNT) < 1  # the approximation clicks elsewhere now and then
