"""How datasets stand: every state, from files on disk and tokens, without network."""

import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from promptseg.download.availability import Availability, as_table, availability, unavailable
from promptseg.download.clients.client import Client
from support.projects import ROOT, Project

CASES = [{"image": "*images/{case}.nii", "labels": "*labels/{case}.nii"}]
FILES = ["*images/*.nii", "*labels/*.nii"]


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without tokens and without network, who has all clients but that of Google Drive."""
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR", "SYNAPSE_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Client, "installed", lambda self: self.module != "gdown")

    connect = socket.socket.connect

    def no_network(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX, "asked the network"  # processes of this machine may be
        connect(self, address)

    monkeypatch.setattr("socket.socket.connect", no_network)


def dropped(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "home": "https://home.org", "instructions": "Ask.", "files": FILES, **more}


def stands(tmp_path: Path, *sources: dict[str, Any], access: str = "open") -> Availability:
    entry = {"source": list(sources), "cases": CASES, "access": access}
    (found,) = availability({"datasets": {"d": entry}}, tmp_path)
    config = {"datasets": {"d": entry, "other": entry}, "run": {"datasets": ["d"]}}
    assert unavailable(config, tmp_path) == ({"d": found.message} if found.message else {})
    return found


def put(path: Path, *names: str) -> None:
    """An archive with such members, or a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "")
    elif path.suffix == ".tar":
        tarfile.open(path, "w").close()
    else:
        path.touch()


def test_addresses(tmp_path: Path) -> None:
    one, two = ({"kind": "http", "url": f"https://host.org/{name}.zip"} for name in "ab")
    assert stands(tmp_path, one, two) == Availability("d", "downloadable")
    put(tmp_path / "archives" / "a.zip")
    assert stands(tmp_path, one, two).state == "downloadable"
    put(tmp_path / "archives" / "b.zip")
    assert stands(tmp_path, one, two) == Availability("d", "ready")
    record = {"kind": "http", "url": "https://zenodo.org/records/1"}
    assert stands(tmp_path, record).state == "downloadable"
    put(tmp_path / "d" / "x.zip", "images/1.nii", "labels/1.nii")
    assert stands(tmp_path, record).state == "ready"
    (tmp_path / "d" / ".download").mkdir()
    assert stands(tmp_path, record).state == "downloadable"


def test_by_hand(tmp_path: Path) -> None:
    found = stands(tmp_path, dropped("manual"), access="registration")
    assert found.state == "needs registration"
    assert found.detail == f"https://home.org; missing in {tmp_path / 'd'}: *images/*.nii, *labels/*.nii"
    for part in ("The dataset d has to be fetched by hand", "Ask.", f"to: {tmp_path / 'd'}", "*labels/*.nii"):
        assert part in found.message
    assert stands(tmp_path, dropped("manual"), access="open").state == "incomplete"
    put(tmp_path / "d" / "images" / "1.nii")
    found = stands(tmp_path, dropped("manual"), access="registration")
    assert found.state == "incomplete"
    assert found.detail == f"missing in {tmp_path / 'd'}: *labels/*.nii; from https://home.org"
    put(tmp_path / "d" / "batch 2.zip", "labels/1.nii")
    assert stands(tmp_path, dropped("manual")) == Availability("d", "ready")


def test_a_tar_may_hold_anything(tmp_path: Path) -> None:
    put(tmp_path / "d" / "all.tar")
    assert stands(tmp_path, dropped("manual")) == Availability("d", "ready")


def test_tokens_and_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle, synapse = dropped("kaggle", dataset="a/b"), dropped("synapse", id="syn1")
    found = stands(tmp_path, kaggle, access="token")
    assert found.state == "needs a token"
    assert "~/.kaggle/kaggle.json" in found.detail
    assert stands(tmp_path, synapse, access="registration").state == "needs registration"
    assert stands(tmp_path, {"kind": "http", "url": "https://host.org/a.zip"}, kaggle).state == "needs a token"
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", "geheim")
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", "geheim")
    assert stands(tmp_path, kaggle) == Availability("d", "downloadable")
    assert stands(tmp_path, synapse) == Availability("d", "downloadable")
    assert stands(tmp_path, dropped("tcia", collection="C")) == Availability("d", "downloadable")
    found = stands(tmp_path, dropped("gdrive", id="1"))
    assert (found.state, found.detail) == ("downloadable", "pip install gdown")
    assert "needs gdown, which is not installed" in found.message
    found = stands(tmp_path, dropped("gdrive", id="1"), dropped("manual"))
    assert found.state == "incomplete"
    assert "needs gdown, which is not installed" in found.message
    assert "has to be fetched by hand" in found.message


def test_files_csv_is_enough(tmp_path: Path) -> None:
    put(tmp_path / "d" / "files.csv")
    assert stands(tmp_path, dropped("manual"), access="registration") == Availability("d", "ready")


def test_folders_and_packages(tmp_path: Path) -> None:
    folder = {"kind": "folder", "path": str(tmp_path / "mine")}
    assert stands(tmp_path, folder).detail == f"there is no folder {tmp_path / 'mine'}"
    put(tmp_path / "mine" / "images" / "1.nii")
    assert stands(tmp_path, folder).detail == f"missing in {tmp_path / 'mine'}: *labels/*.nii"
    put(tmp_path / "mine" / "labels" / "1.nii")
    assert stands(tmp_path, folder) == Availability("d", "ready")
    assert stands(tmp_path, {"kind": "package_data", "package": "nilearn"}).state == "ready"
    assert stands(tmp_path, {"kind": "package_data", "package": "no_such"}).detail == "pip install no_such"


def test_table() -> None:
    rows = [Availability("mri_heart", "ready"), Availability("ct", "needs a token", "make one")]
    assert as_table(rows).splitlines() == [
        "dataset    state          what to do",
        "mri_heart  ready",
        "ct         needs a token  make one",
    ]


def test_every_registered_dataset_has_a_state(tmp_path: Path) -> None:
    registry = yaml.safe_load((ROOT / "config" / "datasets.yaml").read_text())["datasets"]
    rows = availability({"datasets": {name: {"access": "open", **entry} for name, entry in registry.items()}}, tmp_path)
    assert [row.dataset for row in rows] == list(registry)
    states = {row.dataset: row.state for row in rows}
    assert states["mri_heart"] == states["xray_hip"] == states["us_muscle"] == states["abdomen_ct"] == "downloadable"
    assert states["us_nerve"] == states["us_kidney"] == states["xray_chest"] == "needs a token"
    assert states["mri_spine"] == states["ct_liver_lits"] == states["mri_brain"] == "needs registration"
    assert states["ct_organ"] == states["pet_whole_body"] == states["mri_breast"] == "incomplete"
    assert states["brain_mni152"] == "ready"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.create(tmp_path_factory.mktemp("availability") / "project")
    spine = {"source": dropped("manual"), "tasks": {"cord": [1]}, "cases": CASES, "access": "registration"}
    run = {"datasets": ["blobs", "spine"], "methods": ["perfect"], "unavailable": "skip"}
    config = yaml.safe_load((project.path / "my.yaml").read_text())
    project.configure({**config, "run": run, "datasets": config["datasets"] | {"spine": spine}})
    return project


def test_datasets_status_needs_no_option(project: Project) -> None:
    """The table goes to the standard output alone, and nothing else runs."""
    command = [sys.executable, "-m", "snakemake", "datasets_status", "--configfile", "my.yaml"]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["dataset", "state", "what", "to", "do"]
    assert ["blobs", "ready"] in [line.split() for line in lines]
    assert next(line for line in lines if line.startswith("spine ")).split(maxsplit=3)[1:3] == ["needs", "registration"]
    assert not (project.path / "results" / "raw").exists()


def test_an_unavailable_dataset_is_left_out_if_wished(project: Project) -> None:
    target = "results/datasets/blobs/images.parquet"
    text = project.run("-n", "results/tables/scores.parquet", target)
    assert "The dataset spine has to be fetched by hand" in text
    assert "raw/blobs/files.csv" in text
    assert "raw/spine" not in text.replace("to: results/raw/spine", "")


def test_no_dataset_left(project: Project) -> None:
    config = yaml.safe_load((project.path / "my.yaml").read_text())
    config["run"]["datasets"] = ["spine"]
    project.configure(config, "alone.yaml")
    done = project.snakemake("-n", configfile="alone.yaml")
    assert done.returncode != 0
    assert "None of the datasets of the run is there" in done.stdout
    assert "Traceback" not in done.stdout
