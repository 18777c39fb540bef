"""One number from a curve: literal values of every kind."""

import numpy as np
import pytest

from promptseg.protocols.summaries import KINDS, best, higher_is_better, numbers

RISING = np.array([[0.0, 0.5, 0.7, 0.9, 0.6], [0.2, 0.2, 0.2, 0.2, 0.89]])


def number(curve, **summary):
    return numbers(np.atleast_2d(np.array(curve, float)), {"metric": "iou", **summary}).tolist()


def test_a_trapezoid_over_some_of_the_steps():
    assert number(RISING, kind="auc", **{"from": 1, "to": 4}) == pytest.approx([0.25 + 0.7 + 0.9 + 0.3, 0.4 + 0.545])
    assert number(RISING, kind="auc", divide=3, **{"from": 1, "to": 4})[0] == pytest.approx(2.15 / 3)
    assert number(RISING, kind="auc", **{"from": 0, "to": 4})[0] == pytest.approx(2.4)


def test_the_last_value_stands_behind_an_early_end():
    curves = np.array([[0.1, 0.95, np.nan, np.nan]])
    lengths = np.array([2])
    assert numbers(curves, {"metric": "iou", "kind": "final"}, lengths) == [0.95]
    assert numbers(curves, {"metric": "iou", "kind": "at", "step": 3}, lengths) == [0.95]
    assert numbers(curves, {"metric": "iou", "kind": "auc", "from": 1, "to": 3}, lengths) == [1.9]
    assert np.isnan(numbers(curves, {"metric": "iou", "kind": "at_shortest", "step": 2}, lengths)).all()
    assert numbers(curves, {"metric": "iou", "kind": "at_shortest", "step": 1}, lengths) == [0.95]


def test_clicks_to_a_threshold_count_from_the_first_prompt():
    assert number(RISING, kind="noc", threshold=0.7, cap=4) == [2, 4]
    assert number([0.95, 0.1, 0.2], kind="noc", threshold=0.9, cap=9) == [9], "the start is no click"
    assert number([0.95, 0.1, 0.2], kind="noc", threshold=0.9, cap=9, **{"from": 0}) == [1]
    assert number([0, 0.91, 0.1], kind="noc", threshold=0.9, cap=2) == [1], "a later drop does not matter"
    assert number([np.nan, np.nan], kind="noc", threshold=0.9, cap=20) == [20]
    assert number([0, 0, 0, 0.9], kind="noc", threshold=0.9, cap=2) == [3], "a cap below the clicks played"


def test_thresholds_are_compared_in_float32():
    assert number([0, 0.89999998], kind="noc", threshold=0.9, cap=20) == [1]
    assert number([0, 0.8999999], kind="noc", threshold=0.9, cap=20) == [20]


def test_success_with_the_last_click_is_over_the_maximum_and_not_missed():
    last = [0, 0.5, 0.5, 0.93]
    assert number(last, kind="over_max", threshold=0.9, cap=3) == [1]
    assert number(last, kind="missed", threshold=0.9, cap=3) == [0]
    assert number(last, kind="missed", threshold=0.95, cap=3) == [1]
    assert number(last, kind="over_max", threshold=0.5, cap=3) == [0]


def test_each_area_has_a_maximum_of_its_own():
    assert best({"metric": "dice", "kind": "auc", "from": 1, "to": 5}) == 4
    assert best({"metric": "dice", "kind": "auc", "from": 0, "to": 10}) == 10
    assert best({"metric": "iou", "kind": "auc", "from": 1, "to": 20, "divide": 19}) == 1
    assert best({"metric": "fp_ml", "kind": "auc", "from": 0, "to": 10}) == 0
    assert best({"metric": "iou", "kind": "noc", "threshold": 0.9, "cap": 20}) == 1
    assert best({"metric": "dice", "kind": "final"}) == 1


def test_direction_is_that_of_the_metric_or_of_a_count():
    assert higher_is_better({"metric": "dice", "kind": "auc"})
    assert not higher_is_better({"metric": "fn_ml", "kind": "auc"})
    assert not higher_is_better({"metric": "iou", "kind": "noc"})


def test_every_kind_takes_no_objects():
    options = {"metric": "iou", "step": 0, "from": 0, "to": 1, "threshold": 0.5, "cap": 2}
    assert all(len(numbers(np.zeros((0, 2)), {**options, "kind": kind})) == 0 for kind in KINDS)
