"""Scores of annotators as those of one user."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.annotators import means
from promptseg.analysis.sums import merge_scores, patient_sums
from promptseg.core.tables import write_table
from promptseg.core.vocabulary import NOT_RECORDED
from promptseg.score.tables import SCORES, SCORES_OF_USER


def row(object_id, annotator, iou, step=1, status="ok"):
    keys = {"dataset": "d", "task": "t", "case_id": object_id[0], "image_id": object_id, "object_id": object_id}
    setting = {"method": "m", "protocol": "corrected", "switch": None, "mode": "iterative", "step": step}
    scores = dict.fromkeys(("iou", "dice", "nsd", "hd95"), iou)
    about = {"selection": "first", "distance_unit": "px", "area": 4, "relative_area": 0.5, "status": status}
    return {**keys, **setting, **scores, **about, "annotator": annotator}


def test_each_object_counts_once_with_the_mean_of_those_who_have_a_score():
    rows = [
        row("a1", "anna", 0.25),
        row("a1", "bert", 0.75),
        row("a1", "anna", None, 2, NOT_RECORDED),
        row("a1", "bert", 0.5, 2),
        row("b1", "anna", None, 2, NOT_RECORDED),
    ]
    found = means(pd.DataFrame(rows))
    assert found["iou"].tolist()[:2] == [0.5, 0.5]
    assert np.isnan(found["iou"][2])
    assert found["status"].tolist() == ["ok", "ok", NOT_RECORDED]
    assert found["step"].tolist() == [1, 2, 2]
    assert list(found) == SCORES.names


def test_the_mean_of_equal_numbers_is_that_number():
    value = 0.1  # 0.1 + 0.1 + 0.1 is not 0.3
    found = means(pd.DataFrame([row("a1", name, value) for name in ("anna", "bert", "carl")]))
    assert found["iou"].tolist() == [value]


def test_merged_scores_of_a_user_are_these_means_and_what_nobody_recorded_is_no_failure(tmp_path):
    rows = [row("a1", "anna", 0.25), row("a1", "bert", 0.75), row("b1", "anna", None, 1, NOT_RECORDED)]
    write_table(tmp_path / "m.parquet", rows, SCORES_OF_USER, {"method": "m"})
    sums = merge_scores([tmp_path / "m.parquet"], tmp_path / "scores.parquet")
    assert sums["iou_sum"].tolist() == [0.5, 0.0]
    assert (sums["n"].tolist(), sums["n_failed"].tolist()) == ([1, 0], [0, 0])
    one = [{key: value for key, value in row("a1", "", 0.5).items() if key != "annotator"}]
    assert patient_sums(one)["iou_sum"].tolist() == pytest.approx([0.5])
