"""Runs with folders of their own: what they share is made once, and none replaces what another has made."""

import copy
import hashlib
from pathlib import Path

import pytest

from support.projects import RUN

SHARED = {"collect_files", "preprocess", "manifest", "download_archive"}
ALIKE = {**RUN, "results": "runs/a"}


def files_of(folder: Path) -> dict[str, str]:
    """Digests of all files, but for what says when a file of the user was read."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".digests.json")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def unlike(**settings):
    """The same datasets with another task in one of them."""
    config = copy.deepcopy(RUN) | settings
    config["datasets"]["blobs"]["tasks"] = {"both": [1, 2]}
    return config


@pytest.mark.parametrize("folder", ["runs/a", "/outside/a"])
def test_shared_stages_are_made_once(project, tmp_path, folder):
    folder = folder.replace("/outside", str(tmp_path))
    before = files_of(project.path / "results")
    project.configure({**ALIKE, "results": folder}, "other.yaml")
    jobs = project.planned(configfile="other.yaml")
    assert jobs["predict"] == 4
    assert not SHARED & set(jobs)
    target = f"{folder}/scores/perfect/blobs.parquet"
    project.run(target, configfile="other.yaml")
    scores, theirs = (project.path / root / "scores/perfect/blobs.parquet" for root in (folder, "results"))
    assert scores.read_bytes() == theirs.read_bytes()
    assert not (project.path / folder / "datasets").exists()
    assert not project.planned(target, configfile="other.yaml")
    assert files_of(project.path / "results") == before
    assert not project.planned()


def test_a_dataset_of_other_settings_is_the_runs_own(project):
    before = files_of(project.path / "results")
    project.configure(unlike(results="runs/b"), "other.yaml")
    text = project.run("-n", configfile="other.yaml")
    assert "The images of blobs in results are of other settings; this run has its own in runs/b." in text
    jobs = project.planned(configfile="other.yaml")
    assert [jobs[name] for name in ("collect_files", "preprocess", "manifest", "prompts")] == [0, 1, 1, 2]
    target = "runs/b/prompts/blobs.parquet"
    project.run(target, configfile="other.yaml")
    assert not project.planned(target, configfile="other.yaml")
    assert files_of(project.path / "results") == before
    assert not project.planned()


def test_other_files_of_a_dataset_are_listed_apart(project):
    config = copy.deepcopy(ALIKE)
    config["datasets"]["blobs"]["source"]["path"] = "data/stripes"
    project.configure(config, "other.yaml")
    jobs = project.planned("runs/a/prompts/blobs.parquet", configfile="other.yaml")
    assert jobs == {"collect_files": 1, "preprocess": 1, "prompts": 1}
