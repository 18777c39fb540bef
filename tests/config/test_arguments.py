"""The files behind `--configfile` are read before Snakemake reads them."""

from pathlib import Path

import pytest

from promptseg.config.arguments import check_files, guard, named_files
from promptseg.core.errors import PromptsegError


def test_files_of_a_call():
    call = ["-n", "--configfile", "a.yaml", "b.yaml", "--cores", "2", "target", "--configfiles=c.yaml", "d", "-p", "e"]
    assert named_files(call) == [Path("a.yaml"), Path("b.yaml"), Path("c.yaml"), Path("d")]
    assert named_files(["target", "-n"]) == []


def test_a_file_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text("run: {}\n")
    check_files(["--configfile", "my.yaml"])
    with pytest.raises(PromptsegError, match=f"no configuration file mine.yaml; a relative path starts at {tmp_path}"):
        check_files(["--configfile", "mine.yaml"])
    swallowed = "targets before it: snakemake --cores 1 datasets_status --configfile my.yaml"
    with pytest.raises(PromptsegError, match=swallowed):
        check_files(["--configfile", "my.yaml", "datasets_status"])


def test_the_files_of_the_project_are_read_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text("run: {a: 1, a: 2}\n")
    with pytest.raises(PromptsegError, match=r"config/config\.yaml:1: run.a stands in line 1 already"):
        check_files(["-n"])
    check_files(["-n", "--mode", "subprocess"])


def test_the_message_is_the_last_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["snakemake", "--configfile", "no.yaml"])
    with pytest.raises(SystemExit) as caught:
        guard()
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("There is no configuration file no.yaml")
