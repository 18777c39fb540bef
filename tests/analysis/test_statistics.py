"""Means with intervals, against the normal interval and known cases."""

import numpy as np
import pytest

from promptseg.analysis.statistics import statistics
from promptseg.analysis.sums import patient_sums
from support.scores import SMALL, pick, row


def test_a_seen_dataset_of_one_patient_takes_the_interval_of_all_alone():
    rows = [*SMALL, row("a", "p1", "i1", 0.9, "e")]
    table = statistics(patient_sums(rows), 100, 1, {"m": {"e": {"answer": "yes", "source": "a paper"}}})
    assert pick(table, level="all")["no_interval"] == "one patient only in e"
    assert pick(table, level="all_unseen")["no_interval"] == ""


def test_bootstrap_of_many_patients_is_the_normal_interval():
    values = np.random.default_rng(3).normal(0.6, 0.1, 400)
    rows = [row("a", f"p{i}", f"i{i}", value) for i, value in enumerate(values)]
    line = pick(statistics(patient_sums(rows), 4000, seed=1), level="task")
    half = 1.96 * values.std() / np.sqrt(400)
    assert line["iou"] == pytest.approx(values.mean())
    assert line["ci_low"] == pytest.approx(values.mean() - half, abs=0.001)
    assert line["ci_high"] == pytest.approx(values.mean() + half, abs=0.001)


def test_bootstrap_of_two_patients():
    # Resamples are 0, 0.5 or 1 with probabilities 1/4, 1/2, 1/4, so the interval is all of [0, 1].
    line = pick(statistics(patient_sums([row("a", "p1", "i1", 0.0), row("a", "p2", "i2", 1.0)])), level="task")
    assert (line["ci_low"], line["ci_high"]) == (0.0, 1.0)


def test_images_of_a_patient_stay_together():
    spread = [row("a", f"p{i}", f"i{i}_{k}", 0.2 + 0.1 * (i % 5)) for i in range(10) for k in range(30)]
    together = pick(statistics(patient_sums(spread)), level="task")
    apart = [{**item, "case_id": item["image_id"]} for item in spread]
    alone = pick(statistics(patient_sums(apart)), level="task")
    ratio = (together["ci_high"] - together["ci_low"]) / (alone["ci_high"] - alone["ci_low"])
    assert ratio == pytest.approx(np.sqrt(30), rel=0.1)


def test_single_patient_has_no_interval():
    rows = [
        row("a", "p1", "i1", 0.2),
        row("a", "p1", "i2", 0.4),
        *(row("b", f"q{i}", f"i{i}", 0.3, "e") for i in range(4)),
    ]
    table = statistics(patient_sums(rows))
    a = pick(table, task="a")
    assert np.isnan(a["ci_low"])
    assert a["no_interval"] == "one patient: an interval needs two"
    assert pick(table, task="b")["no_interval"] == ""
    everything = pick(table, level="all")
    assert everything["iou"] == pytest.approx(0.3)
    assert np.isnan(everything["ci_low"])
    assert everything["no_interval"] == "one patient only in d"


def test_interval_of_the_task_mean_keeps_tasks_of_a_patient_together():
    # The same value in both tasks: the mean over tasks varies like one task, not like two independent ones.
    rows = [row(task, f"p{i}", f"i{i}", 0.1 * (i % 7)) for task in "ab" for i in range(40)]
    table = statistics(patient_sums(rows), 4000)
    width = {level: pick(table, level=level, task=task) for level, task in (("task", "a"), ("all", ""))}
    widths = {level: line["ci_high"] - line["ci_low"] for level, line in width.items()}
    assert widths["all"] == pytest.approx(widths["task"], rel=0.05)


def test_intervals_depend_on_the_seed_alone():
    sums = patient_sums(SMALL)
    assert statistics(sums, 50, 1).equals(statistics(sums, 50, 1))
    many = patient_sums([row("a", f"p{i}", f"i{i}", 0.01 * i) for i in range(30)])
    assert not statistics(many, 50, 1).equals(statistics(many, 50, 2))
