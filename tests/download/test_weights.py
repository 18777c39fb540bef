"""Weights are fetched: from addresses, Google Drive, archives in parts, or by a person."""

import hashlib
import json
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.weights import fetch_weights
from support.projects import TINY, Project
from support.servers import Server, serve

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.files["/w.pth"] = CONTENT
        yield running


def test_fetch(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/w.pth", "sha256": SHA256, "bytes": 7, "licence": "MIT"}
    fetch_weights("m", checkpoint, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


def test_fetch_error_names_the_method_and_the_way_out(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/gone.pth", "sha256": SHA256}
    with pytest.raises(
        PromptsegError, match=r"Weights of m: .*404.*`methods: \{m: \{checkpoint: \{path: \.\.\.\}\}\}`"
    ):
        fetch_weights("m", checkpoint, tmp_path / "gone.pth")


def test_mirrors(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/gone.pth", "mirrors": [server.url + "/w.pth"], "sha256": SHA256}
    fetch_weights("m", checkpoint, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
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
    "sha256": SHA256,
}


def test_a_person_is_told_what_to_get_and_where_to_put_it(tmp_path: Path) -> None:
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
    target.write_bytes(CONTENT)
    fetch_weights("m", BY_HAND, target)


def test_run_stops_for_a_file_that_a_person_gets_and_goes_on_with_it(tmp_path: Path) -> None:
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
    (project.path / target).write_bytes(CONTENT)
    planned = project.planned()
    assert planned["predict"] == 2
    assert "download_weights" not in planned
    project.run(target)
    assert (project.path / target).read_bytes() == CONTENT


LINK = "https://drive.google.com/file/d/1Ab_c-9/view?usp=sharing"
CONFIRM = b"""<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title><style>a {}</style></head>
<body><p>Google Drive can't scan this file for viruses.</p><p>w.pth (2.5G) is too large. Would you still like it?</p>
<form id="download-form" action="https://elsewhere.example/download" method="get">
<input type="submit" value="Download anyway"/><input type="hidden" name="id" value="1Ab_c-9">
<input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="6c1d"></form></body></html>"""
QUOTA = b"""<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>Sorry, you can't view or
download this file at this time. Too many users have viewed or downloaded this file recently.</body></html>"""
SIGN_IN = b"<!doctype html><html><head><title>Google Drive: Sign-in</title></head><body></body></html>"
NOTHING = b"<html><head><title>Error 404 (Not Found)</title></head></html>"


class ByQuery(dict):
    """What the server has at a path, which depends on the query of the last request."""

    def __init__(self, server: Server, answer: Callable[[dict[str, list[str]]], Any]):
        super().__init__({"/download": None})
        self.server, self.answer = server, answer

    def __getitem__(self, path: str) -> Any:
        return self.answer(parse_qs(urlsplit(self.server.requests[-1].path).query))

    def get(self, path: str, default: Any = None) -> Any:
        return self[path]


@pytest.fixture
def drive(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Server]:
    """A server in the place of Google Drive's, with a page it answers until the form of `CONFIRM` comes back."""
    monkeypatch.setenv("PROMPTSEG_DRIVE", server.url + "/download")

    def set_up(page: bytes | None, content: bytes = CONTENT) -> Server:
        def gives_page(query: dict[str, list[str]]) -> bool:
            confirmed = page == CONFIRM and query.get("uuid") == ["6c1d"] and query.get("confirm") == ["t"]
            return page is not None and not confirmed

        server.files = ByQuery(server, lambda query: page if gives_page(query) else content)
        server.types = ByQuery(server, lambda query: "text/html; charset=utf-8" if gives_page(query) else "a/b")
        return server

    return set_up


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        "https://drive.google.com/open?id=1Ab_c-9",
        "https://drive.google.com/uc?export=download&id=1Ab_c-9",
        "https://drive.usercontent.google.com/download?id=1Ab_c-9&export=download",
    ],
)
@pytest.mark.parametrize("page", [None, CONFIRM])
def test_google_drive(link: str, page: bytes | None, drive: Callable[..., Server], tmp_path: Path) -> None:
    server = drive(page)
    fetch_weights("m", {"url": link}, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT
    assert all("id=1Ab_c-9" in request.path for request in server.requests)


def test_google_drive_download_goes_on_where_it_stopped(drive: Callable[..., Server], tmp_path: Path) -> None:
    content = random.Random(0).randbytes(100_000)
    server = drive(CONFIRM, content)
    (tmp_path / "w.pth.part").write_bytes(content[:60_000])
    (tmp_path / "w.pth.part.json").write_text(json.dumps({"validator": server.etag}))
    fetch_weights("m", {"url": LINK, "sha256": hashlib.sha256(content).hexdigest()}, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == content
    assert server.requests[-1].headers["range"] == "bytes=60000-"


@pytest.mark.parametrize(
    ("page", "reason"), [(QUOTA, "quota exceeded"), (SIGN_IN, "sign in"), (NOTHING, r"web page \(Error 404")]
)
def test_google_drive_wants_a_person(page: bytes, reason: str, drive: Callable[..., Server], tmp_path: Path) -> None:
    drive(page)
    (tmp_path / "w.pth.part").write_bytes(b"so far")
    with pytest.raises(PromptsegError) as caught:
        fetch_weights("m", {"url": LINK, "sha256": SHA256}, tmp_path / "w.pth")
    assert re.search(reason, str(caught.value))
    assert "open https://drive.google.com/file/d/1Ab_c-9/view in a browser, signed" in str(caught.value)
    assert f"put it at {tmp_path / 'w.pth'}" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["w.pth.part"]


def test_google_drive_asks_for_ever(drive: Callable[..., Server], server: Server, tmp_path: Path) -> None:
    drive(CONFIRM.replace(b"6c1d", b"other"))
    with pytest.raises(PromptsegError, match="Virus scan warning"):
        fetch_weights("m", {"url": LINK}, tmp_path / "w.pth")
    assert len(server.requests) == 2


def test_google_drive_folder(tmp_path: Path) -> None:
    with pytest.raises(PromptsegError, match="no link to a file"):
        fetch_weights("m", {"url": "https://drive.google.com/drive/folders/1Ab_c-9?usp=sharing"}, tmp_path / "w.pth")


def test_google_drive_is_out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error is that of any download, after its attempts."""
    monkeypatch.setenv("PROMPTSEG_DRIVE", "https://127.0.0.1:9/download")
    monkeypatch.setattr("promptseg.download.transfer.time.sleep", lambda seconds: None)
    with pytest.raises(PromptsegError, match="no connection could be made"):
        fetch_weights("m", {"url": LINK}, tmp_path / "w.pth")


def seven_zip(members: dict[str, bytes], folder: Path, links: tuple[str, ...] = ()) -> bytes:
    py7zr = pytest.importorskip("py7zr", reason="py7zr is not installed")
    with py7zr.SevenZipFile(folder / "made.7z", "w") as archive:
        for name, content in members.items():
            archive._writestr(content, name)  # which writes suspicious names too
        for name in links:
            (folder / name).symlink_to("/etc/passwd")
            archive.write(folder / name, f"models/{name}")
    return (folder / "made.7z").read_bytes()


def in_parts(server: Server, content: bytes, count: int = 3) -> dict[str, Any]:
    """The archive in parts on the server, and the entry of it."""
    step = -(-len(content) // count)
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    for number, piece in enumerate(pieces, 1):
        server.files[f"/w.pth.7z.{number:03}"] = piece
    names = [f"/w.pth.7z.{number:03}" for number in range(1, len(pieces) + 1)]
    parts = [{"url": server.url + name, "sha256": hashlib.sha256(server.files[name]).hexdigest()} for name in names]
    return {"parts": parts, "file": "w.pth"}


def test_archive_in_parts(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("promptseg.download.transfer.time.sleep", lambda seconds: None)
    content = random.Random(1).randbytes(300_000)
    members = {"models/readme.txt": b"read me", "models/w.pth": content}
    checkpoint = in_parts(server, seven_zip(members, tmp_path))
    target = tmp_path / "weights" / "m.pth"
    server.cuts = [1000, 1 << 20, 5000]
    checkpoint["sha256"] = hashlib.sha256(content).hexdigest()
    fetch_weights("m", checkpoint, target)
    assert target.read_bytes() == content
    assert list(target.parent.iterdir()) == [target]
    asked = len(server.requests)
    assert asked == 5  # three parts, of which two were cut off and went on
    fetch_weights("m", checkpoint, target)
    assert len(server.requests) == asked


def test_parts_are_kept_until_all_are_there(server: Server, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(3000)
    checkpoint = in_parts(server, seven_zip({"w.pth": content}, tmp_path))
    last = server.files.pop("/w.pth.7z.003")
    target = tmp_path / "weights" / "m.pth"
    with pytest.raises(PromptsegError, match=r"w\.pth\.7z\.003 could not be fetched"):
        fetch_weights("m", checkpoint, target)
    assert not target.exists()
    server.files = {"/w.pth.7z.003": last}
    fetch_weights("m", checkpoint, target)
    assert target.read_bytes() == content


@pytest.mark.parametrize(
    ("members", "links", "message"),
    [
        ({"other.pth": b"a"}, (), "does not hold one file w.pth of plausible size, but 'other.pth'"),
        ({"../w.pth": b"a"}, (), r"but '\.\./w\.pth'"),
        ({"/w.pth": b"a"}, (), "but '/w.pth'"),
        ({"a/../../w.pth": b"a"}, (), "does not hold one file"),
        ({"a/w.pth": b"a", "b/w.pth": b"b"}, (), "but 'a/w.pth', 'b/w.pth'"),
        ({}, ("w.pth",), "but 'models/w.pth'"),
    ],
)
def test_archive_without_the_file_or_with_a_suspicious_one(
    members: dict[str, bytes], links: tuple[str, ...], message: str, server: Server, tmp_path: Path
) -> None:
    checkpoint = in_parts(server, seven_zip(members, tmp_path, links))
    target = tmp_path / "deep" / "weights" / "m.pth"
    with pytest.raises(PromptsegError, match=message):
        fetch_weights("m", checkpoint, target)
    assert [path.name for path in target.parent.iterdir()] == ["m.parts"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["weights"]


def test_nothing_but_the_file_is_unpacked(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    members = {"../../evil": b"e", "run.sh": b"e", "w.pth": CONTENT, "/evil": b"e"}
    checkpoint = in_parts(server, seven_zip(members, tmp_path), count=1)
    target = tmp_path / "deep" / "weights" / "m.pth"
    fetch_weights("m", checkpoint, target)
    assert target.read_bytes() == CONTENT
    assert [path for path in (tmp_path / "deep").rglob("*") if path.is_file()] == [target]


def test_implausibly_large_file(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("promptseg.download.weights._LIMIT", 999)
    checkpoint = in_parts(server, seven_zip({"w.pth": bytes(1000)}, tmp_path))
    with pytest.raises(PromptsegError, match="plausible size"):
        fetch_weights("m", checkpoint, tmp_path / "m.pth")


def test_file_of_the_archive_is_checked(server: Server, tmp_path: Path) -> None:
    checkpoint = in_parts(server, seven_zip({"w.pth": CONTENT}, tmp_path)) | {"sha256": "0" * 64}
    with pytest.raises(PromptsegError, match=rf"w.pth in the archive .*expected sha256 000.*found {SHA256}"):
        fetch_weights("m", checkpoint, tmp_path / "m.pth")
    assert not (tmp_path / "m.pth").exists()


def test_damaged_archive(server: Server, tmp_path: Path) -> None:
    """Whatever byte of it is wrong: the right file, or one clear error and no file."""
    whole, chance, refused = seven_zip({"w.pth": bytes(range(256)) * 4}, tmp_path), random.Random(0), 0
    for _ in range(40):
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        checkpoint, target = in_parts(server, bytes(content)), tmp_path / "weights" / "m.pth"
        error = ""
        try:
            fetch_weights("m", checkpoint, target)
        except PromptsegError as problem:
            error = str(problem)
        if error:
            refused += 1
            assert "7z x w.pth.7z.001" in error or "does not hold one file" in error
            assert not target.exists()
        else:
            assert target.read_bytes() == bytes(range(256)) * 4
        shutil.rmtree(target.parent)
    assert refused > 20
    content = in_parts(server, whole[: len(whole) // 2])
    with pytest.raises(PromptsegError, match="damaged or cannot be unpacked"):
        fetch_weights("m", content, tmp_path / "m.pth")


def test_without_py7zr_nothing_is_fetched(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "py7zr", None)
    with pytest.raises(PromptsegError) as caught:
        fetch_weights("m", in_parts(server, b"abc"), tmp_path / "m.pth")
    for words in ("`pip install py7zr`", f"{server.url}/w.pth.7z.003", f"put w.pth at {tmp_path / 'm.pth'}"):
        assert words in str(caught.value)
    assert server.requests == []
