"""The page about adding a dataset does what it says: its blocks are run in a small project."""

import gzip
import hashlib
import io
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from support.projects import ROOT, Project
from support.servers import serve

PAGE = (ROOT / "docs" / "adding_a_dataset.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)


DRAW_PICTURES, LOOK, DRAW_VOLUMES = blocks("python")
CONFIGS = {re.match(r"# (\S+)", block)[1]: block for block in blocks("yaml")}
COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.create(tmp_path / "project")
    for name, content in CONFIGS.items():
        (project.path / name).write_text(content)
    return project


def python(project: Project, code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=project.path, capture_output=True, text=True, check=True
    ).stdout


def typed(project: Project, command: str) -> str:
    """What a command of the page says."""
    name, *arguments = shlex.split(command)
    assert name == "snakemake"
    return project.run(*arguments, configfile=None)


def test_a_folder_of_pictures(project: Project) -> None:
    python(project, DRAW_PICTURES)
    planned, made, _ = COMMANDS
    assert re.search(r"^preprocess +1$", typed(project, planned), flags=re.MULTILINE)
    typed(project, made)
    shown = python(project, "from pathlib import Path\n" + LOOK)
    assert "anna_1" in shown
    assert "left_lung" in shown
    images = pd.read_parquet(project.path / "results/datasets/my_xray/images.parquet")
    assert images["case_id"].tolist() == ["anna", "anna", "bert"]
    assert set(images["status"]) == {"ok"}
    assert (project.path / "first.png").read_bytes() == images["image"][0]["bytes"]
    objects = pd.read_parquet(project.path / "results/datasets/my_xray/objects.parquet")
    assert set(objects.loc[objects["task"] == "lungs", "area"]) == {60 * 40 + 56 * 42}
    project.run("results/scores/box_fill/my_xray.parquet", configfile="my_xray.yaml")
    scores = pd.read_parquet(project.path / "results/scores/box_fill/my_xray.parquet")
    assert scores.loc[(scores["task"] == "left_lung") & (scores["mode"] == "mode5"), "iou"].tolist() == [1, 1, 1]


def test_a_layout_of_its_own(project: Project) -> None:
    python(project, DRAW_VOLUMES)
    project.run("results/datasets/my_ct/manifest.csv", configfile="my_ct.yaml")
    images = pd.read_parquet(project.path / "results/datasets/my_ct/images.parquet")
    assert images["case_id"].unique().tolist() == ["P01", "P02"]
    assert images["slice"].unique().tolist() == [2, 4, 6, 8]
    assert images["spacing_y"].tolist() == pytest.approx([0.8] * 8)
    objects = pd.read_parquet(project.path / "results/datasets/my_ct/objects.parquet")
    assert objects.groupby("task")["area"].agg(["size", "max"]).to_dict("index") == {
        "liver": {"size": 8, "max": 22 * 22},
        "vessels": {"size": 6, "max": 25},
    }


def test_files_that_are_fetched(project: Project) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for kind, values in (("t1", np.arange(300)), ("mask", np.arange(300) > 200)):
            stored = nib.Nifti1Image(values.reshape(10, 10, 3).astype(np.int16), np.eye(4)).to_bytes()
            archive.writestr(f"my_mri/a_{kind}.nii.gz", gzip.compress(stored))
    content = buffer.getvalue()
    with serve() as server:
        server.files["/my_mri.zip"] = content
        config = CONFIGS["my_mri.yaml"].replace("https://example.org/my_mri", f"{server.url}/my_mri")
        config, count = re.subn("sha256: .*", f"sha256: {hashlib.sha256(content).hexdigest()}", config)
        assert count == 1
        (project.path / "my_mri.yaml").write_text(config)
        said = typed(project, COMMANDS[-1])
        assert re.search(r"^my_mri +downloadable$", said, flags=re.MULTILINE)
        assert re.search(r"^my_challenge +needs registration +https://example.org/challenge; missing in", said, re.M)
        project.run("results/datasets/my_mri/manifest.csv", configfile="my_mri.yaml")
    assert len(pd.read_csv(project.path / "results/datasets/my_mri/manifest.csv")) == 3
