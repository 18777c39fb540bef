"""Where the project is, its configuration, and calls of Snakemake."""

import sys
from pathlib import Path

import pytest

from promptseg.command.project import as_typed, configuration, find_project, results_of, snakemake
from promptseg.core.errors import PromptsegError
from support.projects import ROOT

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))


def make_project(folder):
    (folder / "workflow" / "scripts" / "promptseg").mkdir(parents=True)
    (folder / "workflow" / "Snakefile").touch()
    return folder


def test_the_project_is_where_one_stands_or_that_of_the_package(tmp_path):
    assert find_project(tmp_path) == ROOT
    mine = make_project(tmp_path / "mine")
    (mine / "config").mkdir()
    assert find_project(mine) == mine
    assert find_project(mine / "config") == mine


def test_a_package_without_a_project_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("promptseg.command.project.__file__", str(tmp_path / "a" / "b" / "c" / "d" / "e.py"))
    with pytest.raises(PromptsegError, match=r"call `pip install -e \.` there\.$"):
        find_project(tmp_path)


def test_the_configuration_is_merged_in_order_and_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("prompts: {clicks: 3, seed: 5}\nrun: {methods: [perfect, grabcut]}\n")
    second.write_text("prompts: {clicks: 4}\nrun: {methods: [grabcut]}\n")
    config = configuration([first, second])
    assert (config["prompts"]["clicks"], config["prompts"]["seed"], config["run"]["methods"]) == (4, 5, ["grabcut"])
    assert config["strict"] is False
    second.write_text("prompt: {clicks: 4}\n")
    with pytest.raises(PromptsegError, match=r"unknown key 'prompt' in the top level\. Did you mean 'prompts'"):
        configuration([first, second])
    second.write_text("prompts: [\n")
    with pytest.raises(PromptsegError, match=r"second\.yaml"):
        configuration([second])


def test_a_number_for_configfile_is_taken_for_cores():
    with pytest.raises(PromptsegError, match=r"4 is not a file\. The number of cores is given by --cores\.$"):
        snakemake([Path("4")])


def test_results_are_those_given_or_those_of_the_configuration(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert results_of(Path("mine"), None) == Path("mine")
    assert results_of(None, None) == ROOT / "results"


def test_the_call_of_snakemake_does_not_take_targets_for_files(tmp_path, monkeypatch):
    (tmp_path / "my own.yaml").touch()
    command = snakemake([tmp_path / "my own.yaml"], "--cores", "2", "all")
    assert command[1:] == ["-m", "snakemake", "--configfile", str(tmp_path / "my own.yaml"), "--cores", "2", "all"]
    monkeypatch.setenv("PATH", str(Path(SNAKEMAKE).parent))
    assert as_typed(command, ROOT, ROOT) == f"snakemake --configfile '{tmp_path}/my own.yaml' --cores 2 all"
    monkeypatch.setenv("PATH", "")
    assert as_typed(command, tmp_path, ROOT).startswith(f"cd {ROOT} && {SNAKEMAKE} --configfile ")
