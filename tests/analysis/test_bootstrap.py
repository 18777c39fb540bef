"""Intervals: literal resamples, levels, patients kept together, and coverage by simulation."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.bootstrap import bootstrap_means, draw_patients, interval, resampled_means
from promptseg.core.randomness import generator
from support.scores import pick

SEEN = {"m": {"d": {"answer": "yes", "source": "its paper"}}}


def sums_of(*rows):
    """Sums of single images from (dataset, task, case_id, method, value)."""
    frame = pd.DataFrame(rows, columns=["dataset", "task", "case_id", "method", "iou_sum"])
    return frame.assign(iou_n=1)


def test_resampled_means():
    # Two patients with one and three images; each drawn twice, or once each.
    means = resampled_means(np.array([[1.0], [0.6]]), np.array([[1.0], [3.0]]), np.array([[2.0, 0], [1, 1], [0, 2]]))
    assert means.ravel() == pytest.approx([1.0, 0.4, 0.2])


def test_draws_keep_the_number_of_patients():
    weights = draw_patients(7, 100, generator(0))
    assert weights.shape == (100, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean() == 1


def test_percentiles_leave_nan_out():
    means = np.array([[0.0, np.nan, np.nan], [1.0, 0.5, np.nan]])
    low, high = interval(means)
    assert low == pytest.approx([0.025, 0.5, np.nan], nan_ok=True)
    assert high == pytest.approx([0.975, 0.5, np.nan], nan_ok=True)


def test_two_patients():
    # Resamples are 0, 0.5 or 1 with probabilities 1/4, 1/2, 1/4, so the interval is all of [0, 1].
    table = bootstrap_means(sums_of(("d", "a", "p", "m", 0.0), ("d", "a", "q", "m", 1.0)), ["iou"], ["method"], 500, 0)
    assert pick(table, level="task")[["iou_low", "iou_high"]].tolist() == [0.0, 1.0]
    assert pick(table, level="all")[["iou_low", "iou_high"]].tolist() == [0.0, 1.0]


def test_datasets_that_were_seen_are_left_out_of_one_level():
    rows = [("d", "a", f"p{k}", "m", 0.0) for k in range(5)] + [("e", "b", f"p{k}", "m", 1.0) for k in range(5)]
    table = bootstrap_means(sums_of(*rows), ["iou"], ["method"], 50, 0, SEEN)
    assert pick(table, level="all")["iou_low"] == 0.5
    assert pick(table, level="all_unseen")["iou_low"] == 1.0


def test_one_patient_has_no_interval_and_is_named():
    rows = [("d", "a", "p", "m", 0.0), ("e", "b", "p", "m", 1.0), ("e", "b", "q", "m", 1.0)]
    table = bootstrap_means(sums_of(*rows), ["iou"], ["method"], 50, 0, SEEN)
    assert pick(table, level="task", task="a")[["iou_low", "alone"]].tolist() == pytest.approx(
        [np.nan, "d"], nan_ok=True
    )
    assert pick(table, level="task", task="b")["iou_low"] == 1.0
    assert pick(table, level="all")["alone"] == "d"
    assert np.isnan(pick(table, level="all")["iou_low"])
    assert pick(table, level="all_unseen")["iou_low"] == 1.0


def test_a_task_that_a_resample_leaves_empty_is_left_out_of_its_mean():
    # Task b has patient q only: resamples of two times p have the mean of task a alone, which is 0.
    rows = [("d", "a", "p", "m", 0.0), ("d", "a", "q", "m", 0.0), ("d", "b", "q", "m", 1.0)]
    table = bootstrap_means(sums_of(*rows), ["iou"], ["method"], 500, 0)
    assert pick(table, level="all")[["iou_low", "iou_high"]].tolist() == [0.0, 0.5]


def test_metrics_have_intervals_of_their_own():
    sums = sums_of(("d", "a", "p", "m", 0.0), ("d", "a", "q", "m", 1.0)).assign(dice_sum=[0.25, 0.0], dice_n=[1, 0])
    table = bootstrap_means(sums, ["iou", "dice"], ["method"], 200, 0)
    assert pick(table, level="task")["iou_high"] == 1.0
    assert np.isnan(pick(table, level="task")["dice_high"])  # one patient


def test_intervals_cover_the_true_mean_as_often_as_they_say():
    """400 studies of 40 patients, each of 1 to 8 images that are alike within a patient."""
    rng = np.random.default_rng(5)
    studies, patients, truth = 400, 40, 0.6
    weights = draw_patients(patients, 500, generator(0))
    images = rng.integers(1, 9, (patients, studies)).astype(float)
    of_patient = rng.normal(0, 0.15, (patients, studies))
    of_images = rng.normal(0, 0.05, (patients, studies)) / np.sqrt(images)
    sums = images * (truth + of_patient + of_images)
    low, high = interval(resampled_means(sums, images, weights))
    covered = ((low <= truth) & (truth <= high)).mean()
    # A percentile bootstrap of 40 clusters is a little short of 95 %; three errors of the simulation are 0.035.
    assert 0.90 <= covered <= 0.975

    # Were images taken as independent, the interval would miss the truth far too often.
    spread = np.sqrt((0.15**2 + 0.05**2) / images.sum(axis=0))
    naive = (np.abs(sums.sum(axis=0) / images.sum(axis=0) - truth) <= 1.96 * spread).mean()
    assert naive < 0.75
