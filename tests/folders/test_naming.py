"""Names of label values beside the files."""

import json

import pytest

from promptseg.folders.naming import names_beside, task_name


@pytest.mark.parametrize(
    ("content", "tasks", "channels"),
    [
        ({"labels": {"background": 0, "liver": 1}, "channel_names": {"0": "CT"}}, {"liver": [1]}, ["CT"]),
        ({"labels": {"0": "background", "1": "left atrium"}, "modality": {"0": "MRI"}}, {"left_atrium": [1]}, ["MRI"]),
        ({"labels": {"background": 0, "whole": [1, 2], "core": [2]}}, {"whole": [1, 2], "core": [2]}, []),
        ({"1": "femur"}, {"femur": [1]}, []),
        ({"labels": 3}, {}, []),
        ([1, 2], {}, []),
    ],
)  # fmt: skip
def test_dataset_json(tmp_path, content, tasks, channels):
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    assert names_beside(tmp_path) == (tasks, channels)


def test_what_is_no_json_names_nothing(tmp_path):
    (tmp_path / "labels.json").write_text("{")
    assert names_beside(tmp_path) == ({}, [])


def test_names_of_tasks():
    assert task_name("Left Lung (upper)") == "left_lung_upper"
    assert task_name("a b", ["a_b"]) == "a_b_2"
    assert task_name("§") == "object"
