"""Files of packages from an index on a local server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.fetch import fetch_archive
from promptseg.download.origins import archive_name
from promptseg.download.packages import package_indexes
from support.servers import Server, serve
from support.sources import MARKER, collect_from, index_server, make_sdist, publish, pypi_source, sha256


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with index_server(monkeypatch) as running:
        yield running


@pytest.mark.parametrize("as_json", [False, True])
def test_pypi(server: Server, tmp_path: Path, as_json: bool) -> None:
    marker = tmp_path / MARKER
    content = make_sdist(marker)
    publish(server, "phantom-1.0.tar.gz", content, as_json=as_json)
    source = pypi_source(content)
    archive = tmp_path / "archives" / str(archive_name(source))
    fetch_archive(source, archive)
    assert archive.name == "phantom-1.0.tar.gz"
    assert archive.read_bytes() == content
    files = collect_from("brain", source, ["*/data/*_image.nrrd", "*/data/*_label.nrrd"], archive, tmp_path / "brain")
    unpacked = (tmp_path / "brain" / "unpacked" / "phantom-1.0" / "data").as_posix()
    assert files.to_dict("records") == [
        {
            "name": f"phantom-1.0/data/brain1_{kind}.nrrd",
            "path": f"{unpacked}/brain1_{kind}.nrrd",
            "bytes": 7,
            "sha256": sha256(f"{kind} 1".encode()),
        }
        for kind in ("image", "label")
    ]
    assert not marker.exists()


def test_pypi_goes_on_to_the_extra_index(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_sdist(tmp_path / MARKER)
    publish(server, "phantom-1.0.tar.gz", content)
    with serve() as first:
        monkeypatch.setenv("PIP_INDEX_URL", first.url + "/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere/simple {server.url}/simple")
        fetch_archive(pypi_source(content), tmp_path / "x.tar.gz")
        assert [request.path for request in first.requests] == ["/simple/phantom/"]
    assert (tmp_path / "x.tar.gz").read_bytes() == content


def test_pypi_credentials_of_the_index(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_sdist(tmp_path / MARKER)
    publish(server, "phantom-1.0.tar.gz", content)
    server.account = ("me", "ge:heim")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:ge%3Aheim@{server.host}/simple/")
    fetch_archive(pypi_source(content), tmp_path / "x.tar.gz")
    assert (tmp_path / "x.tar.gz").read_bytes() == content
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:falsch@{server.host}/simple/")
    with pytest.raises(PromptsegError, match="401") as caught:
        fetch_archive(pypi_source(content), tmp_path / "y.tar.gz")
    assert "falsch" not in str(caught.value)


def test_pypi_other_content(server: Server, tmp_path: Path) -> None:
    publish(server, "phantom-1.0.tar.gz", b"something else")
    source = pypi_source(b"something new.")
    with pytest.raises(PromptsegError, match=sha256(b"something else")):
        fetch_archive(source, tmp_path / "x.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_pypi_errors_say_where_and_what(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "phantom-1.0.tar.gz"
    source = pypi_source(b"")
    with pytest.raises(PromptsegError, match="does not have the package phantom"):
        fetch_archive(source, target)
    publish(server, "phantom-2.0.tar.gz", b"")
    with pytest.raises(PromptsegError, match=r"not the file phantom-1.0.tar.gz \(but phantom-2.0.tar.gz\)") as caught:
        fetch_archive(source, target)
    assert server.url in str(caught.value)
    assert f"put the file by hand at {target}" in str(caught.value)
    server.types["/simple/phantom/"] = "image/png"
    with pytest.raises(PromptsegError, match="not that of a package index"):
        fetch_archive(source, target)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(PromptsegError, match=r"http://127.0.0.1:9/simple: no connection could be made"):
        fetch_archive(source, target)
    monkeypatch.setenv("PIP_INDEX_URL", "file:///nowhere/simple")
    with pytest.raises(PromptsegError, match="No package index on a network"):
        fetch_archive(source, target)


def test_pypi_file_put_there_by_hand(server: Server, tmp_path: Path) -> None:
    content = make_sdist(tmp_path / MARKER)
    (tmp_path / "x.tar.gz").write_bytes(content)
    fetch_archive(pypi_source(content), tmp_path / "x.tar.gz")
    assert server.requests == []


def test_package_indexes_from_pip_and_uv(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = http://a/simple\ncert = /ca.pem\n"
        "extra-index-url =\n  http://b/simple\n  http://c/simple\n"
        "[install]\nindex-url = http://d/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_INDEX_URL")
    found = package_indexes()
    assert found.urls == ["http://d/simple", "http://b/simple", "http://c/simple"]
    assert found.verify == "/ca.pem"
    monkeypatch.setenv("UV_INDEX_URL", "http://e/simple")
    monkeypatch.setenv("UV_INDEX", "mine=http://f/simple?a=b")
    assert package_indexes().urls == ["http://e/simple", "http://b/simple", "http://c/simple", "http://f/simple?a=b"]
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mine=http://g/simple")
    assert package_indexes().urls[0] == "http://g/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "http://h/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://h/simple")
    monkeypatch.setenv("PIP_CERT", "/other.pem")
    found = package_indexes()
    assert found.urls == ["http://h/simple", "http://f/simple?a=b"]
    assert found.verify == "/other.pem"


def test_package_indexes_without_pip(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    assert package_indexes().urls == [server.url + "/simple/"]
    assert package_indexes().verify is True
