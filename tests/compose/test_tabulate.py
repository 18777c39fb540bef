"""The table of what label maps cost."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.composed import COMPOSED
from promptseg.compose.tables import COMPOSED_OBJECTS
from promptseg.compose.tabulate import composed_table, read_composed
from promptseg.core.tables import read_csv, write_csv, write_table


def row(dataset, case, alone, composed, **more):
    about = {"dataset": dataset, "method": "m", "on": "images", "setting": "mode5.first", "rule": "last_wins"}
    named = {"task": "t", "case_id": case, "place_id": case, "object_id": case}
    values = {"iou_alone": alone, "iou_composed": composed, "dice_alone": alone, "dice_composed": composed}
    return about | named | values | {"area": 10, "shared": 0, "lost": 0, "status": "ok"} | more


ROWS = [
    row("a", "p", 0.5, 0.25, shared=4, lost=4),
    row("a", "q", 0.5, 0.75),
    row("a", "r", 1.0, 0.75, shared=1, lost=0),
    row("b", "s", 0.25, 0.25, area=0),
]


def test_means_over_objects_and_datasets_with_intervals_over_patients():
    table = composed_table(pd.DataFrame(ROWS), 5000, 1).set_index("dataset")
    assert table.index.tolist() == ["", "a", "b"]
    of_a = table.loc["a"]
    assert (of_a.n_objects, of_a.n_patients) == (3, 3)
    assert of_a.iou_alone == pytest.approx(2 / 3)
    assert of_a.iou_composed == pytest.approx(1.75 / 3)
    assert of_a.iou_change == pytest.approx(-0.25 / 3)
    assert of_a.iou_change_ci_low == pytest.approx(-0.25)
    assert of_a.iou_change_ci_high == pytest.approx(0.25)
    assert (of_a.overlapping, of_a.lost) == (pytest.approx(2 / 3), pytest.approx(0.4 / 3))
    assert table.loc["", "iou_change"] == pytest.approx(-0.125 / 3)
    assert np.isnan(table.loc["b", "iou_change_ci_low"])  # a single patient


def test_rules_that_cannot_be_used_have_a_row_with_the_reason(tmp_path):
    reason = "not_applicable: the method gives no probabilities"
    empty = dict.fromkeys(("iou_alone", "iou_composed", "dice_alone", "dice_composed", "area", "shared", "lost"))
    bad = [row("a", case, 0, 0, **empty, rule="largest_probability") | {"status": reason} for case in "pp"]
    for name, rows in (("one", ROWS), ("two", bad)):
        write_table(tmp_path / f"{name}.parquet", rows, COMPOSED_OBJECTS)
    table = composed_table(read_composed(tmp_path.glob("*.parquet")), 100, 1)
    write_csv(tmp_path / "composed.csv", table, COMPOSED)
    found = read_csv(tmp_path / "composed.csv", COMPOSED)
    (unusable,) = found[found["note"] != ""].to_dict("records")
    assert (unusable["rule"], unusable["note"], unusable["n_objects"]) == ("largest_probability", reason, 2)
    assert (unusable["n_patients"], np.isnan(unusable["iou_alone"])) == (1, True)
    assert len(found) == 4


def test_nothing_can_be_composed():
    table = composed_table(pd.DataFrame([ROWS[0] | {"status": "not_applicable: so"}]), 100, 1)
    assert table["note"].tolist() == ["not_applicable: so"]
