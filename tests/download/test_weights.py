"""Weights from addresses, and downloaded by hand."""

from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.weights import fetch_weights
from support.projects import TINY, Project
from support.served import WEIGHTS, WEIGHTS_SHA256
from support.servers import Server


def test_fetch(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/w.pth", "sha256": WEIGHTS_SHA256, "bytes": 7, "licence": "MIT"}
    fetch_weights("m", checkpoint, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == WEIGHTS


def test_fetch_error_names_the_method_and_the_way_out(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/gone.pth", "sha256": WEIGHTS_SHA256}
    with pytest.raises(
        PromptsegError, match=r"Weights of m: .*404.*`methods: \{m: \{checkpoint: \{path: \.\.\.\}\}\}`"
    ):
        fetch_weights("m", checkpoint, tmp_path / "gone.pth")


def test_mirrors(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/gone.pth", "mirrors": [server.url + "/w.pth"], "sha256": WEIGHTS_SHA256}
    fetch_weights("m", checkpoint, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == WEIGHTS
    with pytest.raises(PromptsegError, match=r"(?s)/gone\.pth.*/lost\.pth"):
        fetch_weights("m", checkpoint | {"mirrors": [server.url + "/lost.pth"]}, tmp_path / "other.pth")


def test_web_page_in_place_of_weights_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.files["/page.pth"] = b"\n<!doctype HTML><title>Moved</title>"
    with pytest.raises(PromptsegError, match=r"page\.pth sent a web page"):
        fetch_weights("m", {"url": server.url + "/page.pth"}, tmp_path / "w.pth")
    assert list(tmp_path.iterdir()) == []


def test_licence_is_told(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    fetch_weights("m", {"url": server.url + "/w.pth", "licence": "CC BY-NC 4.0"}, tmp_path / "w.pth")
    assert "Weights of m: licence CC BY-NC 4.0" in caplog.text


BY_HAND = {
    "home": "https://example.org/models",
    "instructions": "Open the folder of models.\n",
    "file": "huge.pth",
    "size": "about 2.7 GB",
    "licence": "MIT",
    "sha256": WEIGHTS_SHA256,
}


def test_manual_download_says_what_to_get_and_where_to_put_it(tmp_path: Path) -> None:
    target = tmp_path / "weights" / "m.pth"
    with pytest.raises(PromptsegError) as caught:
        fetch_weights("m", BY_HAND, target)
    *lines, last = str(caught.value).splitlines()
    assert last.startswith("Then run again. To use a file of your own, set `methods: {m: {checkpoint: {path: ...}}}`")
    assert lines == [
        "Weights of m: they have to be fetched by hand.",
        "  from: https://example.org/models",
        "  file: huge.pth (about 2.7 GB)",
        "  licence: MIT",
        "  how: Open the folder of models.",
        f"  to: {target}",
    ]
    target.parent.mkdir()
    target.write_bytes(b"other")
    with pytest.raises(PromptsegError, match=r"m\.pth is not the file it should be: expected sha256"):
        fetch_weights("m", BY_HAND, target)
    target.write_bytes(WEIGHTS)
    fetch_weights("m", BY_HAND, target)


def test_run_stops_for_a_manual_download_and_goes_on_with_it(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    project.configure(TINY | {"run": {**TINY["run"], "methods": ["simpleclick"]}})
    target = "results/weights/simpleclick.pth"
    done = project.snakemake(target)
    assert done.returncode != 0
    assert "download_weights: Weights of simpleclick: they have to be fetched by hand." in done.stdout
    assert "Trying to restart" not in done.stdout
    for words in ("https://github.com/uncbiag/SimpleClick", "cocolvis_vit_huge.pth (about 2.7 GB)", f"to: {target}"):
        assert words in done.stdout
    assert "Traceback" not in done.stdout
    (project.path / target).parent.mkdir(exist_ok=True)
    (project.path / target).write_bytes(WEIGHTS)
    planned = project.planned()
    assert planned["predict"] == 2
    assert "download_weights" not in planned
    project.run(target)
    assert (project.path / target).read_bytes() == WEIGHTS
