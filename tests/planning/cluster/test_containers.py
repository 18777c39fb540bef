"""Folders outside of the project that jobs in an image see."""

import os

import pytest

from promptseg.planning.cluster.containers import bind_folders, outside


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project, with folders and files beside it."""
    for folder in ("project/data", "project/results", "scans/ct", "weights", "disk"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "weights" / "mine.pth").touch()
    (tmp_path / "project" / "linked").symlink_to(tmp_path / "disk")
    monkeypatch.chdir(tmp_path / "project")
    for name in ("APPTAINER_BIND", "SINGULARITY_BIND"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_files_and_folders_outside_of_the_project(here):
    named = {"source": {"path": f"{here}/scans"}, "masks": [f"{here}/weights/mine.pth", "../weights"], "n": 3}
    assert outside(named) == [f"{here}/scans", f"{here}/weights"]


def test_links_are_followed(here):
    assert outside(["linked"]) == [f"{here}/disk"]


@pytest.mark.parametrize("text", ["data", "results", ".", "/", "absent/../..x", "{case}/*.png", "a\0b", "x" * 5000, ""])
def test_what_is_inside_or_no_file_at_all(here, text):
    assert outside([text]) == []


CONFIG = {"run": {"datasets": ["ct"], "methods": []}, "methods": {}, "protocols": {}}


def test_folders_of_the_run_are_made_and_bound_beside_those_of_the_user(here, monkeypatch):
    monkeypatch.setenv("APPTAINER_BIND", "/lustre")
    sources = {
        name: {"source": {"path": f"{here}/{path}"}} for name, path in {"ct": "scans/ct", "mr": "weights"}.items()
    }
    bind_folders(CONFIG | {"datasets": sources}, f"{here}/new/results", "results", planned=False)
    assert os.environ["APPTAINER_BIND"] == f"/lustre,{here}/new/results,{here}/scans/ct"
    assert os.environ["SINGULARITY_BIND"] == f"{here}/new/results,{here}/scans/ct"
    bind_folders(CONFIG | {"datasets": {}}, f"{here}/new/results", "results", planned=False)
    assert os.environ["APPTAINER_BIND"].count("new/results") == 1


def test_a_dry_run_makes_no_folder(here):
    bind_folders(CONFIG | {"datasets": {}}, f"{here}/new/results", "results", planned=True)
    assert not (here / "new").exists()
