"""The noise of people, estimated from their prompts."""

from collections.abc import Iterator

import numpy as np
import pytest

from promptseg.analysis.noise import SIDES, Observed, estimates, noise_of, of_box, of_points
from promptseg.core import masks
from promptseg.core.randomness import generator
from promptseg.prompts.noise import Noise, noisy_box, noisy_point

TRUTH = np.zeros((9, 12), bool)
TRUTH[2:7, 3:8] = True  # depths 1, 2, 3


def test_a_click_says_where_it_lies_and_on_which_side() -> None:
    assert list(of_points([(5, 4, True)], TRUTH)) == [("wrong_side", 0.0), ("share", 0.0)]
    assert list(of_points([(4, 4, True), (3, 4, True)], TRUTH)) == [
        ("wrong_side", 0.0),
        ("wrong_side", 0.0),
        ("share", 0.5),
    ], "of the first alone"
    assert list(of_points([(0, 0, True)], TRUTH)) == [("wrong_side", 1.0)]
    assert list(of_points([(5, 4, False)], TRUTH)) == [("wrong_side", 1.0)]
    assert list(of_points([(0, 0, False), (7, 4, True)], TRUTH))[-1] == ("share", 1.0)
    thin = np.eye(5, dtype=bool)
    assert list(of_points([(2, 2, True)], thin)) == [("wrong_side", 0.0)], "nowhere deeper than a pixel"


def test_a_box_says_how_far_each_side_lies_outside() -> None:
    assert dict(of_box((2, 1, 9, 6), TRUTH)) == pytest.approx({"left": 0.2, "top": 0.2, "right": 0.4, "bottom": 0})
    assert dict(of_box((4, 2, 7, 6), TRUTH))["left"] == pytest.approx(-0.2)


def test_literal_estimates() -> None:
    observed = [Observed(case, "a", "share", value) for case, value in (("p1", 0.2), ("p1", 0.4), ("p2", 0.9))]
    observed += [Observed("p1", "b", "wrong_side", value) for value in (1.0, 0.0, 0.0, 0.0)]
    rows = {row["parameter"]: row for row in estimates(observed, "readers", 500, 1)}
    assert rows["bias"]["value"] == pytest.approx(0.5)
    assert (rows["bias"]["low"], rows["bias"]["high"]) == pytest.approx((0.3, 0.9)), "the two patients"
    assert rows["spread"]["value"] == pytest.approx(np.std([0.2, 0.4, 0.9], ddof=1))
    assert rows["wrong_side"]["value"] == 0.25
    assert (rows["wrong_side"]["low"], rows["wrong_side"]["high"]) == pytest.approx((0.0063, 0.8059), abs=1e-4)
    assert (rows["bias"]["n"], rows["bias"]["n_cases"], rows["bias"]["n_annotators"]) == (3, 2, 1)
    assert "enlarge left" not in rows, "no box was given"
    assert estimates([], "readers", 500, 1) == []


def _annotator(noise: Noise, patients: int, seed: int) -> Iterator[Observed]:
    """Somebody who clicks and boxes ellipses of many sizes."""
    for number in range(patients):
        rng = generator(seed, number)
        height, width = rng.integers(14, 30, 2)
        rows, columns = np.ogrid[:70, :70]
        truth = ((rows - 35) / height) ** 2 + ((columns - 35) / width) ** 2 <= 1
        point = noisy_point((35, 35), truth, truth, noise, rng)
        box = noisy_box(masks.tight_box(truth), noise, truth.shape, rng)
        for kind, value in (*of_points([(*point, True)], truth), *of_box(box, truth)):
            yield Observed(f"p{number}", "a", kind, value)


def test_a_synthetic_annotator_is_recovered() -> None:
    known = Noise(0.35, 0.15, 0.1, (0.05, 0.1, 0.0, -0.05), (0.03, 0.05, 0.02, 0.04))
    rows = estimates(_annotator(known, 300, 3), "synthetic", 500, 1)
    found = {row["parameter"]: row for row in rows}
    truth = {"bias": known.bias, "spread": known.spread, "wrong_side": known.wrong_side}
    truth |= {f"enlarge {side}": value for side, value in zip(SIDES, known.enlarge, strict=True)}
    truth |= {f"enlarge_spread {side}": value for side, value in zip(SIDES, known.enlarge_spread, strict=True)}
    assert found.keys() == truth.keys()
    missed = [name for name, value in truth.items() if not found[name]["low"] <= value <= found[name]["high"]]
    assert len(missed) <= 1, f"of eleven intervals of 95 %: {missed}"
    assert found["bias"]["low"] <= known.bias <= found["bias"]["high"]
    assert found["bias"]["high"] - found["bias"]["low"] < 0.05
    again = noise_of(rows)
    assert again.bias == found["bias"]["value"]
    assert again.enlarge[3] == found["enlarge bottom"]["value"]


def test_an_exact_annotator_has_no_noise() -> None:
    rows = estimates(_annotator(Noise(), 20, 1), "exact", 200, 1)
    assert noise_of(rows) == Noise()
    assert {row["high"] for row in rows if row["parameter"] != "wrong_side"} == {0.0}


def test_one_patient_is_resampled_by_prompts_and_one_prompt_has_no_interval() -> None:
    shares = [Observed("p", "a", "share", value) for value in (0.1, 0.5)]
    (bias, spread) = estimates(shares, "u", 200, 1)
    assert (bias["low"], bias["high"]) == (0.1, 0.5)
    assert spread["value"] == pytest.approx(np.std([0.1, 0.5], ddof=1))
    assert np.isnan(estimates(shares[:1], "u", 200, 1)[0]["low"])


def test_both_ends_and_nothing_between_are_still_a_distribution() -> None:
    rows = estimates([Observed(f"p{k}", "a", "share", float(k % 2)) for k in range(6)], "u", 200, 1)
    assert noise_of(rows).spread < 0.5
