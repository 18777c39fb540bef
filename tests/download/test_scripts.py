"""The job scripts under Snakemake itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from support.servers import Server
from support.sources import MARKER, index_server, make_sdist, publish, pypi_source, sha256

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with index_server(monkeypatch) as running:
        yield running


def test_rules_run_the_scripts(server: Server, tmp_path: Path) -> None:
    """The job scripts under Snakemake itself: an archive, its files, weights, and an error without traceback."""
    content = make_sdist(tmp_path / MARKER)
    publish(server, "phantom-1.0.tar.gz", content)
    server.files["/w.pth"] = b"weights"
    (tmp_path / "Snakefile").write_text(f"""
config |= dict(results="results", shared="results")
rule all:
    input: "raw/brain/files.csv", "raw/lost/files.csv", "weights/w.pth"
rule download_archive:
    output: archive="raw/archives/phantom-1.0.tar.gz"
    params: source={pypi_source(content)!r}, lock="lock.yaml"
    log: "logs/archive.log"
    script: "{SCRIPTS}/download_archive.py"
rule collect_brain:
    input: archives=["raw/archives/phantom-1.0.tar.gz"]
    output: files="raw/brain/files.csv"
    params: dataset="brain", sources=[{pypi_source(content)!r}], patterns=["*/data/*"], lock="lock.yaml"
    log: "logs/brain.log"
    script: "{SCRIPTS}/collect_files.py"
rule collect_lost:
    output: files="raw/lost/files.csv"
    params:
        dataset="lost", sources=[dict(kind="folder", path="lost")], patterns=["images/*", "masks/*"], lock="lock.yaml"
    log: "logs/lost.log"
    script: "{SCRIPTS}/collect_files.py"
rule download_weights:
    output: weights="weights/w.pth"
    params: method="m", checkpoint=dict(url="{server.url}/w.pth", sha256="{sha256(b"weights")}", bytes=7, licence="MIT")
    script: "{SCRIPTS}/download_weights.py"
""")

    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--keep-going", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert pd.read_csv(tmp_path / "raw/brain/files.csv")["path"].tolist() == [
        "raw/brain/unpacked/phantom-1.0/data/brain1_image.nrrd",
        "raw/brain/unpacked/phantom-1.0/data/brain1_label.nrrd",
    ]
    assert (tmp_path / "weights/w.pth").read_bytes() == b"weights"
    assert ", checked" in (tmp_path / "logs/archive.log").read_text()
    assert not (tmp_path / MARKER).exists()
    assert done.returncode != 0
    log = (tmp_path / "logs/lost.log").read_text()
    assert "The folder lost of the dataset lost does not exist" in log
    assert "Traceback" not in log
