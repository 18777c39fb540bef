"""Means of routes against values worked out by hand."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.columns import made
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.volumes.analysis.routes import ROUTES, routes
from promptseg.volumes.analysis.rows import merge_scores
from promptseg.volumes.scores.tables import VOLUME_SCORES
from support.volume_scores import rows_of


def one(table, **keys):
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def scores(*rows):
    return rows_of(VOLUME_SCORES, *rows)


def test_three_kinds_of_mean():
    # Two objects of patient p1 and one of p2 in task t, one of p1 in task u.
    rows = scores(
        {"dice": 0.2, "object_id": "a"},
        {"dice": 0.4, "object_id": "b"},
        {"dice": 0.9, "case_id": "p2"},
        {"dice": 0.7, "task": "u"},
    )
    table = routes(rows, resamples=50, seed=1)
    assert list(table) == made(ROUTES)
    task, every = one(table, level="task", task="t"), one(table, level="all")
    assert (task.n_objects, task.n_patients, every.n_objects, every.n_patients, every.n_tasks) == (3, 2, 4, 2, 2)
    assert [task.dice, task.dice_mean_objects, task.dice_mean_patients] == pytest.approx([0.5, 0.5, 0.6])
    assert [every.dice, every.dice_mean_objects] == pytest.approx([0.6, 2.2 / 4])
    assert every.dice_mean_patients == pytest.approx(((0.2 + 0.4 + 0.7) / 3 + 0.9) / 2)
    assert task.seen == "unknown"


def test_intervals_resample_patients_and_need_two():
    rows = scores(
        {"dice": 0.2, "object_id": "a"},
        {"dice": 0.4, "object_id": "b"},
        {"dice": 0.9, "case_id": "p2"},
        {"dice": 0.7, "task": "u"},
    )
    table = routes(rows, resamples=500, seed=1)
    task, alone, every = (one(table, level="task", task=name) for name in "tu"), None, one(table, level="all")
    task, alone = task
    # Resamples of two patients: p1 twice (mean 0.3), p2 twice (0.9), or both (0.5).
    assert [task.dice_ci_low, task.dice_ci_high] == pytest.approx([0.3, 0.9])
    assert np.isnan([alone.dice_ci_low, alone.dice_ci_high]).all()
    # Resamples without the only patient of task u would be means over task t alone.
    assert np.isnan([every.dice_ci_low, every.dice_ci_high]).all()
    both = routes(rows[rows["task"] == "t"], resamples=500, seed=1)
    assert not np.isnan(one(both, level="all").dice_ci_low)
    single = routes(rows[rows["case_id"] == "p1"], resamples=50, seed=1)
    assert single[[name for name in single if name.endswith(("_low", "_high"))]].isna().all(axis=None)


def test_failures_are_counted_and_left_out():
    rows = scores(
        {"dice": 0.5},
        {"dice": np.nan, "case_id": "p2", "status": "not_applicable"},
        {"dice": np.nan, "case_id": "p3", "status": "no mask: the method failed"},
        {"dice": np.nan, "route": "memory", "status": "not_applicable"},
    )
    table = routes(rows, resamples=50)
    carried, tracked = (one(table, level="all", route=name) for name in ("carry_box", "memory"))
    assert (carried.n_objects, carried.n_patients, carried.n_failed, carried.n_not_applicable) == (1, 1, 1, 1)
    assert (tracked.n_objects, tracked.n_failed, tracked.n_not_applicable) == (0, 0, 1)
    assert np.isnan(tracked.dice)
    nothing = routes(rows[rows["status"] != "ok"])
    assert list(nothing) == made(ROUTES)
    assert nothing["n_objects"].tolist() == [0] * 4


def test_what_is_unknown_does_not_count_and_units_are_not_pooled():
    rows = scores(
        {"dice": 1.0, "overrun_mm": 10.0, "hd95": 2.0},
        {"dice": 0.0, "overrun_mm": np.nan, "hd95": 4.0, "case_id": "p2"},
        {"dice": 0.0, "overrun_mm": 3.0, "hd95": 4.0, "task": "u", "distance_unit": "voxels"},
    )
    table = routes(rows, resamples=50)
    task, every = one(table, level="task", task="t"), one(table, level="all")
    assert (task.overrun_mm, task.hd95, task.distance_unit) == (10.0, 3.0, "mm")
    assert (every.dice, every.distance_unit, every.overrun_mm) == (0.25, "mixed", 6.5)
    assert np.isnan(every.hd95)


def test_a_method_has_the_same_numbers_whatever_else_was_run():
    rng = np.random.default_rng(0)
    ours = [{"dice": value, "case_id": f"p{i}"} for i, value in enumerate(rng.random(5))]
    theirs = [{"dice": value, "case_id": f"q{i}", "method": "n"} for i, value in enumerate(rng.random(3))]
    alone, beside = routes(scores(*ours), 200, 3), routes(scores(*ours, *theirs), 200, 3)
    pd.testing.assert_frame_equal(alone, beside[beside["method"] == "m"].reset_index(drop=True))


def test_all_scores_in_one_sorted_file(tmp_path):
    # What is not known is null in any column: here a bool, an integer and a text.
    unknown = {"case_id": "p2", "truncated": None, "n_empty": None, "distance_unit": None}
    parts = {"m": scores(unknown, {"dice": 0.5}), "contours": scores({"method": "contours"})}
    files = []
    for method, rows in parts.items():
        files.append(tmp_path / method / "d.parquet")
        write_table(files[-1], rows, VOLUME_SCORES, {"asked": {"seed": 1} if method == "m" else {"routes": []}})
    rows = merge_scores(files, tmp_path / "volume_scores.parquet")
    assert rows[["method", "case_id"]].to_numpy().tolist() == [["contours", "p1"], ["m", "p1"], ["m", "p2"]]
    again = merge_scores(files[::-1], tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "volume_scores.parquet").read_bytes()
    assert (
        read_table(tmp_path / "again.parquet", VOLUME_SCORES)["dice"].tolist() == again["dice"].tolist() == [0, 0.5, 0]
    )
    assert pq.read_table(tmp_path / "again.parquet")["truncated"].null_count == 1
    known = read_provenance(tmp_path / "again.parquet")
    assert known == {"contours/d": {"asked": {"routes": []}}, "m/d": {"asked": {"seed": 1}, "seed": "1"}}
    write_table(tmp_path / "n.parquet", parts["m"], VOLUME_SCORES)
    with pytest.raises(PromptsegError, match="occurs twice"):
        merge_scores([files[0], tmp_path / "n.parquet"], tmp_path / "twice.parquet")
