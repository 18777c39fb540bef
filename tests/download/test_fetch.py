"""Addresses of all kinds against a local server: records of three archives, Google Drive, certificates."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download import fetch as addresses
from promptseg.download.fetch import fetch_archive, fetch_file, fetch_from_urls
from promptseg.download.origins import archive_name
from promptseg.download.records import record_files
from support.servers import Server, serve

CONTENT = b"PK content"
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server in the place of all services, which holds the file `/file`."""
    with serve() as running:
        for service in ("ZENODO", "MENDELEY", "FIGSHARE"):
            monkeypatch.setenv(f"PROMPTSEG_{service}", f"{running.url}/{service.lower()}")
        monkeypatch.setenv("PROMPTSEG_DRIVE", running.url + "/drive")
        running.files["/file"] = CONTENT
        yield running


def answer(server: Server, path: str, content: Any) -> None:
    server.files[path] = json.dumps(content).encode()


def publish(server: Server, service: str, md5: str = MD5, sha256: str = SHA256) -> str:
    """A record with the files a.zip and sub/b.txt; its page."""
    link = server.url + "/file"
    if service == "zenodo":
        files = [
            {"key": name, "size": 10, "checksum": f"md5:{md5}", "links": {"self": link}}
            for name in ("sub/b.txt", "a.zip")
        ]
        answer(server, "/zenodo/records/7", {"files": files})
        return "https://zenodo.org/records/7"
    if service == "mendeley":
        for folder, name in (("root", "a.zip"), ("f1", "b.txt")):
            details = {"download_url": link, "sha256_hash": sha256}
            files = [{"filename": name, "size": 10, "content_details": details}]
            answer(server, f"/mendeley/datasets/ab12/files?folder_id={folder}&version=2", files)
        answer(server, "/mendeley/datasets/ab12/folders/2", [{"id": "f1", "name": "sub", "parent_id": None}])
        return "https://data.mendeley.com/datasets/ab12/2"
    files = [
        {"name": "sub/b.txt", "size": 10, "download_url": link, "computed_md5": md5},
        {"name": "a.zip", "size": 10, "download_url": link, "computed_md5": "", "supplied_md5": md5},
        {"name": "elsewhere", "size": 0, "download_url": "http://other", "is_link_only": True},
    ]
    answer(server, "/figshare/articles/9/versions/3", {"files": files})
    return "https://figshare.com/articles/dataset/a_title/9/3"


SERVICES = pytest.mark.parametrize("service", ["zenodo", "mendeley", "figshare"])


@SERVICES
def test_files_of_a_record(service: str, server: Server) -> None:
    page = publish(server, service)
    files = record_files(page)
    assert [(file.name, file.url, file.size) for file in files] == [
        ("a.zip", server.url + "/file", 10),
        ("sub/b.txt", server.url + "/file", 10),
    ]
    checksum = files[0].checksum
    assert checksum is not None
    assert (checksum.algorithm, checksum.value) == (("sha256", SHA256) if service == "mendeley" else ("md5", MD5))


@SERVICES
def test_one_file_of_a_record(service: str, server: Server, tmp_path: Path) -> None:
    fetch_file(publish(server, service), tmp_path / "mine.zip", name="a.zip")
    assert (tmp_path / "mine.zip").read_bytes() == CONTENT
    requests = len(server.requests)
    fetch_file(publish(server, service), tmp_path / "mine.zip", name="a.zip")
    assert len(server.requests) == requests
    with pytest.raises(PromptsegError, match=r"has no file c\.zip, but a\.zip, sub/b\.txt"):
        fetch_file(publish(server, service), tmp_path / "c.zip")


@SERVICES
def test_the_checksum_of_the_record_holds(service: str, server: Server, tmp_path: Path) -> None:
    page = publish(server, service, md5="0" * 32, sha256="0" * 64)
    with pytest.raises(PromptsegError, match=rf"expected \w+ 0+ \(stated by {page}\), found"):
        fetch_file(page, tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_records_that_do_not_answer_as_they_should(server: Server) -> None:
    page = "https://zenodo.org/records/7"
    with pytest.raises(PromptsegError, match="/zenodo/records/7: it answered 404"):
        record_files(page)
    server.files["/zenodo/records/7"] = b"<html>"
    with pytest.raises(PromptsegError, match="did not answer with JSON"):
        record_files(page)
    answer(server, "/zenodo/records/7", {"entries": []})
    with pytest.raises(PromptsegError, match=r"not of the form we know \(KeyError: 'files'\)"):
        record_files(page)
    with pytest.raises(PromptsegError, match=r"Which version.*datasets/ab12/1"):
        record_files("https://data.mendeley.com/datasets/ab12")
    with pytest.raises(PromptsegError, match="is not the page of a record"):
        record_files("https://host.org/a.zip")


def test_page_in_place_of_a_file(server: Server, tmp_path: Path) -> None:
    server.files["/page.zip"] = b"<!DOCTYPE html><title>Sign in</title>"
    with pytest.raises(PromptsegError, match=r"page\.zip sent a web page"):
        fetch_from_urls({"url": server.url + "/page.zip"}, tmp_path / "page.zip")
    assert list(tmp_path.iterdir()) == []


def test_google_drive_as_a_mirror(server: Server, tmp_path: Path) -> None:
    server.files["/drive"] = CONTENT
    entry = {"url": server.url + "/gone", "mirrors": ["https://drive.google.com/file/d/1Ab/view"], "sha256": SHA256}
    fetch_from_urls(entry, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert server.requests[-1].path == "/drive?id=1Ab&export=download&confirm=t"


def test_certificates(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"url": server.url + "/file", "verify_tls": False, "md5": MD5}
    with pytest.raises(PromptsegError, match="needs a sha256"):
        fetch_from_urls(entry, tmp_path / "a.zip")
    seen = []
    monkeypatch.setattr(addresses, "download", lambda *args, **options: seen.append(options["access"].verify))
    monkeypatch.setattr(addresses, "is_page", lambda path: False)
    fetch_from_urls(entry | {"sha256": SHA256}, tmp_path / "a.zip")
    fetch_from_urls({"url": server.url + "/file"}, tmp_path / "a.zip")
    assert seen == [False, True]


def test_http_mirrors(server: Server, tmp_path: Path) -> None:
    server.files["/good/a.zip"] = b"good"
    source = {
        "kind": "http",
        "url": server.url + "/gone/a.zip",
        "mirrors": [server.url + "/good/a.zip"],
        "md5": hashlib.md5(b"good").hexdigest(),
        "file": "b.zip",
    }
    assert archive_name(source) == "b.zip"
    fetch_archive(source, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"good"
    source["mirrors"] = [server.url + "/lost/a.zip"]
    with pytest.raises(PromptsegError, match=r"(?s)/gone/a.zip: it answered 404.*/lost/a.zip: it answered 404"):
        fetch_archive(source, tmp_path / "c.zip")
