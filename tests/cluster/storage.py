"""Results elsewhere, and jobs in an image: `make cluster-test`, as root. Its name keeps it out of `make test`.

Results lie in a bucket of a local S3 server (moto) that s3fs mounts, and on another disk than the project. Jobs run in
a stand-in for Apptainer, which Debian does not have: bubblewrap shows them the image and what is bound, and nothing
else. It installs Debian's `s3fs` and `bubblewrap` and an environment for the server, and takes some minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects import TINY, Project

HERE = Path(__file__).parent
MOTO = "moto[server]==5.2.5"
KEY = "testing"  # what moto takes
TABLES = ("scores.parquet", "summary.csv", "statistics.csv", "published.csv", "size.csv", "datasets.csv")
RUN = {**TINY, "run": {**TINY["run"], "datasets": ["blobs"], "methods": ["box_fill"]}}
TARGET = "results/tables/summary.csv"  # and with it the other tables


def require(program: str, package: str) -> None:
    """Install a package of Debian that holds a program, if it is not there."""
    if not shutil.which(program):
        subprocess.run(["apt-get", "install", "--yes", "--quiet", package], check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of S3 with the bucket `mine`."""
    folder = Path(os.environ.get("CLUSTER_TESTS", Path(tempfile.gettempdir()) / "promptseg-cluster")) / "s3"
    python = folder / "bin" / "python"
    if not (folder / "bin" / "moto_server").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", MOTO], check=True)
    address, log = "http://127.0.0.1:26557", tmp_path_factory.mktemp("s3") / "log"
    process = subprocess.Popen(
        [folder / "bin" / "moto_server", "-H", "127.0.0.1", "-p", "26557"],
        stderr=log.open("w"),
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                # Without a signature moto takes the request as well.
                urllib.request.urlopen(urllib.request.Request(f"{address}/mine", method="PUT"))
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def bucket(server: str, tmp_path: Path) -> Iterator[Path]:
    """The bucket as a folder."""
    require("s3fs", "s3fs")
    (tmp_path / "key").write_text(f"{KEY}:{KEY}")
    (tmp_path / "key").chmod(0o600)
    folder = tmp_path / "bucket"
    folder.mkdir()
    options = f"passwd_file={tmp_path / 'key'},url={server},use_path_request_style"
    subprocess.run(["s3fs", "mine", folder, "-o", options], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["fusermount", "-u", folder], check=True)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of a run in the folder of the project."""
    project = Project.create(tmp_path_factory.mktemp("here") / "project")
    project.configure(RUN)
    project.run(TARGET)
    return tables(project.path / "results")


def tables(results: Path) -> dict[str, bytes]:
    return {name: (results / "tables" / name).read_bytes() for name in TABLES}


def elsewhere(tmp_path: Path, folder: Path) -> Project:
    """A project whose results lie in a folder of their own."""
    project = Project.create(tmp_path / "project")
    project.configure({**RUN, "results": f"{folder}/results", "shared": f"{folder}/shared"})
    return project


def left(folder: Path) -> list[str]:
    """What a run should have removed."""
    return [str(path) for path in folder.rglob(".partial-*")]


def test_results_in_a_mounted_bucket(bucket, tmp_path, expected):
    project = elsewhere(tmp_path, bucket)
    project.run(f"{bucket}/{TARGET}")
    assert tables(bucket / "results") == expected
    assert not left(bucket)
    assert "Nothing to be done" in project.run("-n", f"{bucket}/{TARGET}")


def test_results_on_another_disk_behind_a_link(tmp_path, expected):
    disk = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        project = Project.create(tmp_path / "project")
        assert disk.stat().st_dev != project.path.stat().st_dev
        project.configure(RUN)
        (project.path / "results").symlink_to(disk)
        project.run(TARGET)
        assert tables(disk) == expected
        assert not left(disk)
        assert "Nothing to be done" in project.run("-n", TARGET)
    finally:
        shutil.rmtree(disk)


def test_jobs_in_an_image_see_results_and_data_that_lie_elsewhere(monkeypatch, expected):
    require("bwrap", "bubblewrap")
    monkeypatch.setenv("PATH", f"{HERE / 'image'}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PARTS", f"{sys.prefix}:{sys.base_prefix}")
    # Not below /tmp, which Apptainer shows to a job anyway.
    folder = Path(tempfile.mkdtemp(dir="/srv"))
    try:
        project = elsewhere(folder / "a", folder / "b")
        (project.path / "data" / "blobs").rename(folder / "scans")
        source = {"kind": "folder", "path": f"{folder}/scans"}
        blobs = {**RUN["datasets"]["blobs"], "source": source}
        project.configure(
            {**RUN, "results": f"{folder}/b/results", "shared": f"{folder}/b/shared", "datasets": {"blobs": blobs}}
        )
        project.run(f"{folder}/b/{TARGET}", "--sdm", "apptainer", "--config", "container=/usr")
        assert tables(folder / "b" / "results")["summary.csv"] == expected["summary.csv"]
    finally:
        shutil.rmtree(folder)
