"""Weights of users are held to what they were when they were first used; those of this project to their checksums."""

from pathlib import Path

import pytest
import yaml

from promptseg.config.own_files import own_digests
from promptseg.core.errors import PromptsegError
from promptseg.core.files import digest
from promptseg.download.lockfile import LockFile
from promptseg.download.own_weights import at_start, require_own_weights
from support.projects import ROOT


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(".snakemake").mkdir()
    Path("mine.pth").write_bytes(b"weights")
    return {
        "mine": {"checkpoint": {"path": "mine.pth", "sha256": "0" * 64}},
        "none": {},
        "far": {"checkpoint": {"url": "x"}},
    }


def look(methods, *, dryrun=False):
    said = []
    require_own_weights(methods, own_digests(methods, []), LockFile(Path("config/lock.yaml")), said.append, dryrun)
    return said


def test_a_later_difference_is_said_until_it_is_accepted(mine):
    assert look(mine, dryrun=True) == []
    assert not Path("config").exists()
    assert look(mine) == []
    assert list(yaml.safe_load(Path("config/lock.yaml").read_text())) == ["mine.pth"]
    Path("mine.pth").write_bytes(b"weighty")
    for dryrun in (True, False):
        (said,) = look(mine, dryrun=dryrun)
        assert said.startswith("mine.pth, the weights of mine, has changed since it was first used: expected sha256 ")
        assert "to accept a changed file, delete the entry 'mine.pth' there" in said
    Path("config/lock.yaml").unlink()
    assert look(mine) == []
    assert look(mine) == []


def test_a_folder_of_weights(mine):
    Path("model").mkdir()
    Path("model/a.safetensors").write_bytes(b"a")
    methods = {"folder": {"checkpoint": {"path": "model"}}}
    assert look(methods) == []
    Path("model/a.safetensors").write_bytes(b"b")
    assert [line.partition(" has")[0] for line in look(methods)] == ["model, the weights of folder,"]


def test_damaged_weights_of_this_project_end_the_run(mine, capsys):
    file = Path("resources/quickstart/sam_small.safetensors")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"other")
    methods = {"sam_small": {"checkpoint": {"path": str(file), "sha256": "0" * 64}}}
    expected = (
        rf"{file}, the weights of sam_small, is damaged: expected sha256 0+, found .*\. Get it back \(git checkout"
    )
    with pytest.raises(PromptsegError, match=expected):
        look(methods)
    with pytest.raises(SystemExit):
        at_start({**methods, "unused": {}}, own_digests(methods, []), "config/lock.yaml", print, True)
    assert "is damaged" in capsys.readouterr().err


def test_the_checksums_of_this_project_are_right():
    methods = yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"]
    shipped = {
        entry["checkpoint"]["path"]: entry["checkpoint"]["sha256"]
        for entry in methods.values()
        if "path" in entry.get("checkpoint", {})
    }
    assert len(shipped) == 4
    assert {path: digest(ROOT / path) for path in shipped} == shipped
