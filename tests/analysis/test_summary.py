"""Means: three kinds, with and without what was seen, units, failures."""

import numpy as np
import pytest

from promptseg.analysis.statistics import statistics
from promptseg.analysis.summary import summary
from promptseg.analysis.sums import patient_sums
from support.scores import SMALL, pick, row


def test_three_kinds_of_mean():
    table = summary(patient_sums(SMALL))
    a = pick(table, level="task", task="a")
    assert a["iou_mean_images"] == pytest.approx(0.55)  # (0.2 + 0.4 + 0.6 + 1.0) / 4
    assert a["iou_mean_patients"] == pytest.approx(0.7)  # (0.4 + 1.0) / 2
    assert np.isnan(a["iou_mean_tasks"])
    assert (a["n_images"], a["n_patients"]) == (4, 2)
    assert a["hd95_mean_images"] == pytest.approx(5.5)
    everything = pick(table, level="all")
    assert everything["iou_mean_images"] == pytest.approx(2.8 / 6)
    assert everything["iou_mean_patients"] == pytest.approx((1.7 / 4 + 1.0 + 0.1) / 3)
    assert everything["iou_mean_tasks"] == pytest.approx((0.55 + 0.3) / 2)
    assert (everything["n_tasks"], everything["n_images"], everything["n_patients"]) == (2, 6, 3)
    assert (everything["dataset"], everything["task"]) == ("", "")


YES, NO = ({"answer": answer, "source": "a paper"} for answer in ("yes", "no"))
# SMALL has the means 0.55 and 0.3 in dataset d; dataset e: one image of each of two patients.
TWO = [*SMALL, row("a", "p1", "i1", 0.9, "e"), row("a", "p2", "i2", 0.7, "e")]


def test_means_with_and_without_what_was_seen():
    sums = patient_sums([*TWO, *({**item, "method": "n"} for item in TWO)])
    seen = {"m": {"e": YES, "other": NO}}
    for table, mean in ((summary(sums, seen), "iou_mean_tasks"), (statistics(sums, 100, 1, seen), "iou")):
        everything = pick(table, level="all", method="m")
        unseen = pick(table, level="all_unseen", method="m")
        assert (everything["n_tasks"], unseen["n_tasks"]) == (3, 2)
        assert (everything["n_images"], unseen["n_images"]) == (8, 6)
        assert everything[mean] == pytest.approx((0.55 + 0.3 + 0.8) / 3)
        assert unseen[mean] == pytest.approx((0.55 + 0.3) / 2)
        assert (unseen["dataset"], unseen["task"], unseen["seen"]) == ("", "", "")
        assert pick(table, level="task", method="m", dataset="e")["seen"] == "yes"
        assert set(table[(table["method"] == "m") & (table["dataset"] == "d")]["seen"]) == {"no"}
        # Nothing is known of the other method: its means leave nothing out.
        assert set(table[(table["method"] == "n") & (table["level"] == "task")]["seen"]) == {"unknown"}
        assert pick(table, level="all_unseen", method="n")[mean] == pytest.approx((0.55 + 0.3 + 0.8) / 3)
    # d alone, with the same draws as ever.
    alone = pick(statistics(patient_sums(SMALL), 100, 1), level="all")
    unseen = pick(statistics(sums, 100, 1, seen), level="all_unseen", method="m")
    assert (unseen["ci_low"], unseen["ci_high"]) == (alone["ci_low"], alone["ci_high"])


def test_method_that_has_seen_everything_has_no_mean_without_it():
    sums = patient_sums(TWO)
    for table in (summary(sums, {"m": {"other": YES}}), statistics(sums, 100, 1, {"m": {"other": YES}})):
        assert set(table["level"]) == {"task", "all"}


def test_equal_patient_names_of_two_datasets_are_two_patients():
    rows = [row("a", "p1", "i1", 0.2), row("a", "p1", "i1", 0.4, dataset="e")]
    assert pick(summary(patient_sums(rows)), level="all")["n_patients"] == 2


def test_not_applicable_gives_no_mean():
    rows = [row("a", "p1", "i1", None, status="not_applicable"), row("a", "p1", "i1", 0.5, method="other")]
    line = pick(summary(patient_sums(rows)), level="task", method="m")
    assert (line["n_images"], line["n_patients"], line["n_not_applicable"], line["n_failed"]) == (0, 0, 1, 0)
    assert line.filter(like="_mean_").isna().all()
    assert pick(statistics(patient_sums(rows), 10), level="task", method="m")["no_interval"] == "not applicable"


def test_failures_are_counted_and_left_out():
    failed = row("a", "p9", "i9", None, status="out of memory")
    unreadable = row(None, "p8", "i8", None, status="unreadable: truncated", mode=None, selection=None, step=None)
    table = summary(patient_sums([*SMALL, failed, unreadable]))
    a = pick(table, level="task", task="a")
    assert (a["n_images"], a["n_patients"], a["n_failed"]) == (4, 2, 1)
    assert a["iou_mean_images"] == pytest.approx(0.55)
    assert pick(table, level="task", task="")["n_failed"] == 1
    assert pick(table, level="all", mode="")["n_failed"] == 1


def test_millimetres_and_pixels_are_not_averaged():
    rows = [row("a", "p1", "i1", 0.2), row("b", "p1", "i1", 0.4, distance_unit="px")]
    table = summary(patient_sums(rows))
    assert pick(table, task="a")["distance_unit"] == "mm"
    assert pick(table, task="b")["hd95_mean_images"] == pytest.approx(4.0)
    everything = pick(table, level="all")
    assert everything["distance_unit"] == "mixed"
    assert everything.filter(like="hd95_mean").isna().all()
    assert everything["iou_mean_tasks"] == pytest.approx(0.3)


def test_infinite_distance_does_not_count():
    rows = [row("a", "p1", "i1", 0.2, hd95=float("inf")), row("a", "p2", "i2", 0.4)]
    line = pick(summary(patient_sums(rows)), level="task")
    assert (line["hd95_mean_images"], line["n_hd95"]) == (pytest.approx(4.0), 1)
