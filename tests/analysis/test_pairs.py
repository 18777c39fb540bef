"""Paired comparisons and ranks against values worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.columns import made
from promptseg.analysis.pairs import PAIRS, compare_columns, holm, pairs, rank_biserial, signed_rank
from promptseg.analysis.ranks import RANKS, critical_difference, letters, ranks

FIELDS = ["dataset", "task", "case_id", "method", "protocol", "mode", "step", "selection"]


def sums_of(values, cases=1):
    """Sums of one image per patient from {(task, method, mode, selection): value or values of the patients}."""
    rows = []
    for (task, method, mode, selection), value in values.items():
        for case, one in enumerate(np.broadcast_to(value, cases) if np.isscalar(value) else value):
            rows.append(("d", task, f"p{case}", method, "", mode, 0, selection, one, 1))
    return pd.DataFrame(rows, columns=[*FIELDS, "iou_sum", "iou_n"])


def one(table, **keys):
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_rank_biserial():
    # Ranks of 1, -2, 3, 4: W+ = 1 + 3 + 4, W- = 2; zeros do not count.
    columns = np.array([[1.0, 1, 0, -1], [-2, 2, 0, -2], [3, 3, 0, np.nan], [4, 0, 0, 0]])
    assert rank_biserial(columns) == pytest.approx([0.6, 1, np.nan, -1], nan_ok=True)


def test_signed_rank_of_few_pairs_is_exact_and_none_below_six():
    six = np.arange(1.0, 7)
    differences = np.column_stack([six, np.where(six == 1, np.nan, six), np.zeros(6)])
    statistic, p = signed_rank(differences)
    assert statistic.tolist() == pytest.approx([0, np.nan, np.nan], nan_ok=True)
    assert p.tolist() == pytest.approx([2 / 2**6, np.nan, np.nan], nan_ok=True)


def test_signed_rank_of_a_column_does_not_depend_on_its_neighbours():
    # scipy decides for all columns at once whether to test exactly; ties and zeros of one must not matter to another.
    column = np.array([0.31, 0.12, -0.07, 0.44, 0.25, -0.18, 0.09, 0.52, 0.36, 0.21, -0.02, 0.15, 0.28, 0.11])
    alone = signed_rank(column[:, None])
    neighbours = np.column_stack([np.where(column > 0, column, 0), np.round(column, 1), column])
    beside = signed_rank(neighbours)
    assert alone[0][0] == 10  # ranks 2 + 7 + 1 of the negative differences
    assert (beside[0][2], beside[1][2]) == (alone[0][0], alone[1][0])


def test_holm():
    # 0.01 * 3, 0.02 * 2 and 0.04 * 1, none below the one before.
    assert holm(np.array([0.04, np.nan, 0.01, 0.02])) == pytest.approx([0.04, np.nan, 0.03, 0.04], nan_ok=True)
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_one_family():
    values = np.array([[0.5, 0.3, 0.1], [0.7, 0.4, np.nan]])
    family = compare_columns(values, ["x", "y", "z"], np.array([[2.0, 0], [0, 2]]), [True, False, False])
    assert family["a"].tolist() == ["x", "x"]
    assert family["b"].tolist() == ["y", "z"]
    assert family["n"].tolist() == [2, 1]
    assert family["mean_difference"] == pytest.approx([0.25, 0.4])
    assert family["ci_low"] == pytest.approx([0.2025, np.nan], nan_ok=True)  # resamples are 0.2 and 0.3
    assert family["ci_high"] == pytest.approx([0.2975, np.nan], nan_ok=True)
    assert set(family["note"]) == {"no test: fewer than 6 pairs"}


def test_methods_over_tasks_and_patients():
    tasks = [f"t{k}" for k in range(6)]
    values = {(task, "sam", "mode1", "first"): [0.5 + 0.01 * k, 0.6] for k, task in enumerate(tasks)}
    values |= {(task, "ritm", "mode1", "first"): [0.4, 0.5] for task in tasks}
    values |= {(task, "perfect", "mode1", "first"): [1.0, 1.0] for task in tasks}
    table = pairs(sums_of(values), ["perfect"], 200, 0)
    assert list(table.columns) == made(PAIRS)
    assert set(table["kind"]) == {"methods"}
    over_tasks = one(table, unit="tasks")
    # Differences 0.1, 0.105, ..., 0.125: all positive, so p is 2 / 2^6 with six pairs.
    assert (over_tasks["a"], over_tasks["b"], over_tasks["n"], over_tasks["effect"]) == ("ritm", "sam", 6, -1)
    assert over_tasks["mean_difference"] == pytest.approx(-0.1125)
    assert over_tasks["p"] == over_tasks["p_holm"] == pytest.approx(2 / 2**6)
    assert -0.125 <= over_tasks["ci_low"] < -0.1125 < over_tasks["ci_high"] <= -0.1
    assert over_tasks["family"] == "methods over tasks: mode1 first"
    pooled = one(table, unit="patients", task="")
    assert (pooled["n"], pooled["mean_difference"]) == (2, pytest.approx(-0.1125))
    assert np.isnan(pooled["p"])
    third = one(table, unit="patients", task="t3")
    assert third["mean_difference"] == pytest.approx(-0.115)


def test_a_method_with_one_mask_stands_in_for_other_selections():
    values = {("t", "sam", "mode1", "first"): 0.5, ("t", "sam", "mode1", "oracle"): 0.8}
    values |= {("t", name, "mode1", "first"): 0.6 for name in ("ritm", "simpleclick")}
    table = pairs(sums_of(values), (), 10, 0)
    table = table[table["unit"] == "tasks"]
    found = {tuple(row) for row in table[["a", "b", "selection"]].to_numpy()}
    first = {("ritm", "sam", "first"), ("ritm", "simpleclick", "first"), ("sam", "simpleclick", "first")}
    assert found == first | {("ritm", "sam", "oracle"), ("sam", "simpleclick", "oracle")}
    assert one(table, a="ritm", b="sam", selection="oracle")["mean_difference"] == pytest.approx(-0.2)


def test_modes_of_one_method():
    values = {("t", "sam", f"mode{k}", "first"): 0.1 * k for k in (1, 4)}
    table = pairs(sums_of(values), (), 10, 0)
    line = one(table, unit="tasks")
    assert line[["kind", "a", "b", "method", "mode"]].tolist() == ["modes", "mode1", "mode4", "sam", ""]
    assert pd.isna(line["step"])
    assert line["mean_difference"] == pytest.approx(-0.3)
    assert line["family"] == "modes over tasks: sam first"


def test_clicks_that_are_not_shown_are_left_out():
    values = {("t", name, "iterative", "first"): 0.5 for name in ("sam", "ritm")}
    parts = [sums_of(values).assign(step=step, protocol="p") for step in range(1, 10)]
    table = pairs(pd.concat(parts), (), 10, 0)
    assert sorted(set(table["step"])) == [1, 3, 5, 9]
    assert set(table["protocol"]) == {"p"}
    assert set(table["note"]) == {"no test: fewer than 6 pairs"}


def test_nothing_to_compare():
    table = pairs(sums_of({("t", "sam", "mode1", "first"): 0.5}), (), 10, 0)
    assert list(table.columns) == made(PAIRS)
    assert table.empty
    assert pairs(sums_of({}), (), 10, 0).empty


def measured(values):
    frame = sums_of(values).rename(columns={"iou_sum": "iou"})
    return frame.assign(level="task")


def test_critical_difference_of_the_literature():
    # Demšar 2006, table 5(a): q is 2.569 for four classifiers; his example has 14 data sets.
    assert critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=1e-3)


def test_letters():
    ranks_of = {"a": 1.0, "b": 1.5, "c": 2.2, "d": 4.0}
    assert letters(ranks_of, 1.0) == {"a": "a", "b": "ab", "c": "b", "d": "c"}
    assert set(letters(ranks_of, 5.0).values()) == {"a"}
    assert list(letters(ranks_of, 0.1).values()) == ["a", "b", "c", "d"]


def test_ranks():
    values = {}
    for index, (x, y, z) in enumerate([(0.9, 0.5, 0.5), (0.8, 0.6, 0.4), (0.7, 0.9, 0.1), (0.6, 0.5, 0.4)]):
        for method, value in zip("xyz", (x, y, z), strict=True):
            values[f"t{index}", method, "mode1", "first"] = value
    values["t9", "x", "mode1", "first"] = 0.1  # no value of the others, so the task does not count
    table = ranks(measured(values), ["control"])
    assert list(table.columns) == made(RANKS)
    assert table["method"].tolist() == ["x", "y", "z"]
    assert table["mean_rank"].tolist() == [1.25, 1.875, 2.875]  # ranks 1 1 2 1, 2.5 2 1 2, 2.5 3 3 3
    assert (table["n_tasks"] == 4).all()
    # Sums of ranks 5, 7.5, 11.5: 12 / (4 * 3 * 4) * 213.5 - 3 * 4 * 4 = 5.375, over 1 - 6 / (4 * 24) for the tie.
    assert table["friedman_statistic"].iloc[0] == pytest.approx(5.375 / (1 - 6 / 96))
    assert table["friedman_p"].iloc[0] == pytest.approx(np.exp(-5.375 / (1 - 6 / 96) / 2))
    assert table["group"].tolist() == ["a", "a", "a"]


def test_equal_methods_and_two_methods_have_no_friedman_test():
    same = {(f"t{k}", method, "mode1", "first"): 0.5 for k in range(3) for method in "xyz"}
    assert ranks(measured(same))["friedman_p"].isna().all()
    two = {key: value for key, value in same.items() if key[1] != "z"}
    table = ranks(measured(two))
    assert table["mean_rank"].tolist() == [1.5, 1.5]
    assert table["friedman_statistic"].isna().all()
    assert ranks(measured({key: 0.5 for key in two if key[0] == "t0"})).empty


def test_every_method_against_the_reference():
    gains = np.arange(1, 8) / 100
    values = {("t", "unet", "automatic", "first"): np.full(7, 0.5)}
    values |= {("t", name, mode, "first"): 0.5 + sign * gains for name, mode, sign in (
        ("sam", "mode1", -1), ("sam", "mode5", 1), ("ritm", "mode1", 2), ("control", "mode5", 1),
    )}  # fmt: skip
    values |= {("t", "sam", "mode5", "oracle"): 0.5 + 3 * gains, ("t", "other", "automatic", "first"): np.full(7, 0.4)}
    table = pairs(sums_of(values, 7), ["control"], 200, reference="unet")
    against = table[(table["kind"] == "reference") & (table["unit"] == "patients") & (table["dataset"] == "")]
    assert against[["a", "b", "mode", "selection", "n"]].values.tolist() == [
        ["other", "unet", "automatic", "first", 7],
        ["ritm", "unet", "mode1", "first", 7],
        ["sam", "unet", "mode1", "first", 7],
        ["sam", "unet", "mode5", "first", 7],
        ["sam", "unet", "mode5", "oracle", 7],
    ]
    assert against["mean_difference"].tolist() == pytest.approx([-0.1, 0.08, -0.04, 0.04, 0.12])
    assert against["p"].tolist() == pytest.approx([2 / 2**7] * 5)
    # Those of one prompt are a family.
    assert against["p_holm"].tolist() == pytest.approx([2 / 2**7, 4 / 2**7, 4 / 2**7, 2 / 2**7, 2 / 2**7])
    plain = pairs(sums_of(values, 7), ["control"], 200)
    pd.testing.assert_frame_equal(table[table["kind"] != "reference"].reset_index(drop=True), plain)


def test_a_reference_that_is_prompted_is_compared_in_the_same_setting():
    values = {("t", name, mode, "first"): np.arange(7) / 10 + gain for name, mode, gain in (
        ("line", "mode1", 0), ("line", "mode5", 0.1), ("sam", "mode1", 0.2), ("sam", "mode2", 0.3),
    )}  # fmt: skip
    table = pairs(sums_of(values, 7), [], 200, reference="line")
    against = table[(table["kind"] == "reference") & (table["unit"] == "tasks")]
    assert against[["a", "b", "mode"]].values.tolist() == [["sam", "line", "mode1"]]
    assert against["mean_difference"].tolist() == pytest.approx([0.2])


def test_patients_are_compared_over_the_tasks_that_both_have():
    """A second rater who drew the easy task alone is no better than a method that was asked about the hard one, too."""
    easy = np.array([0.8, 0.7, 0.9, 0.6, 0.5, 0.4, 0.3])
    given = {
        ("easy", "rater", "automatic", "first"): easy,
        ("easy", "x", "mode1", "first"): easy + 0.05,
        ("hard", "x", "mode1", "first"): easy - 0.3,
        ("hard", "y", "mode1", "first"): easy - 0.25,
    }
    rows = pairs(sums_of(given, 7), resamples=50, reference="rater")
    rows = rows[(rows["unit"] == "patients") & (rows["task"] == "")].set_index(["kind", "a", "b"])
    assert rows["mean_difference"].round(12).to_dict() == {
        ("reference", "x", "rater"): 0.05,
        ("methods", "x", "y"): -0.05,
    }
    assert set(rows["n"]) == {7}
