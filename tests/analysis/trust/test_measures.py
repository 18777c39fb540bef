"""What the order by a confidence is worth: by hand, in closed form, and as scikit-learn has it."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from promptseg.analysis.trust.measures import BASE, Order, aurc, contributions, detection, ideal, kept, measures
from support.trust import CONFIDENCE, IOU

SCORES = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 6)), min_size=1, max_size=30)


def measured(iou, confidence):
    base = contributions(np.array(iou, float), np.array(confidence, float)).mean(axis=0)
    return {name: float(value) for name, value in measures(base).items()}


def test_six_masks_by_hand():
    found = measured(IOU, CONFIDENCE)
    # Mean errors of what is kept: 0.1, 0.7/2, 0.95/3, 1.2/4, 1.9/5, 2.8/6; the third and fourth share theirs.
    assert found == pytest.approx(
        {
            "iou": 3.2 / 6,
            "aurc": (0.1 + 0.35 + 0.95 / 3 + 0.3 + 0.38 + 2.8 / 6) / 6,
            "aurc_ideal": (0.1 + 0.15 + 0.2 + 0.3 + 0.38 + 2.8 / 6) / 6,
            "excess": (0.2 + 0.35 / 3) / 6,
            "share": 14 / 19,
            "auroc_50": 7 / 9,  # of 9 pairs; the second mask is a failure that two successes trail
            "ap_50": (1 + 1 + 3 / 5) / 3,
            "auroc_80": 6.5 / 8,  # a tie counts half
            "ap_80": (1 + 1 + 3 / 4 + 4 / 5) / 4,
            "gain_10": 3.14 / 5.4 - 3.2 / 6,  # the sixth mask counts 0.4
            "gain_20": 3.04 / 4.8 - 3.2 / 6,
            "gain_30": (2.8 + 0.2 * 0.3) / 4.2 - 3.2 / 6,
        }
    )
    assert ideal(np.array(IOU))[1][[9, 15]] == pytest.approx([2.4 / 3, 3.04 / 4.8])


def test_ties_are_the_mean_over_all_orders():
    risks, confidence = np.array([0.1, 0.9, 0.3, 0.5, 0.2]), np.array([0.7, 0.7, 0.7, 0.9, 0.1])
    areas, curves = [], []
    for tied in itertools.permutations(range(3)):
        ordered = risks[[3, *tied, 4]]
        curves.append(np.cumsum(ordered) / np.arange(1, 6))
        areas.append(curves[-1].mean())
    order = Order.by(confidence)
    assert aurc(risks, order).mean() == pytest.approx(np.mean(areas))
    shares = np.arange(1, 6) / 5
    assert kept(risks, order, shares).mean(axis=0) == pytest.approx(np.mean(curves, axis=0))


def test_no_order_at_all_has_the_mean_error():
    found = measured(IOU, [0.5] * 6)
    assert found["aurc"] == pytest.approx(1 - np.mean(IOU))
    assert [found[name] for name in ("share", "gain_10", "gain_30")] == pytest.approx([0, 0, 0])
    assert [found["auroc_50"], found["ap_50"]] == [0.5, 0.5]


def test_a_random_confidence_has_the_mean_error_on_average():
    rng = np.random.default_rng(0)
    areas = [measured(IOU, rng.random(6))["aurc"] for _ in range(500)]
    assert np.mean(areas) == pytest.approx(1 - np.mean(IOU), abs=4 * np.std(areas) / 500**0.5)


def test_the_ideal_and_the_worst_order():
    found = measured(IOU, IOU)
    assert found["excess"] == 0
    assert [found[name] for name in ("share", "auroc_50", "ap_50", "auroc_80", "ap_80")] == [1, 1, 1, 1, 1]
    assert measured(IOU, [-value for value in IOU])["share"] < 0


@pytest.mark.parametrize("iou", [[0.1, 0.2, 0.4], [0.9, 0.95, 0.85]])
def test_without_failures_or_successes_there_is_nothing_to_detect(iou):
    found = measured(iou, [0.3, 0.2, 0.1])
    assert np.isnan([found["auroc_50"], found["ap_50"], found["auroc_80"]]).all()
    assert found["aurc"] > 0


def test_one_mask():
    found = measured([0.7], [1.02])
    assert found["aurc"] == found["aurc_ideal"] == pytest.approx(0.3)
    assert found["gain_30"] == pytest.approx(0)
    assert np.isnan([found["share"], found["auroc_50"]]).all()


@given(SCORES)
def test_detection_is_that_of_scikit_learn(pairs):
    failed, confidence = np.array([a < 5 for a, _ in pairs]), np.array([b / 6 for _, b in pairs])
    found = detection(failed, Order.by(confidence)).mean(axis=0)
    if failed.all() or not failed.any():
        assert np.isnan(found).all()
        return
    theirs = [roc_auc_score(failed, -confidence), average_precision_score(failed, -confidence)]
    assert found == pytest.approx(theirs, abs=1e-12)


@given(SCORES)
def test_nothing_is_better_than_the_ideal_order_and_rows_have_none(pairs):
    iou, confidence = np.array(pairs, float).T / [[10], [6]]
    found = measured(iou, confidence)
    assert found["excess"] > -1e-12
    assert found["gain_20"] <= ideal(iou)[1][15] - iou.mean() + 1e-12
    assert measured(iou[::-1], confidence[::-1])["aurc"] == pytest.approx(found["aurc"])


@pytest.mark.parametrize("digits", [1, 9])
def test_contributions_are_derivatives(digits):
    """One more copy of an object among many moves each measure by its contribution."""
    rng = np.random.default_rng(1)
    iou = rng.random(30)
    confidence = np.round(iou + rng.normal(0, 0.3, 30), digits)
    copies, smooth = 300, [name for name in BASE if not name.startswith("kept") or name == "kept_100"]
    columns = [BASE.index(name) for name in smooth]
    many = contributions(np.repeat(iou, copies), np.repeat(confidence, copies))[:, columns]
    for index in range(0, 30, 7):
        more = contributions(
            np.append(np.repeat(iou, copies), iou[index]), np.append(np.repeat(confidence, copies), confidence[index])
        )[:, columns]
        moved = (more.mean(axis=0) - many.mean(axis=0)) * len(more)
        assert moved == pytest.approx(many[index * copies] - many.mean(axis=0), abs=2e-3)
