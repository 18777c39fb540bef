"""Failures by their reasons."""

from promptseg.core.tables import write_table
from promptseg.report.failures import failures
from promptseg.score.tables import SCORES


def test_failures_are_counted_by_reason(tmp_path):
    about = {"case_id": "p", "mode": "mode1", "step": 0, "selection": "first"}
    failed = [("a", "sam", "x", "sizes differ: x"), *(("b", m, i, "unreadable: " + i) for m in "rs" for i in "yz")]
    rows = [{**about, "dataset": d, "method": m, "image_id": i, "status": s} for d, m, i, s in failed]
    rows += [{**about, "dataset": "a", "method": "sam", "image_id": "o", "status": s} for s in ("ok", "not_applicable")]
    write_table(tmp_path / "scores.parquet", rows, SCORES)
    found = failures(tmp_path / "scores.parquet")
    assert found.to_numpy().tolist() == [
        ["unreadable", "b", "r, s", "y", "unreadable: y", 2, 4],
        ["sizes differ", "a", "sam", "x", "sizes differ: x", 1, 1],
    ]
