"""Metadata and `groups` are looked at before anything is planned."""

import pytest

from promptseg.analysis.metadata_check import require_metadata
from promptseg.core.errors import PromptsegError


def said(tmp_path, texts, groups=(), run=("a",)):
    datasets = {}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
        datasets[name] = {"metadata": str(tmp_path / f"{name}.csv")}
    try:
        require_metadata({"datasets": {**datasets, "plain": {}}, "groups": {column: [50] for column in groups}}, run)
    except PromptsegError as error:
        return str(error).replace(f"{tmp_path}/", "").splitlines()[1:]
    return []


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("name,age\nx,1\n", "a.csv has no column `case_id` or `case`, which names the case of each row; its columns"),
        ("case,age\nx,1\nx,2\n", "a.csv has two rows for the case x, with age 1 and 2: keep one."),
        ("case,mode\nx,1\n", "a.csv has a column mode, and so has scores.parquet"),
    ],
)
def test_a_file_that_cannot_be_joined(tmp_path, text, start):
    (line,) = said(tmp_path, {"a": text}, ["age"])
    assert line.startswith(f"  datasets.a.metadata: {start}")


def test_columns_of_groups(tmp_path):
    files = {"a": "case,age\nx,1\n", "b": "case,dose\nx,1\n"}
    assert said(tmp_path, files, ["age", "dose"]) == []
    assert said(tmp_path, files, ["ages"]) == [
        "  groups names 'ages', which is no column of the `metadata` of a dataset; the columns there are age, dose."
        " Did you mean 'age'?"
    ]
    assert said(tmp_path, {}, ["age"], ["plain"]) == [
        "  groups names 'age', which is no column of the `metadata` of a dataset; no dataset has a file with columns."
    ]


def test_a_file_of_a_dataset_outside_the_run_is_not_in_the_way(tmp_path):
    assert said(tmp_path, {"a": "case,age\nx,1\n", "b": "nothing\n"}, ["age"]) == []
    assert said(tmp_path, {}, run=["plain"]) == []
