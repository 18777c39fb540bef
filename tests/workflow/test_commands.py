"""Subcommands that read a finished run."""

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from promptseg.command.main import app
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import decode
from support.projects import RUN


@pytest.fixture
def promptseg(finished, tmp_path, monkeypatch):
    """Call a subcommand in the project of the finished run; files that it writes go into tmp_path."""
    monkeypatch.chdir(finished.path)

    def call(*arguments):
        done = CliRunner().invoke(app, [*arguments, "-c", "my.yaml"])
        if isinstance(done.exception, PromptsegError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_show_prints_the_table_of_the_run(promptseg):
    assert "Perfect (control)" in promptseg("show")


def test_view_draws_an_object_by_name_or_as_the_worst(promptseg, tmp_path):
    for index, name in enumerate(["stripes/p1:s", "worst:slow"]):
        output = tmp_path / f"{index}.png"
        assert promptseg("view", name, "-o", str(output)) == f"{output}\n"
        assert np.asarray(Image.open(output)).std() > 0
    promptseg("view", "blobs/p0:first", "--clicks", "2", "-m", "perfect", "-o", str(tmp_path / "clicks.pdf"))
    assert (tmp_path / "clicks.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["p0:first"], r"p0:first is the beginning of 2 objects: blobs/p0:first, stripes/p0:first\.$"),
        (["p0:frist"], r"No object of .* is called p0:frist\. The nearest are p0:first,"),
        (["worst:slwo"], r"worst:slwo: 'slwo' is none of perfect, slow\. Did you mean 'slow'\?$"),
        (["blobs/p0:first", "-m", "sloww"], r"--method: 'sloww' is none of perfect, slow\. Did you mean 'slow'\?$"),
        (["blobs/p0:first", "--mode", "box"], r"^--mode: 'box' is none of mode1, "),
        (["worst:slow", "--mode", "mode1"], r"slow has no score of that kind"),
        (["p0:first", "--results", "nowhere"], r"nowhere is no folder of results"),
    ],
)
def test_view_says_what_is_there(promptseg, arguments, sentence):
    with pytest.raises(PromptsegError, match=sentence):
        promptseg("view", *arguments)


def test_export_writes_the_masks_that_were_scored(promptseg, finished, tmp_path):
    output = tmp_path / "masks"
    formats = [part for kind in ("png", "nifti", "coco", "csv") for part in ("-f", kind)]
    promptseg("export", "-o", str(output), *formats)
    scores = pd.read_csv(output / "scores.csv")
    assert scores.groupby("method").size().to_dict() == {"perfect": 12, "slow": 12}
    assert set(scores["mode"]) == {"mode5"}
    labels = np.asarray(Image.open(finished.path / "data" / "blobs" / "masks" / "p0.png"))
    mask = np.asarray(Image.open(output / "perfect" / "blobs" / "p0_first.png"))
    assert np.array_equal(mask, (labels == 1) * np.uint8(255))
    volume = nib.load(output / "perfect" / "blobs" / "p0_first.nii.gz")
    assert np.array_equal(volume.dataobj[:, :, 0].T, labels == 1)
    coco = json.loads((output / "perfect.json").read_text())
    assert [kind["name"] for kind in coco["categories"]] == [
        f"{dataset}/{task}" for dataset in ("blobs", "stripes") for task in ("first", "second")
    ]
    one = next(one for one in coco["annotations"] if one["object_id"] == "p0:first")
    assert np.array_equal(decode(one["segmentation"]), labels == 1)
    rows, columns = np.nonzero(labels == 1)
    assert one["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
    assert (one["iou"], one["area"], one["image_id"]) == (1.0, len(rows), 1)
    readme = (output / "README.md").read_text()
    assert "* slow: 12 masks (mode5; first)" in readme
    with pytest.raises(PromptsegError, match=r"is there and not empty"):
        promptseg("export", "-o", str(output))


def test_export_of_clicks_and_of_nothing(promptseg, tmp_path):
    output = tmp_path / "clicks"
    text = promptseg("export", "-o", str(output), "--clicks", "2", "-f", "csv")
    assert set(pd.read_csv(output / "scores.csv")["step"]) == {2}
    assert "slow has no mask of that kind" in text
    assert sorted(path.name for path in output.iterdir()) == ["README.md", "scores.csv"]
    with pytest.raises(PromptsegError, match=r"None of slow has a mask of that kind"):
        promptseg("export", "-o", str(output), "-m", "slow", "--clicks", "2", "--force")


def test_exports_are_asked_for_by_the_configuration(project):
    settings = ["mode5.first", "iterative.corrected.2.oracle"]
    wished = {"exports": ["coco", "napari", "masks"], "export_settings": settings}
    project.configure({**RUN, **wished})
    assert project.planned()["export_dataset"] == 2 * 3
    assert project.planned("prompts_export")["export_prompts"] == 2
    targets = ["results/exports/coco/blobs", "results/exports/masks/blobs", "results/prompts_export/blobs.json"]
    project.run(*targets)
    folder = project.path / "results" / "exports" / "coco" / "blobs"
    assert sorted(path.name for path in (folder / "predictions").iterdir()) == [
        "perfect.iterative.corrected.2.oracle.json",
        "perfect.mode5.first.json",
        "slow.mode5.first.json",
    ]
    truths = json.loads((folder / "labels.json").read_text())
    assert [kind["name"] for kind in truths["categories"]] == ["first", "second"]
    found = json.loads((folder / "predictions" / "perfect.mode5.first.json").read_text())
    assert [one["segmentation"] for one in found] == [one["segmentation"] for one in truths["annotations"]]
    rows = json.loads((project.path / targets[1] / "slow" / "manifest.json").read_text())["masks"]
    assert {row["mode"] for row in rows} == {"mode5"}  # it takes boxes
    prompts = json.loads((project.path / targets[2]).read_text())
    assert [image["image_id"] for image in prompts["images"]] == ["p0", "p1", "p2"]
    clicked = prompts["images"][0]["objects"][0]["clicks"]
    assert [(one["method"], one["protocol"]) for one in clicked] == [("perfect", "corrected")]
    assert [len(file["sha256"]) for file in prompts["sources"][0]["files"]] == [64]
    assert project.planned(*targets) == {}
