"""Users side by side: means over annotators, objects and tasks, and intervals over patients and annotators."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.users import ONE_ANNOTATOR, ONE_PATIENT, two_way, users_table

# Objects of patients 0, 0 and 1; two annotators, the second of whom left the last object out; one setting.
FIRST = np.array([[0.2, 0.4], [0.6, 0.8], [0.5, np.nan]])[:, :, None]
SECOND = np.array([[0.9], [0.9], [0.7]])[:, :, None]
PATIENTS = np.array([0, 0, 1])


def drawn(patients, annotators, other=(1,)):
    return [np.array([one], float) for one in (patients, annotators, other)]


def values(*weights):
    return two_way(FIRST, SECOND, PATIENTS, drawn(*weights))[:, 1, 0]


def test_what_is_observed_is_the_mean_over_objects_of_their_means():
    found = two_way(FIRST, SECOND, PATIENTS, drawn((1, 1), (1, 1)))
    first, second = (0.3 + 0.7 + 0.5) / 3, (0.9 + 0.9 + 0.7) / 3
    assert found.shape == (3, 2, 1)
    assert found[:, 0, 0] == pytest.approx([first, second, second - first])
    np.testing.assert_allclose(found[:, 1], found[:, 0])  # everybody drawn once


def test_a_resample_weighs_patients_and_within_objects_annotators():
    assert values((2, 0), (1, 1)) == pytest.approx([0.5, 0.9, 0.4])  # the first patient alone
    assert values((1, 1), (2, 0)) == pytest.approx([(0.2 + 0.6 + 0.5) / 3, 2.5 / 3, 1.2 / 3])  # the first annotator
    # The second annotator alone: nobody saw the last object, which does not count.
    assert values((1, 1), (0, 2)) == pytest.approx([0.6, 0.9, 0.3])
    assert values((1, 2), (0, 2)) == pytest.approx([0.6, 0.9, 0.3])
    assert np.isnan(values((0, 2), (0, 2))).all()
    assert values((0, 2), (3, 1)) == pytest.approx([0.5, 0.7, 0.2])


def test_objects_that_one_user_lacks_do_not_count():
    second = np.array([[0.9], [np.nan], [0.7]])[:, :, None]
    found = two_way(FIRST, second, PATIENTS, drawn((1, 1), (1, 1)))[:, 0, 0]
    assert found == pytest.approx([0.4, 0.8, 0.4])


def test_an_interval_over_annotators_alone_has_the_ends_of_their_means():
    """Four annotators, each constant, on many patients without differences: resamples differ by annotators only."""
    levels = np.array([0.1, 0.2, 0.3, 0.4])
    rows = [
        row("readers", f"c{case}", name, level) for case in range(5) for name, level in zip("abcd", levels, strict=True)
    ]
    rows += [row("ideal", f"c{case}", "", 0.9) for case in range(5)]
    table = users_table(pd.DataFrame(rows), ["ideal", "readers"], 4000, 1)
    line = table[table["level"] == "task"].iloc[0]
    assert line["difference"] == pytest.approx(0.65)
    # A mean of four of them drawn with replacement has this standard deviation; 1.96 of them on either side, roughly.
    spread = levels.std() / 2
    assert line["difference_ci_high"] - line["difference_ci_low"] == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert (line["against_iou_ci_low"], line["against_iou_ci_high"]) == pytest.approx((0.9, 0.9))


def row(user, case, annotator, iou, task="t", name="1"):
    setting = {"method": "m", "protocol": "", "mode": "mode1", "step": 0, "selection": "first"}
    about = {"dataset": "d", "task": task, "case_id": case, "object_id": f"{case}_{name}:{task}"}
    return {**about, **setting, "user": user, "annotator": annotator, "iou": iou}


def test_rows_of_each_pair_with_what_is_counted_and_left_out():
    rows = [row("ideal", case, "", 0.8) for case in "abc"] + [row("ideal", "a", "", 0.6, "u")]
    rows += [row("readers", "a", who, iou) for who, iou in (("x", 0.5), ("y", 0.7))] + [row("readers", "b", "x", 0.4)]
    rows += [row("noisy", case, "1", 0.7) for case in "abc"] + [row("noisy", "a", "1", 0.1, "u")]
    table = users_table(pd.DataFrame(rows), ["ideal", "readers", "noisy"], 50, 0)
    assert table[["level", "task", "user", "against"]].to_numpy().tolist() == [
        ["all", "", "readers", "ideal"],
        ["all", "", "noisy", "ideal"],
        ["all", "", "noisy", "readers"],
        ["task", "t", "readers", "ideal"],
        ["task", "t", "noisy", "ideal"],
        ["task", "t", "noisy", "readers"],
        ["task", "u", "noisy", "ideal"],
    ]
    readers = table[(table["user"] == "readers") & (table["level"] == "task")].iloc[0]
    assert readers[["n_objects", "n_patients", "n_annotators", "n_left_out"]].tolist() == [2, 2, 2, 1]
    assert readers[["iou", "against_iou", "difference"]].tolist() == pytest.approx([0.5, 0.8, 0.3])
    noisy = table[(table["user"] == "noisy") & (table["against"] == "ideal")].set_index(["level", "task"])
    assert noisy.loc[("all", ""), "n_tasks"] == 2
    assert noisy.loc[("all", ""), "difference"] == pytest.approx((0.1 + 0.5) / 2)
    assert noisy.loc[("task", "u"), "note"] == ONE_PATIENT
    assert np.isnan(noisy.loc[("task", "u"), "difference_ci_low"])
    assert noisy.loc[("task", "t"), "note"] == ONE_ANNOTATOR


def test_users_without_a_common_setting_give_no_rows():
    rows = [row("ideal", "a", "", 0.8), {**row("readers", "a", "x", 0.5), "mode": "mode5"}]
    assert users_table(pd.DataFrame(rows), ["ideal", "readers"], 50, 0).empty


def test_the_table_does_not_depend_on_the_order_of_rows():
    rows = pd.DataFrame(
        [row("ideal", case, "", 0.8) for case in "abcd"]
        + [row("readers", case, who, 0.1 * n) for n, case in enumerate("abcd") for who in "xyz"]
    )
    first = users_table(rows, ["ideal", "readers"], 100, 3)
    pd.testing.assert_frame_equal(first, users_table(rows[::-1], ["ideal", "readers"], 100, 3))
