"""Changes of files of users: what counts is names and bytes, not times. The jobs of a dry run after each change."""

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.projects import Project, make_images

TARGETS = [f"results/scores/perfect/{name}.parquet" for name in ("mine", "zipped")]
GIVEN = "results/scores/given/mine.parquet"
DATASET = {"collect_files": 1, "preprocess": 1, "predict": 1, "score": 1}
CONFIG = {
    "run": {"datasets": ["mine", "zipped"], "methods": ["perfect", "given"]},
    "prompts": {"modes": ["mode1"]},
    "methods": {
        "perfect": {"adapter": "mine.py:Mine", "checkpoint": {"path": "own.pth"}, "options": {"atlas": "atlas"}},
        "given": {"masks": {"path": "given", "pattern": "{case}.png", "datasets": ["mine"]}},
    },
    "datasets": {
        "mine": {"source": {"kind": "folder", "path": "data/mine"}, "tasks": {"thing": [1, 2]}},
        "zipped": {
            "source": {"kind": "manual", "home": "x", "instructions": "x", "files": ["images/*"]},
            "tasks": {"thing": [1, 2]},
        },
    },
}
MINE = """
from promptseg.methods.controls import Perfect

class Mine(Perfect):
    known_options = path_options = frozenset({"atlas"})
"""
LONG_AGO, FAR_AHEAD = 1.0e9, 4.0e9


def zip_of(folder: Path, archive: Path, extra: bytes = b"") -> None:
    """What lies in a folder, and bytes that no case is made of."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*.png")):
            packed.write(path, path.relative_to(folder))
        packed.writestr("notes", extra + bytes(2_000_000))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A complete run. Picture p0, the images of the dataset, the archive and the weights have more than 1 MB."""
    project = Project.create(tmp_path_factory.mktemp("changes") / "finished")
    mine = project.path / "data" / "mine"
    make_images(mine, seed=5)
    noise = np.random.default_rng(1).integers(0, 255, (1000, 1200), np.uint8)
    Image.fromarray(noise).save(mine / "images" / "p0.png")
    Image.fromarray((noise > 250).astype(np.uint8)).save(mine / "masks" / "p0.png")
    drop = project.path / "results" / "raw" / "zipped"
    drop.mkdir(parents=True)
    zip_of(project.path / "data" / "blobs", drop / "all.zip")
    (project.path / "own.pth").write_bytes(bytes(2_000_000))
    (project.path / "mine.py").write_text(MINE)
    (project.path / "atlas").mkdir()
    (project.path / "atlas" / "labels.txt").write_text("liver")
    shutil.copytree(mine / "masks", project.path / "given")
    project.configure(CONFIG)
    project.run(*TARGETS, GIVEN)
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of it, in which all times are new and in an order of their own."""
    shutil.copytree(finished.path, tmp_path / "project", copy_function=shutil.copyfile)
    return Project(tmp_path / "project")


def planned(project: Project) -> dict[str, int]:
    return dict(project.planned(*TARGETS))


def set_times(folder: Path, time: float) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (time, time))


def replace(path: Path, content: bytes) -> None:
    """As `cp -p` of a file from last year."""
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))


def test_a_copied_or_touched_project_reruns_nothing(project):
    assert (project.path / "results/datasets/mine/images.parquet").stat().st_size > 1_000_000
    assert planned(project) == {}
    for made in ("predictions", "prompts", "datasets", "raw"):  # what was made first is the newest
        set_times(project.path / "results" / made, FAR_AHEAD if made == "raw" else 3.0e9)
    set_times(project.path / "workflow", FAR_AHEAD)
    assert planned(project) == {}


def test_a_corrected_mask_with_an_older_time(project):
    masks = project.path / "data" / "mine" / "masks"
    replace(masks / "p1.png", (masks / "p2.png").read_bytes())
    assert planned(project) == DATASET


def test_other_files_of_ones_own(project):
    archive = project.path / "results" / "raw" / "zipped" / "all.zip"
    zip_of(project.path / "data" / "blobs", archive, b"other")
    os.utime(archive, (LONG_AGO, LONG_AGO))
    replace(project.path / "own.pth", bytes(1_999_999) + b"1")
    assert planned(project) == DATASET | {"predict": 2, "score": 2}


def test_a_file_in_a_folder_that_an_option_names(project):
    replace(project.path / "atlas" / "labels.txt", b"femur")
    assert planned(project) == {"predict": 2, "score": 2}


def test_masks_from_files(project):
    assert dict(project.planned(GIVEN)) == {}
    set_times(project.path / "given", FAR_AHEAD)
    (project.path / "given" / "notes.txt").write_text("of no case")
    assert dict(project.planned(GIVEN)) == {}
    replace(project.path / "given" / "p1.png", (project.path / "given" / "p2.png").read_bytes())
    assert dict(project.planned(GIVEN)) == {"import_masks": 1, "score": 1}


def test_a_time_in_the_future_does_not_stop_a_run(project):
    for kind in ("images", "masks"):
        (project.path / "data" / "mine" / kind / "p1.png").unlink()
    set_times(project.path / "data", FAR_AHEAD)
    replace(project.path / "own.pth", b"other")
    os.utime(project.path / "own.pth", (FAR_AHEAD, FAR_AHEAD))
    project.run(*TARGETS)
    assert planned(project) == {}
