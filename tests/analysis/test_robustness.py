"""Tables of robustness: means, changes, and how often the ranking of methods changes."""

import numpy as np
import pytest

from promptseg.analysis.columns import made
from promptseg.analysis.robustness import (
    ROBUSTNESS_MEANS,
    ROBUSTNESS_RANKS,
    read_robustness,
    robustness_ranks,
    robustness_table,
)
from promptseg.core.tables import write_table
from promptseg.predict.tables import ROBUSTNESS


def rows_of(method, patient, values, task="liver", kind="box_jitter", mode="mode3"):
    """Rows of predict.tables.ROBUSTNESS: {(amount, seed): IoU}."""
    about = {"dataset": "ct", "task": task, "case_id": patient, "object_id": f"{patient}:{task}", "method": method}
    about |= {"mode": mode, "kind": kind, "status": "ok"}
    return [{**about, "amount": amount, "seed": seed, "iou": iou} for (amount, seed), iou in values.items()]


def table_of(folder, *rows):
    write_table(folder / "rows.parquet", [row for part in rows for row in part], ROBUSTNESS)
    return read_robustness([folder / "rows.parquet"])


def test_means_and_changes_by_hand(tmp_path):
    rows = table_of(
        tmp_path,
        rows_of("sam", "a", {(0.0, 1): 0.9, (0.0, 2): 0.9, (0.2, 1): 0.8, (0.2, 2): 0.6}),
        rows_of("sam", "b", {(0.0, 1): 0.7, (0.0, 2): 0.7, (0.2, 1): 0.7, (0.2, 2): 0.5}),
        rows_of("sam", "a", {(0.0, 1): 0.4}, kind="point_offset", mode="mode1"),
        rows_of("sam", "a", {(0.0, 1): 0.5, (0.0, 2): 0.3}, kind="seed", mode="mode1"),
        [{**rows_of("sam", "b", {(0.2, 1): None})[0], "status": "failed: no"}],
    )
    table = robustness_table(rows, 200, 0)
    assert list(table.columns) == made(ROBUSTNESS_MEANS)
    task = table[table["level"] == "task"]
    found = task[["mode", "kind", "amount", "n", "iou", "change"]].to_numpy().tolist()
    expected = [
        ["mode1", "point_offset", 0.0, 1, 0.4, 0.0],
        ["mode1", "seed", 1.0, 1, 0.5, 0.1],
        ["mode1", "seed", 2.0, 1, 0.3, -0.1],
        ["mode3", "box_jitter", 0.0, 4, 0.8, 0.0],
        ["mode3", "box_jitter", 0.2, 4, 0.65, -0.15],
    ]
    for row, values in zip(found, expected, strict=True):
        assert row[:4] == values[:4]
        assert row[4:] == pytest.approx(values[4:])
    jittered = task.iloc[-1]
    assert (jittered["ci_low"], jittered["ci_high"]) == pytest.approx((0.6, 0.7))
    assert np.isnan(task.iloc[0]["ci_low"])
    assert table[table["level"] == "all"]["iou"].tolist() == pytest.approx(task["iou"].tolist())


def test_how_often_the_ranking_changes(tmp_path):
    """Of two tasks and two seeds, jitter turns two methods round once; the third stays last, the control first."""
    parts = [
        rows_of("perfect", "a", {(a, s): 1.0 for a in (0.0, 0.2) for s in (1, 2)}, task)
        + rows_of("last", "a", {(a, s): 0.1 for a in (0.0, 0.2) for s in (1, 2)}, task)
        + rows_of("sam", "a", {(0.0, 1): 0.9, (0.0, 2): 0.9, (0.2, 1): 0.8, (0.2, 2): worst}, task)
        + rows_of("grabcut", "a", {(0.0, 1): 0.7, (0.0, 2): 0.7, (0.2, 1): 0.7, (0.2, 2): 0.6}, task)
        for task, worst in (("liver", 0.5), ("spleen", 0.65))
    ]
    found = robustness_ranks(table_of(tmp_path, *parts), ["perfect"])
    assert list(found.columns) == ROBUSTNESS_RANKS.names
    (row,) = found.to_dict("records")
    assert (row["mode"], row["kind"], row["amount"], row["n_methods"], row["n"]) == ("mode3", "box_jitter", 0.2, 3, 4)
    assert (row["changed"], row["best_changed"]) == (0.25, 0.25)
    assert row["kendall_tau"] == pytest.approx((3 * 1 + 1 / 3) / 4)


def test_a_single_method_has_no_ranking(tmp_path):
    rows = table_of(
        tmp_path, rows_of("sam", "a", {(0.0, 1): 0.9, (0.2, 1): 0.8}), rows_of("perfect", "a", {(0.0, 1): 1.0})
    )
    assert robustness_ranks(rows, ["perfect"]).empty
    assert robustness_table(rows[:0], 100, 0).columns.tolist() == made(ROBUSTNESS_MEANS)
