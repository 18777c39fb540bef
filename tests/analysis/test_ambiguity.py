"""Tables of the three masks for one prompt: agreement, gaps and calibration."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.ambiguity import (
    AMBIGUITY_MEANS,
    CALIBRATION,
    ambiguity_tables,
    masks_of,
    measures,
    read_ambiguity,
    reliability,
)
from promptseg.analysis.columns import made
from promptseg.core.tables import write_table
from promptseg.score.tables import AMBIGUITY


def rows_of(*objects, dataset="ct", mode="mode1"):
    """Rows of score.tables.AMBIGUITY; an object is (patient, predicted IoU, true IoU), of three masks."""
    rows = [
        {"dataset": dataset, "task": "liver", "case_id": patient, "method": "sam", "mode": mode}
        | {f"predicted_{k}": value for k, value in enumerate(predicted)}
        | {f"true_{k}": value for k, value in enumerate(true)}
        | {"iou_01": 0.3, "iou_02": 0.6, "iou_12": 0.0, "grown_0": 0.1, "grown_1": 0.8, "grown_2": 0.5}
        for patient, predicted, true in objects
    ]
    return pd.DataFrame(rows, columns=AMBIGUITY.names).astype({f"predicted_{k}": np.float32 for k in range(3)})


def test_measures_of_an_object():
    (found,) = measures(rows_of(("p", (0.2, 0.9, 0.5), (0.4, 0.6, 0.7)))).to_dict("records")
    expected = {"agreement": 0.3, "iou_first": 0.4, "iou_best_score": 0.6, "iou_oracle": 0.7, "gap_best_score": 0.2}
    expected |= {"gap_oracle": 0.3, "grown_best_score": 0.8, "grown_others": 0.3, "grown_2": 0.5}
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_method_that_predicts_no_iou_has_no_confident_mask():
    rows = rows_of(("p", (np.nan,) * 3, (0.4, 0.6, 0.7)))
    (found,) = measures(rows).to_dict("records")
    assert found["iou_oracle"] == 0.7
    assert np.isnan([found["iou_best_score"], found["grown_best_score"], found["grown_others"]]).all()
    table, curve = ambiguity_tables(rows, 100, 0)
    assert table["ece"].isna().all()
    assert curve.empty


def test_reliability_by_hand():
    """Four masks at 0.9, of which two are right, and two at 0.25 with a true IoU of 0.25: ECE = 4 / 6 x 0.4."""
    rows = rows_of(("p", (0.9, 0.9, 0.25), (1.0, 0.0, 0.25)), ("q", (0.9, 0.9, 0.25), (1.0, 0.0, 0.25)))
    curve, quality = reliability(masks_of(rows), 200, 0)
    assert curve[["bin_low", "bin_high", "n"]].to_numpy().tolist() == [[0.2, 0.3, 2], [0.9, 1.0, 4]]
    assert curve[["predicted", "true"]].to_numpy() == pytest.approx(np.array([[0.25, 0.25], [0.9, 0.5]]), abs=1e-6)
    assert curve[["ci_low", "ci_high"]].to_numpy() == pytest.approx(np.array([[0.25, 0.25], [0.5, 0.5]]))
    assert quality["ece"] == quality["ece_ci_low"] == pytest.approx(4 / 6 * 0.4, abs=1e-6)
    # Ranks 1.5 1.5 4.5 4.5 4.5 4.5 against 3.5 3.5 5.5 1.5 5.5 1.5 are not correlated.
    assert quality["spearman"] == pytest.approx(0, abs=1e-9)


def test_predictions_in_the_right_order_outside_0_to_1():
    rows = rows_of(("p", (-0.1, 0.5, 1.2), (0.1, 0.2, 0.9)))
    curve, quality = reliability(masks_of(rows), 100, 0)
    assert curve["bin_low"].tolist() == [0, 0.5, 0.9]
    assert quality["spearman"] == pytest.approx(1)
    assert curve["ci_low"].isna().all()  # one patient
    assert np.isnan(quality["ece_ci_low"])


def test_tables_of_two_datasets(tmp_path):
    one = rows_of(("p", (0.2, 0.9, 0.5), (0.4, 0.6, 0.7)), ("q", (0.3, 0.8, 0.6), (0.2, 0.8, 0.6)))
    two = rows_of(("p", (0.3, 0.7, 0.5), (0.6, 0.9, 0.9)), ("r", (0.4, 0.7, 0.5), (0.6, 0.7, 0.6)), dataset="mri")
    for name, rows in (("one", one), ("two", two)):
        write_table(tmp_path / name, rows, AMBIGUITY)
    table, curve = ambiguity_tables(read_ambiguity([tmp_path / "one", tmp_path / "two"]), 200, 0)
    assert list(table.columns) == made(AMBIGUITY_MEANS)
    assert list(curve.columns) == made(CALIBRATION)
    rows = table[["level", "dataset", "n_objects"]].to_numpy().tolist()
    assert rows == [["task", "ct", 2], ["task", "mri", 2], ["all", "", 4]]
    assert table["iou_oracle"].tolist() == pytest.approx([0.75, 0.8, 0.775])
    assert (table["iou_oracle_ci_low"] <= table["iou_oracle"]).all()
    whole = curve[curve["level"] == "all"]
    assert whole["n"].sum() == 12
    assert whole.loc[whole["bin_low"] == 0.7, "true"].tolist() == pytest.approx([0.8])
    assert table["spearman"].between(-1, 1).all()
