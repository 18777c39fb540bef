"""promptseg import-prompts: what it writes and refuses; conversions: tests/prompts/test_slicer.py, test_rclicks.py."""

import json

import pytest
from typer.testing import CliRunner

from promptseg.command.main import app
from promptseg.core.errors import PromptsegError
from promptseg.prompts.human import read_file

CLICKS = "image_stem,object_stem,click_type,device,x,y,w,h\nbear,,first,pc,3,4,20,10\nbear,,fp,pc,3,4,20,10\n"


def call(folder, *arguments, dataset="davis"):
    (folder / "clicks.csv").write_text(CLICKS)
    given = [str(folder / word) if "." in word else word for word in arguments]
    done = CliRunner().invoke(app, ["import-prompts", *given, "-o", str(folder / "out.json"), "-d", dataset])
    if isinstance(done.exception, PromptsegError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_what_is_written_is_what_users_read(tmp_path):
    said = call(tmp_path, "rclicks", "clicks.csv", "-t", "animal")
    assert said.splitlines() == ["1 clicks of later rounds are left out", str(tmp_path / "out.json")]
    content = read_file(tmp_path / "out.json")
    assert content["dataset"] == "davis"
    assert content["images"][0]["objects"][0]["annotator"] == "pc 1"
    with pytest.raises(PromptsegError, match=r"out.json is there: choose another --output"):
        call(tmp_path, "rclicks", "clicks.csv", "-t", "animal")
    call(tmp_path, "rclicks", "clicks.csv", "-t", "animal", "--force")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["slcer", "clicks.csv", "-t", "a"], "KIND: 'slcer' is none of slicer, rclicks. Did you mean 'slicer'?"),
        (["rclicks", "clicks.csv", "clicks.csv", "-t", "a"], "rclicks: give one FILE at a time"),
        (["rclicks", "clicks.csv", "-t", "1=dog"], "No prompt is left|has no task"),
        (["slicer", "clicks.csv", "-t", "a", "--case", "x"], "slicer: say whose markups of what they are"),
        (["slicer", "clicks.csv", "-t", "a", "--case", "x", "--annotator", "b"], "--dataset: 'davis' is none of"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PromptsegError, match=said):
        call(tmp_path, *arguments)
    assert not (tmp_path / "out.json").exists()


def test_a_task_that_the_dataset_does_not_have_is_refused(tmp_path):
    with pytest.raises(PromptsegError, match=r"--task: 'liver' is none of brain_tumour, breast_lesion"):
        call(
            tmp_path, "slicer", "clicks.csv", "-t", "liver", "--case", "x", "--annotator", "b", dataset="lesions_mri"
        )  # fmt: skip


def test_nothing_left_is_no_file(tmp_path):
    (tmp_path / "none.json").write_text(json.dumps([]))
    with pytest.raises(PromptsegError, match="is not of RClicks"):
        call(tmp_path, "rclicks", "none.json", "-t", "a")
