"""All scores in one file, and the sums of patients."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.statistics import statistics
from promptseg.analysis.summary import summary
from promptseg.analysis.sums import merge_scores, patient_sums
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_provenance, write_table
from promptseg.score.tables import SCORES
from support import synthetic
from support.scores import SMALL, row


def test_doubled_row_is_refused():
    with pytest.raises(PromptsegError, match="twice"):
        patient_sums([SMALL[0], SMALL[0]])


def test_no_scores_at_all():
    assert summary(patient_sums([])).empty
    assert statistics(patient_sums([])).empty


def test_all_rows_are_kept_and_sorted(tmp_path):
    scores, _ = synthetic.write_run(tmp_path)
    merge_scores(scores, tmp_path / "scores.parquet")
    table = pq.read_table(tmp_path / "scores.parquet")
    assert table.schema.names == SCORES.names
    assert table.num_rows == sum(pq.read_metadata(path).num_rows for path in scores)
    keys = table.select(["dataset", "task", "image_id", "object_id", "method"]).to_pandas()
    assert keys.equals(keys.sort_values(list(keys.columns), kind="stable").reset_index(drop=True))
    assert read_provenance(tmp_path / "scores.parquet")["sam_vit_b/chest_xray"] == {
        "method": "sam_vit_b",
        "device": "cpu",
    }


def test_foreign_file_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(PromptsegError, match="lacks the columns"):
        merge_scores([path], tmp_path / "scores.parquet")


def test_same_scores_given_twice_are_refused(tmp_path):
    for name in ("one", "two"):
        write_table(tmp_path / name / "d.parquet", SMALL, SCORES)
    with pytest.raises(PromptsegError, match=r"twice.*one.*two"):
        merge_scores([tmp_path / "one" / "d.parquet", tmp_path / "two" / "d.parquet"], tmp_path / "scores.parquet")


def test_rows_without_a_task_are_kept_behind_the_others(tmp_path):
    unreadable = row(None, "p8", "i8", None, status="unreadable: truncated", mode=None, selection=None, step=None)
    write_table(tmp_path / "d.parquet", [unreadable, *SMALL], SCORES)
    sums = merge_scores([tmp_path / "d.parquet"], tmp_path / "scores.parquet")
    tasks = pq.read_table(tmp_path / "scores.parquet", columns=["task"])["task"].to_pylist()
    assert tasks == ["a", "a", "a", "a", "b", "b", None]
    assert sums["n_failed"].sum() == 1
    assert sums["n"].sum() == 6
