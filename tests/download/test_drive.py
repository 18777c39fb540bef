"""Weights that are shared on Google Drive, on a local server in its place."""

import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.weights import fetch_weights
from support.served import WEIGHTS, WEIGHTS_SHA256
from support.servers import Server

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

    def set_up(page: bytes | None, content: bytes = WEIGHTS) -> Server:
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
    assert (tmp_path / "w.pth").read_bytes() == WEIGHTS
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
        fetch_weights("m", {"url": LINK, "sha256": WEIGHTS_SHA256}, tmp_path / "w.pth")
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
