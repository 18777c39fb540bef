"""The folder of a run and the shared one."""

from pathlib import Path

import pytest

from promptseg.config.folders import folders
from promptseg.core.errors import PromptsegError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("results", "results"),
        ("./runs/a/", "runs/a"),
        ("runs/../results", "results"),
        ("/elsewhere/run 1", "/elsewhere/run 1"),
        ("../beside", "{parent}/beside"),
        ("{here}/runs/a", "runs/a"),
    ],
)
def test_written_in_one_way(tmp_path, monkeypatch, given, expected):
    monkeypatch.chdir(tmp_path)
    given, expected = (text.format(here=tmp_path, parent=tmp_path.parent) for text in (given, expected))
    assert folders({"results": given, "shared": "results"}) == (expected, "results")
    assert folders({"results": "results", "shared": given}) == ("results", expected)


def test_home_is_known():
    assert folders({"results": "~/runs", "shared": "results"})[0] == str(Path.home() / "runs")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (".", "holds the project itself"),
        ("..", "holds the project itself"),
        ("a,b", "a character that"),
        ("runs/{name}", "a character that"),
        ("runs/a ", "a character that"),
    ],
)
def test_no_folder_of_results(given, message):
    with pytest.raises(PromptsegError, match=message):
        folders({"results": given, "shared": "results"})


@pytest.mark.parametrize(("results", "shared"), [("results/tables", "results"), ("runs", "runs/raw/a")])
def test_no_folder_among_results(results, shared):
    with pytest.raises(PromptsegError, match="lies among the results in"):
        folders({"results": results, "shared": shared})


def test_a_folder_beside_the_results_of_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert folders({"results": "results/a", "shared": "results"}) == ("results/a", "results")


@pytest.mark.parametrize("key", ["results", "shared"])
@pytest.mark.parametrize("given", ["README.md", "README.md/runs/a"])
def test_no_folder_where_a_file_is(tmp_path, monkeypatch, key, given):
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("kept")
    with pytest.raises(
        PromptsegError, match=f"^{key}: '{given}' cannot be a folder, because {tmp_path}/README.md is a"
    ):
        folders({"results": "results", "shared": "results", key: given})
    assert Path("README.md").read_text() == "kept"


@pytest.mark.parametrize(
    ("given", "refused"), [("data", True), ("data/out", True), ("link/out", True), ("database", False), ("runs", False)]
)
def test_no_folder_among_the_files_of_a_user(tmp_path, monkeypatch, given, refused):
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("link").symlink_to("data")
    sources = [{"kind": "http", "url": "u"}, {"kind": "folder", "path": str(tmp_path / "data")}]
    config = {"results": given, "shared": "results", "datasets": {"mine": {"source": sources}}}
    if not refused:
        assert folders(config) == (given, "results")
        return
    with pytest.raises(
        PromptsegError, match=f"^results: {given} lies among the files of the dataset mine, in {tmp_path}"
    ):
        folders(config)


def test_the_project_may_lie_in_a_folder_of_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entry = {"source": {"kind": "folder", "path": "."}}
    assert folders({"results": "results", "shared": "results", "datasets": {"mine": entry}}) == ("results", "results")
