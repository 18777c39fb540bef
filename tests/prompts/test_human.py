"""Files of prompts that people gave: coordinates of every kind, and what is said of each mistake."""

import json

import numpy as np
import pandas as pd
import pytest

from promptseg.config.schema import SCRIPTS
from promptseg.core.errors import PromptsegError
from promptseg.preprocess.places import Place
from promptseg.prompts.human import FORMAT, Known, files_of, read_file, read_recorded

IMAGES = pd.DataFrame(
    [("ct_z003", 20, 30, 3, "a" * 64), ("ct_z004", 20, 30, 4, "b" * 64), ("xray", 8, 9, None, "c" * 64)],
    columns=["image_id", "height", "width", "slice", "sha256"],
)
OBJECTS = frozenset({"ct_z003:liver", "ct_z003:spleen", "ct_z004:liver", "xray:lung"})
# x to the left and y to the back of a file whose first axis leads right: the picture's columns run against the file's.
INDEX = np.array([[-1, 0, 0, 29], [0, -1, 0, 19], [0, 0, 1, 0], [0, 0, 0, 1]], float)
MM = np.array([[-2, 0, 0, 100], [0, -2, 0, 50], [0, 0, 5, -7], [0, 0, 0, 1]], float)
POINT = {"type": "point", "order": 1, "points": [[4, 5]]}


def known():
    return Known("mine", IMAGES, OBJECTS, lambda case: Place(INDEX, MM if case == "ct" else None))


def one(prompt=POINT, image=None, task="liver", annotator="anna", **head):
    who = {"task": task, "annotator": annotator, "prompts": prompt if isinstance(prompt, list) else [prompt]}
    image = {"image_id": "ct_z003"} if image is None else image
    return {"format": FORMAT, "dataset": "mine", "images": [{**image, "objects": [who]}], **head}


def rows_of(tmp_path, *contents):
    files = []
    for number, content in enumerate(contents):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(content if isinstance(content, str) else json.dumps(content))
    return read_recorded(files, known())


def test_a_prompt_becomes_a_row(tmp_path):
    lasso = {"type": "lasso", "order": 7, "step": 2, "time": 3.5, "label": 0, "points": [[1, 1], [5.4, 1], [5, 6.5]]}
    first, second = rows_of(tmp_path, one([lasso, POINT]))
    assert first == {
        "object_id": "ct_z003:liver",
        "annotator": "anna",
        "order": 1,
        "step": 1,
        "kind": "point",
        "label": 1,
        "seconds": None,
        "points": [(4, 5)],
    }
    assert (second["order"], second["step"], second["seconds"], second["label"]) == (7, 2, 3.5, 0)
    assert second["points"] == [(1, 1), (5, 1), (5, 7)]


@pytest.mark.parametrize(
    ("coordinates", "point"),
    [("index", [29 - 4, 19 - 5, 4.2]), ("mm_ras", [100 - 8, 50 - 10, 13]), ("mm_lps", [-92, -40, 13])],
)
@pytest.mark.parametrize("image", [{"case": "ct"}, {"case": "ct", "slice": 4}, {"image_id": "ct_z004"}])
def test_coordinates_of_the_file_and_of_the_patient_lead_to_the_pixel(tmp_path, coordinates, point, image):
    prompt = {**POINT, "points": [point]}
    (row,) = rows_of(tmp_path, one(prompt, image, coordinates=coordinates))
    assert (row["object_id"], row["points"]) == ("ct_z004:liver", [(4, 5)])


def test_a_case_and_slice_name_an_image_and_other_datasets_are_passed_over(tmp_path):
    (row,) = rows_of(tmp_path, one(image={"case": "ct", "slice": 4}), {**one(), "dataset": "other"})
    assert row["object_id"] == "ct_z004:liver"
    (row,) = rows_of(tmp_path, one(image={"case": "xray"}, task="lung"))
    assert row["object_id"] == "xray:lung"


def test_several_annotators_and_orders_are_sorted(tmp_path):
    late = {**POINT, "order": 9}
    found = rows_of(tmp_path, one([late, POINT], annotator="bert"), one(annotator="anna"))
    assert [(row["annotator"], row["order"]) for row in found] == [("anna", 1), ("bert", 1), ("bert", 9)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "0.json, line 1 cannot be read as JSON"),
        ({**one(), "format": "promptseg-human-prompts/2"}, "0.json, format: 'promptseg-human-prompts/1' was expected"),
        (one(annotator=" "), "0.json, images[0].objects[0].annotator: ' ' does not match"),
        (one({**POINT, "type": "ponit"}), "images[0].objects[0].prompts[0].type: 'ponit' is not one of"),
        (one({**POINT, "points": [[1, 2], [3, 4]]}), "prompts[0].points: [[1, 2], [3, 4]] is too long"),
        (one({**POINT, "type": "box"}), "prompts[0].points: [[4, 5]] is too short"),
        (one({**POINT, "type": "lasso", "points": [[1, 2], [3, 4]]}), "points: [[1, 2], [3, 4]] is too short"),
        (one({**POINT, "time": -1}), "prompts[0].time: -1 is less than the minimum of 0"),
        (one(image={"image_id": "ct_z03"}), "mine has no image ct_z03 with an object in this run"),
        (one(image={"image_id": "ct_z03"}), "Did you mean 'ct_z003'?"),
        (one(image={"case": "ct", "slice": 7}), "Of this case it has the slices 3, 4."),
        (one(image={"case": "cat"}, coordinates="index"), "points of coordinates 'index' have 3 numbers each"),
        (one({**POINT, "points": [[1, 2, 3]]}, {"case": "cat"}, coordinates="index"), "mine has no image cat"),
        (one(task="lvier"), "ct_z003 has no object 'lvier' in this run, but liver, spleen: correct `task`"),
        (one(image={"image_id": "ct_z003", "sha256": "d" * 64}), "people saw other pixels of ct_z003"),
        (one(image={"image_id": "ct_z003", "size": [30, 20]}), "saw ct_z003 with 20 x 30 pixels, here it has 30 x 20"),
        (one({**POINT, "points": [[30, 5]]}), "the point [30, 5] lies outside of ct_z003, which has 30 x 20 pixels"),
        (one({**POINT, "points": [[4, -0.6]]}), "the point [4, -0.6] lies outside"),
        (one([POINT, POINT]), "anna has a prompt 1 for ct_z003:liver already, in"),
        (
            one({**POINT, "points": [[1, 2, 3.0]]}, {"case": "xray"}, "lung", coordinates="mm_ras"),
            "the file of xray does not say where it lies in the patient",
        ),
        (
            one(
                {"type": "scribble", "order": 1, "points": [[1, 1, 3], [2, 1, 4]]}, {"case": "ct"}, coordinates="index"
            ),
            "its points lie in several slices of ct: 3, 4.",
        ),
        (
            one({**POINT, "points": [[1, 1, 4]]}, {"case": "ct", "slice": 3}, coordinates="index"),
            "its points lie in slice 4 of ct, and the entry is about another one",
        ),
    ],
)
def test_each_mistake_is_said_with_file_and_entry(tmp_path, content, said):
    with pytest.raises(PromptsegError) as error:
        rows_of(tmp_path, content)
    assert said in str(error.value)
    assert "0.json" in str(error.value)


def test_all_mistakes_are_told_but_not_hundreds(tmp_path):
    wrong = [{**POINT, "order": number, "points": [[99, 5]]} for number in range(30)]
    with pytest.raises(PromptsegError) as error:
        rows_of(tmp_path, one(wrong))
    assert str(error.value).count("lies outside") == 20
    assert str(error.value).endswith("and 10 more")


def test_a_file_of_another_dataset_gives_nothing_and_the_log_says_so(tmp_path, caplog):
    assert rows_of(tmp_path, {**one(), "dataset": "mien"}) == []
    assert "no prompts for mine" in caplog.text


def test_the_example_of_the_documentation_is_such_a_file(tmp_path):
    text = (SCRIPTS.parents[1] / "docs" / "human_prompts.md").read_text(encoding="utf-8")
    (tmp_path / "a.json").write_text(text.partition("```json\n")[2].partition("```")[0])
    assert len(read_file(tmp_path / "a.json")["images"][0]["objects"][0]["prompts"]) == 3


def test_files_of_folders(tmp_path):
    for name in ("b.json", "a.json", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in files_of([tmp_path, tmp_path / "notes.txt"])] == ["a.json", "b.json", "notes.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(PromptsegError, match=r"holds no file that ends with .json"):
        files_of([tmp_path / "empty"])
    with pytest.raises(PromptsegError, match="is not there"):
        files_of([tmp_path / "c.json"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (one({**POINT, "time": float("nan")}), "Files of prompts hold numbers, and NaN is none"),
        (one({**POINT, "points": [[10**400, 1]]}), "is greater than the maximum"),
        (one({**POINT, "order": 10**30}), "is greater than the maximum"),
        (one({**POINT, "step": -(10**30)}), "is less than the minimum"),
        ("[" * 100_000 + "]" * 100_000, "cannot be read as JSON"),
        (one(image={"image_id": "ct_z003", "slice": 4}), "ct_z003 is not slice 4: correct `slice`, or take it out."),
    ],
)
def test_numbers_that_are_none_and_slices_that_contradict(tmp_path, content, said):
    with pytest.raises(PromptsegError) as error:
        rows_of(tmp_path, content)
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["e\u0301va", " \u00e9va\t"])
def test_a_name_written_in_two_ways_is_one_annotator(tmp_path, name):
    late = {**POINT, "order": 2}
    found = rows_of(tmp_path, one(annotator="\u00e9va"), one(late, annotator=name))
    assert [row["annotator"] for row in found] == ["\u00e9va", "\u00e9va"]
