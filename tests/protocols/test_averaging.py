"""Averaging as each protocol does: classes and cases, lesions, pooled slices, tasks; the cut of NSD."""

import numpy as np
import pandas as pd
import pytest

from promptseg.protocols.averaging import cut, dataset_means, mean, units

SUMMARIES = [
    {"name": "dice_final", "metric": "dice", "kind": "final"},
    {"name": "nsd_auc", "metric": "nsd", "kind": "auc", "from": 0, "to": 1},
]


def preset(averaging, **conditions):
    return {
        "prompts": 1,
        "metrics": {"dice": {}, "nsd": {}},
        "conditions": {"nsd_zero_unless_dice_above": "none", "failed": "zero", "unknown": "skip", **conditions},
        "summaries": SUMMARIES,
        "averaging": averaging,
    }


def scores(rows):
    """Rows of (task, image, object, Dice and NSD of step 0, of step 1, entries)."""
    return pd.DataFrame([
        {"dataset": "d", "task": task, "case_id": image[0], "image_id": image, "object_id": f"{image}/{name}",
         "step": step, "dice": dice, "nsd": nsd, "entries": entries, "n_lesions": entries}
        for task, image, name, values, entries in rows
        for step, (dice, nsd) in enumerate(values)
    ])  # fmt: skip


ROWS = scores(
    [
        ("liver", "a1", "x", [(0.1, 0.6), (0.2, 0.8)], 1),
        ("spleen", "a1", "y", [(0.3, 0.4), (0.9, 1.0)], 3),
        ("liver", "b1", "x", [(0.0, 0.2), (0.4, 0.5)], 4),
    ]
)


def value(rows, declaration, name="dice_final"):
    return dataset_means(units(rows, declaration), [name], declaration)[name]


def test_classes_of_a_case_are_averaged_before_cases():
    assert value(ROWS, preset(["objects"])) == pytest.approx((0.2 + 0.9 + 0.4) / 3)
    assert value(ROWS, preset(["classes", "cases"])) == pytest.approx(((0.2 + 0.9) / 2 + 0.4) / 2)
    assert value(ROWS, preset(["lesions", "cases"])) == pytest.approx(((0.2 + 3 * 0.9) / 4 + 0.4) / 2)


def test_slices_are_pooled_over_volumes():
    assert value(ROWS, preset(["slices"])) == pytest.approx((0.2 + 3 * 0.9 + 4 * 0.4) / 8)
    assert value(ROWS, preset(["slices", "tasks"])) == pytest.approx(((0.2 + 4 * 0.4) / 5 + 0.9) / 2)
    assert value(ROWS, preset(["objects", "tasks"])) == pytest.approx(((0.2 + 0.4) / 2 + 0.9) / 2)


def test_the_cut_sees_the_mean_dice_of_a_case_and_the_limit_is_not_above_itself():
    whole = units(ROWS, preset(["classes", "cases"]))
    assert whole["nsd_auc"].tolist() == pytest.approx([(0.5 + 0.9) / 2, 0.35])
    limited = units(ROWS, preset(["classes", "cases"], nsd_zero_unless_dice_above=0.2))
    assert limited["nsd_auc"].tolist() == pytest.approx([0.9 / 2, 0.25])
    assert limited["n_cut"].tolist() == [1, 1]
    alone = units(ROWS, preset(["objects"], nsd_zero_unless_dice_above=0.2))
    assert alone["n_cut"].tolist() == [2, 1, 0], "liver of a1 and b1, spleen"
    curves = {"dice": np.array([[0.2, 0.2000001, np.nan]]), "nsd": np.array([[0.5, 0.5, 0.5]])}
    assert cut(curves, 0.2).tolist() == [[True, False, False]]
    assert curves["nsd"].tolist() == [[0.0, 0.5, 0.5]]


def test_a_missing_value_is_left_out_or_spreads():
    rows = ROWS.assign(dice=ROWS["dice"].where(ROWS["task"] != "spleen"))
    assert value(rows, preset(["classes", "cases"])) == pytest.approx((0.2 + 0.4) / 2)
    assert value(rows, preset(["classes", "cases"], unknown="spread")) == pytest.approx(0.4), "a1 has none"
    assert np.isnan(value(rows, preset(["objects"], unknown="spread")))
    assert value(rows, preset(["objects"])) == pytest.approx(0.3)


def test_an_object_that_has_ended_keeps_its_last_value():
    short = ROWS[~((ROWS["object_id"] == "a1/y") & (ROWS["step"] == 1))]
    assert value(short, preset(["objects"])) == pytest.approx((0.2 + 0.3 + 0.4) / 3)
    assert value(short, preset(["classes", "cases"])) == pytest.approx((0.25 + 0.4) / 2)


def test_the_order_of_rows_does_not_matter():
    declaration = preset(["classes", "cases"])
    pd.testing.assert_frame_equal(units(ROWS.sample(frac=1, random_state=3), declaration), units(ROWS, declaration))


def test_units_say_what_they_are():
    whole = units(ROWS, preset(["classes", "cases"]))
    assert whole[["task", "case_id", "image_id", "object_id"]].values.tolist() == [
        ["", "a", "a1", ""],
        ["", "b", "b1", ""],
    ]
    assert units(ROWS, preset(["lesions", "cases", "tasks"]))["task"].tolist() == ["liver", "liver", "spleen"]
    assert units(ROWS, preset(["objects"]))["object_id"].tolist() == ["a1/x", "b1/x", "a1/y"]


def test_mean_of_nothing_is_missing():
    assert np.isnan(mean(np.array([[np.nan]]), np.ones(1), False)).all()
    assert mean(np.array([[1.0, 2.0], [3.0, np.nan]]), np.array([1.0, 3.0]), False).tolist() == [2.5, 2.0]
