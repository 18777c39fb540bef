"""Methods for volumes in runs: that of docs/adding_a_method.md, and nnInteractive against a server of ours."""

import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from promptseg.core.tables import read_provenance
from promptseg.predict.check_method import check_method
from support.nninteractive import serve
from support.projects import ROOT, TINY, Project

SHAPE = (20, 24, 12)  # (x, y, z)
CODE = re.search(r"```python\n# my_volumes\.py\n(.*?)```", (ROOT / "docs" / "adding_a_method.md").read_text(), re.S)[1]
VOLUMES = {
    "routes": ["native", "carry_box"],
    "slices": ["largest"],
    "prompts": ["point"],
    "extents": ["given"],
    "clicks": 1,
}


@pytest.fixture
def project(tmp_path):
    """A volume with a bright block on slices 3 to 8, in Hounsfield units of which a window would see half."""
    project = Project.create(tmp_path / "project")
    (project.path / "my_volumes.py").write_text(CODE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[5:12, 6:16, 3:9] = 1
    values = np.where(labels == 1, 2000, 0) + np.random.default_rng(0).integers(-50, 50, SHAPE)
    for folder, array in (("images", values.astype(np.int16)), ("masks", labels)):
        (project.path / "data" / "body" / folder).mkdir(parents=True)
        nib.save(nib.Nifti1Image(array, np.diag([1, 1, 3, 1])), project.path / "data" / "body" / folder / "a.nii.gz")
    return project


def configure(project, methods, **entries):
    run = {"datasets": ["body"], "methods": ["box_fill"]}
    entry = {"source": {"kind": "folder", "path": "data/body"}, "tasks": {"thing": [1]}, "volumes": True}
    entry["intensity"] = {"kind": "window", "low": 0, "high": 1000}
    volumes = {**VOLUMES, "methods": methods}
    project.configure({**TINY, "run": run, "datasets": {"body": entry}, "methods": entries, "volumes": volumes})


GROWING = {"adapter": "my_volumes.py:Growing", "title": "Growing in 3-D"}


def made(*methods):
    return [f"results/volumes/scores/{method}/body.parquet" for method in methods]


def test_methods_for_volumes_are_run_and_scored(project):
    with serve() as server:
        nninteractive = {"options": {"url": server.url}}
        configure(project, ["growing", "nninteractive", "box_fill"], nninteractive=nninteractive, growing=GROWING)
        assert "raw_volumes" not in project.planned(*made("box_fill"))
        project.run(*made("growing", "nninteractive"))
        assert not server.places
        assert "/add_point_interaction" in server.paths
    grown, heard = (pd.read_parquet(project.path / path) for path in made("growing", "nninteractive"))
    assert grown[["route", "step", "dice"]].to_numpy().tolist() == [["native", 0, 1.0], ["native", 1, 1.0]]
    heard = heard.sort_values("step")
    assert heard["status"].tolist() == ["ok", "ok"]
    assert heard["dice"].iloc[0] < heard["dice"].iloc[1] < 1  # a ball, then two
    facts = read_provenance(project.path / "results" / "volumes" / "predictions" / "nninteractive" / "body.parquet")
    assert (facts["server_version"], facts["server_licence"]) == ("2.6.0", "CC BY-NC-SA 4.0")
    assert facts["versions"]["nninteractive-client"] == "2.6.0"


def test_the_method_of_the_page_is_tried(project, monkeypatch):
    monkeypatch.chdir(project.path)
    report = check_method("growing", {"adapter": "my_volumes.py:Growing"}, device="cpu")
    assert report.good
    assert min(line.iou for line in report.lines) > 0.9
