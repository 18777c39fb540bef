"""Clicks of RClicks as prompts of people."""

import json

import pandas as pd
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.prompts.human import read_file
from promptseg.prompts.rclicks import from_rclicks, read_clicks

ROWS = [
    ("DAVIS", "bear", "", "bear", "first", "", "pc", 10, 20, 854, 480),
    ("DAVIS", "bear", "", "bear", "first", "", "pc", 900.0, -3.5, 854, 480),
    ("DAVIS", "bear", "", "bear", "first", "", "mobile", 11, 21, 854, 480),
    ("DAVIS", "bear", "", "bear_ritm", "fp", "ritm", "pc", 12, 22, 854, 480),
    ("DAVIS", "dogs", "1", "dogs_______1", "first", "", "pc", 5, 6, 100, 50),
]
NAMES = ["dataset", "image_stem", "object_stem", "full_stem", "click_type", "model_type", "device", "x", "y", "w", "h"]
TABLE = pd.DataFrame(ROWS, columns=NAMES)
TASKS = {"": "animal", "1": "dog"}


def test_first_clicks_of_each_object_and_device(tmp_path):
    content, said = from_rclicks(TABLE, "davis", TASKS, None, None)
    assert said == ["1 clicks of later rounds are left out"]
    bear, dogs = content["images"]
    assert (bear["image_id"], bear["size"], dogs["size"]) == ("bear", [480, 854], [50, 100])
    found = [(one["annotator"], one["prompts"][0]["points"]) for one in bear["objects"]]
    # What lies outside goes to the border, as in the code of the authors.
    assert found == [("mobile 1", [[11, 21]]), ("pc 1", [[10, 20]]), ("pc 2", [[853, 0]])]
    assert dogs["objects"][0]["task"] == "dog"
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert read_file(tmp_path / "a.json") == content


def test_a_column_that_says_who_it_was():
    rows = TABLE[:3].assign(worker=["w7", "w8", "w7"])
    content, _ = from_rclicks(rows, "davis", TASKS, "DAVIS", "worker")
    objects = content["images"][0]["objects"]
    assert [(one["annotator"], [prompt["order"] for prompt in one["prompts"]]) for one in objects] == [
        ("w7", [1, 2]),
        ("w8", [1]),
    ]


def test_files_and_what_is_no_such_file(tmp_path):
    TABLE.to_csv(tmp_path / "a.csv", index=False)
    TABLE.to_json(tmp_path / "a.json", orient="records")
    for name in ("a.csv", "a.json"):
        content, _ = from_rclicks(read_clicks(tmp_path / name), "davis", TASKS, None, None)
        assert len(content["images"]) == 2
    numbered = TABLE[:1].assign(image_stem="0012", object_stem="01")
    numbered.to_csv(tmp_path / "n.csv", index=False)
    numbered.to_json(tmp_path / "n.json", orient="records")
    for name in ("n.csv", "n.json"):
        content, _ = from_rclicks(read_clicks(tmp_path / name), "davis", {"01": "dog", "02": "cat"}, None, None)
        assert content["images"][0]["image_id"] == "0012"
    TABLE.drop(columns=["x", "h"]).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(PromptsegError, match=r"b.csv is not of RClicks: it lacks the columns x, h"):
        read_clicks(tmp_path / "b.csv")
    with pytest.raises(PromptsegError, match="cannot be read as a table"):
        read_clicks(tmp_path / "c.csv")


def test_datasets_and_objects_have_to_be_named():
    both = pd.concat([TABLE, TABLE.assign(dataset="COCO")])
    with pytest.raises(PromptsegError, match=r"clicks on COCO, DAVIS: choose one by --source"):
        from_rclicks(both, "davis", TASKS, None, None)
    assert len(from_rclicks(both, "davis", TASKS, "COCO", None)[0]["images"]) == 2
    with pytest.raises(PromptsegError, match="object '1' of dogs has no task: name it by --task 1=TASK"):
        from_rclicks(TABLE, "davis", {"": "animal", "2": "dog"}, None, None)
    content, _ = from_rclicks(TABLE, "davis", {"": "animal"}, None, None)  # alone, it stands for all
    assert content["images"][1]["objects"][0]["task"] == "animal"


@pytest.mark.parametrize("changes", [{"x": "a"}, {"y": ""}, {"x": float("inf")}, {"w": 0}, {"h": "-4"}])
def test_numbers_that_are_none_are_refused(tmp_path, changes):
    TABLE.astype(object).assign(**{key: [10, value, 10, 10, 10] for key, value in changes.items()}).to_csv(
        tmp_path / "a.csv", index=False
    )
    with pytest.raises(PromptsegError, match=r"a.csv, row 2: x, y, w, h are .*have to be numbers, w and h from 1 up"):
        read_clicks(tmp_path / "a.csv")


def test_a_column_of_annotators_that_is_not_there():
    with pytest.raises(PromptsegError, match=r"The file has no column who, but dataset, .*correct --annotator"):
        from_rclicks(TABLE, "davis", TASKS, "DAVIS", "who")
