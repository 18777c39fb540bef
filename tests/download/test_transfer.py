"""Downloads against a real server that lies, is busy or asks for a password."""

import hashlib
import logging
import socket
from pathlib import Path

import pytest

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.download.transfer import Access, download
from support.served import DATA, DATA_SHA256, OTHER
from support.servers import Server, serve


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_whole_file_leaves_nothing_beside_it(server: Server, target: Path) -> None:
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, size=3_000_000)
    assert target.read_bytes() == DATA
    assert leftovers(target) == ["data.bin"]
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_md5_and_no_checksum(server: Server, target: Path) -> None:
    download(server.url + "/data.bin", target, checksum=Checksum("md5", hashlib.md5(DATA).hexdigest().upper()))
    assert target.read_bytes() == DATA
    bare = target.with_name("bare.bin")
    download(server.url + "/data.bin", bare)
    assert bare.read_bytes() == DATA


def test_empty_file(server: Server, target: Path) -> None:
    server.files["/empty"] = b""
    download(server.url + "/empty", target, size=0)
    assert target.read_bytes() == b""


def test_wrong_checksum_deletes_the_part(server: Server, target: Path) -> None:
    server.files["/data.bin"] = OTHER
    with pytest.raises(PromptsegError) as caught:
        download(server.url + "/data.bin?token=hidden", target, checksum=DATA_SHA256)
    text = str(caught.value)
    for expected in (DATA_SHA256.value, hashlib.sha256(OTHER).hexdigest(), server.url + "/data.bin", str(target)):
        assert expected in text
    assert "hidden" not in text
    assert leftovers(target) == []


def test_wrong_part_heals_on_the_next_run(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(OTHER[:1000])
    with pytest.raises(PromptsegError, match="deleted"):
        download(server.url + "/data.bin", target, checksum=DATA_SHA256)
    download(server.url + "/data.bin", target, checksum=DATA_SHA256)
    assert target.read_bytes() == DATA


def test_other_size_is_refused_before_the_transfer(server: Server, target: Path) -> None:
    with pytest.raises(PromptsegError, match="expected 2999999 bytes, found 3000000"):
        download(server.url + "/data.bin", target, size=2_999_999)
    assert leftovers(target) == []


def test_too_many_bytes_without_length(server: Server, target: Path) -> None:
    server.without_length = True
    with pytest.raises(PromptsegError, match="more than the expected 2999999 bytes"):
        download(server.url + "/data.bin", target, size=2_999_999)
    assert leftovers(target) == []


def test_content_encoding_is_not_decoded(server: Server, target: Path) -> None:
    server.encoding = "gzip"
    download(server.url + "/data.bin", target, checksum=DATA_SHA256)
    assert target.read_bytes() == DATA


def test_not_found_is_not_tried_again(server: Server, target: Path) -> None:
    with pytest.raises(PromptsegError, match=r"404 Not Found.*put the file by hand at"):
        download(server.url + "/absent.bin", target, pause=0)
    assert len(server.requests) == 1


def test_busy_server_is_tried_again(server: Server, target: Path) -> None:
    server.statuses = [503, 429]
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, pause=0)
    assert len(server.requests) == 3
    server.statuses = [500] * 9
    with pytest.raises(PromptsegError, match="500"):
        download(server.url + "/data.bin", target.with_name("b"), attempts=2, pause=0)
    assert len(server.requests) == 5


def test_host_without_answer(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PromptsegError) as caught:
        download(f"http://me:geheim@127.0.0.1:{port}/data.bin?sig=hidden", target, attempts=2, pause=0)
    text = str(caught.value)
    assert "no connection could be made" in text
    assert f"http://127.0.0.1:{port}/data.bin" in text
    assert str(target) in text
    assert "geheim" not in text
    assert "hidden" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/data.bin", "data.bin", "http:///data.bin", "http://[1/data.bin"])
def test_address_that_cannot_be_used(url: str, target: Path) -> None:
    with pytest.raises(PromptsegError, match="address cannot be used"):
        download(url, target, pause=0)


def test_missing_file_of_certificates(server: Server, target: Path) -> None:
    certificates = Access(verify=str(target.parent / "ca.pem"))
    with pytest.raises(PromptsegError, match="trusted certificates"):
        download(server.url.replace("http", "https") + "/data.bin", target, access=certificates)


def test_credentials_are_used_but_never_shown(
    server: Server, target: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.account = ("me", "geheim")
    server.cuts = [10, 10, 10]
    with caplog.at_level(logging.INFO):
        download(f"http://me:geheim@{server.host}/data.bin?token=hidden", target, checksum=DATA_SHA256, pause=0)
        download(f"{server.url}/data.bin", target.with_name("b"), access=Access(("me", "geheim")))
        with pytest.raises(PromptsegError, match="401") as caught:
            download(f"http://me:falsch@{server.host}/data.bin?token=hidden", target.with_name("c"))
    assert server.requests[0].path == "/data.bin?token=hidden"
    shown = caplog.text + str(caught.value)
    assert "/data.bin?..." in shown
    for secret in ("geheim", "falsch", "hidden", "bWU6"):
        assert secret not in shown


def test_credentials_do_not_follow_to_another_host(server: Server, target: Path) -> None:
    with serve() as other:
        other.redirects["/data.bin"] = server.url.replace("127.0.0.1", "localhost") + "/data.bin"
        download(other.url + "/data.bin", target, access=Access(("me", "geheim")))
    assert "authorization" in other.requests[0].headers
    assert "authorization" not in server.requests[0].headers
    assert target.read_bytes() == DATA


def test_file_that_is_there_needs_no_network(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(DATA)
    download("http://nowhere.invalid/data.bin", target, checksum=DATA_SHA256, size=3_000_000)
    with pytest.raises(PromptsegError, match="found 3000000"):
        download("http://nowhere.invalid/data.bin", target, checksum=DATA_SHA256, size=1)
    target.write_bytes(OTHER)
    with pytest.raises(PromptsegError, match="Delete or replace it"):
        download("http://nowhere.invalid/data.bin", target, checksum=DATA_SHA256)
    assert target.read_bytes() == OTHER


def test_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "archives").write_text("a file")
    with pytest.raises(PromptsegError, match="cannot be written"):
        download(server.url + "/data.bin", tmp_path / "archives" / "data.bin")


def test_progress_is_logged_without_a_terminal(
    server: Server, target: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptseg.download.responses.LOG_EVERY", 0.0)
    with caplog.at_level(logging.INFO):
        download(server.url + "/data.bin", target)
    assert "data.bin: 1 of 3 MB" in caplog.text
