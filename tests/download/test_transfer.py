"""Downloads against a real server that breaks off, lies, changes its file or asks for a password."""

import hashlib
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.transfer import Checksum, download
from promptseg.download.urls import file_name, redact
from support.servers import Server, serve

CONTENT = random.Random(0).randbytes(3_000_000)
SHA256 = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())
OTHER = random.Random(1).randbytes(3_000_000)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.files["/data.bin"] = CONTENT
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "archives" / "data.bin"


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_whole_file_leaves_nothing_beside_it(server: Server, target: Path) -> None:
    download(server.url + "/data.bin", target, checksum=SHA256, size=3_000_000)
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == ["data.bin"]
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_md5_and_no_checksum(server: Server, target: Path) -> None:
    download(server.url + "/data.bin", target, checksum=Checksum("md5", hashlib.md5(CONTENT).hexdigest().upper()))
    assert target.read_bytes() == CONTENT
    bare = target.with_name("bare.bin")
    download(server.url + "/data.bin", bare)
    assert bare.read_bytes() == CONTENT


def test_empty_file(server: Server, target: Path) -> None:
    server.files["/empty"] = b""
    download(server.url + "/empty", target, size=0)
    assert target.read_bytes() == b""


def test_goes_on_by_itself_after_a_cut(server: Server, target: Path) -> None:
    server.cuts = [1_200_000, 700_000]
    download(server.url + "/data.bin", target, checksum=SHA256, pause=0)
    assert target.read_bytes() == CONTENT
    ranges = [(request.headers.get("range"), request.headers.get("if-range")) for request in server.requests]
    assert ranges == [(None, None), ("bytes=1200000-", '"one"'), ("bytes=1900000-", '"one"')]


def test_truncated_answer_keeps_the_part_for_the_next_run(server: Server, target: Path) -> None:
    server.cuts = [1_200_000, 0]
    with pytest.raises(PromptsegError, match=r"connection broke off.*1200000 bytes so far are kept") as caught:
        download(server.url + "/data.bin", target, checksum=SHA256, size=3_000_000, attempts=1, pause=0)
    assert str(target) in str(caught.value)
    assert leftovers(target) == ["data.bin.part", "data.bin.part.json"]
    assert target.with_name("data.bin.part").read_bytes() == CONTENT[:1_200_000]
    download(server.url + "/data.bin", target, checksum=SHA256, size=3_000_000)
    assert server.requests[-1].headers["range"] == "bytes=1200000-"
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == ["data.bin"]


def test_truncation_without_length_is_seen_by_the_size(server: Server, target: Path) -> None:
    server.without_length = True
    server.cuts = [1_200_000, 0]
    with pytest.raises(PromptsegError, match="ended after 1200000 of 3000000 bytes"):
        download(server.url + "/data.bin", target, size=3_000_000, attempts=1, pause=0)
    assert target.with_name("data.bin.part").stat().st_size == 1_200_000
    assert not target.exists()


def test_killed_process_resumes(server: Server, target: Path, tmp_path: Path) -> None:
    """A listener that sends one half and then stalls; the process is killed in between."""
    half = 1_500_000
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = (
            "import sys; from pathlib import Path; from promptseg.download.transfer import download;"
            "download(sys.argv[1], Path(sys.argv[2]))"
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/data.bin"
        scripts = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
        environment = os.environ | {"PYTHONPATH": str(scripts), "NO_PROXY": "127.0.0.1"}
        process = subprocess.Popen([sys.executable, "-c", code, address, str(target)], env=environment)
        try:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                head = b'HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\nETag: "one"\r\n\r\n'
                connection.sendall(head + CONTENT[:half])
                part = target.with_name("data.bin.part")
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline and not (part.exists() and part.stat().st_size):
                    time.sleep(0.02)
                process.send_signal(signal.SIGKILL)
                process.wait()
        finally:
            process.kill()
    kept = part.stat().st_size
    assert 0 < kept <= half
    download(server.url + "/data.bin", target)  # without a checksum: the ETag alone vouches for the part
    assert server.requests[0].headers["range"] == f"bytes={kept}-"
    assert target.read_bytes() == CONTENT


def test_changed_file_is_not_glued(server: Server, target: Path) -> None:
    server.cuts = [1_200_000, 0]
    with pytest.raises(PromptsegError):
        download(server.url + "/data.bin", target, attempts=1, pause=0)
    server.files["/data.bin"], server.etag = OTHER, '"two"'
    download(server.url + "/data.bin", target)
    assert server.requests[-1].headers["if-range"] == '"one"'
    assert target.read_bytes() == OTHER


def test_changed_file_on_a_server_that_ignores_if_range(server: Server, target: Path) -> None:
    server.heeds_if_range = False
    server.cuts = [1_200_000, 0]
    with pytest.raises(PromptsegError):
        download(server.url + "/data.bin", target, attempts=1, pause=0)
    server.files["/data.bin"], server.etag = OTHER, '"two"'
    download(server.url + "/data.bin", target, pause=0)
    assert target.read_bytes() == OTHER


def test_last_modified_where_the_etag_is_weak(server: Server, target: Path) -> None:
    server.etag, server.last_modified = 'W/"one"', "Wed, 01 Jan 2025 00:00:00 GMT"
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, pause=0)
    assert server.requests[1].headers["if-range"] == "Wed, 01 Jan 2025 00:00:00 GMT"
    assert target.read_bytes() == CONTENT


def test_without_validator_and_checksum_it_starts_again(server: Server, target: Path) -> None:
    server.etag = None
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, pause=0)
    assert "range" not in server.requests[1].headers
    assert target.read_bytes() == CONTENT


def test_without_validator_the_checksum_allows_to_go_on(server: Server, target: Path) -> None:
    server.etag = None
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, checksum=SHA256, pause=0)
    assert server.requests[1].headers["range"] == "bytes=1200000-"
    assert "if-range" not in server.requests[1].headers
    assert target.read_bytes() == CONTENT


def test_server_without_ranges(server: Server, target: Path) -> None:
    server.ranges = False
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, checksum=SHA256, pause=0)
    assert server.requests[1].headers["range"] == "bytes=1200000-"
    assert target.read_bytes() == CONTENT


def test_a_server_that_always_cuts_early_ends(server: Server, target: Path) -> None:
    server.ranges = False
    server.cuts = [1_000_000] * 20
    with pytest.raises(PromptsegError, match="broke off"):
        download(server.url + "/data.bin", target, attempts=3, pause=0)
    assert len(server.requests) == 4


def test_complete_part_is_answered_416(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(CONTENT)
    download(server.url + "/data.bin", target, checksum=SHA256)
    assert [request.headers.get("range") for request in server.requests] == ["bytes=3000000-"]
    assert target.read_bytes() == CONTENT


def test_complete_part_of_known_size_needs_no_request(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(CONTENT)
    download(server.url + "/data.bin", target, checksum=SHA256, size=3_000_000)
    assert server.requests == []
    assert leftovers(target) == ["data.bin"]


def test_part_longer_than_the_file(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(OTHER + b"more")
    download(server.url + "/data.bin", target, checksum=SHA256, pause=0)
    assert [request.headers.get("range") for request in server.requests] == ["bytes=3000004-", None]
    assert target.read_bytes() == CONTENT


def test_wrong_checksum_deletes_the_part(server: Server, target: Path) -> None:
    server.files["/data.bin"] = OTHER
    with pytest.raises(PromptsegError) as caught:
        download(server.url + "/data.bin?token=hidden", target, checksum=SHA256)
    text = str(caught.value)
    for expected in (SHA256.value, hashlib.sha256(OTHER).hexdigest(), server.url + "/data.bin", str(target)):
        assert expected in text
    assert "hidden" not in text
    assert leftovers(target) == []


def test_wrong_part_heals_on_the_next_run(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(OTHER[:1000])
    with pytest.raises(PromptsegError, match="deleted"):
        download(server.url + "/data.bin", target, checksum=SHA256)
    download(server.url + "/data.bin", target, checksum=SHA256)
    assert target.read_bytes() == CONTENT


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
    download(server.url + "/data.bin", target, checksum=SHA256)
    assert target.read_bytes() == CONTENT


def test_not_found_is_not_tried_again(server: Server, target: Path) -> None:
    with pytest.raises(PromptsegError, match=r"404 Not Found.*put the file by hand at"):
        download(server.url + "/absent.bin", target, pause=0)
    assert len(server.requests) == 1


def test_busy_server_is_tried_again(server: Server, target: Path) -> None:
    server.statuses = [503, 429]
    download(server.url + "/data.bin", target, checksum=SHA256, pause=0)
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
    with pytest.raises(PromptsegError, match="trusted certificates"):
        download(server.url.replace("http", "https") + "/data.bin", target, verify=str(target.parent / "ca.pem"))


def test_credentials_are_used_but_never_shown(
    server: Server, target: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.account = ("me", "geheim")
    server.cuts = [10, 10, 10]
    with caplog.at_level(logging.INFO):
        download(f"http://me:geheim@{server.host}/data.bin?token=hidden", target, checksum=SHA256, pause=0)
        download(f"{server.url}/data.bin", target.with_name("b"), auth=("me", "geheim"))
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
        download(other.url + "/data.bin", target, auth=("me", "geheim"))
    assert "authorization" in other.requests[0].headers
    assert "authorization" not in server.requests[0].headers
    assert target.read_bytes() == CONTENT


def test_file_that_is_there_needs_no_network(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    download("http://nowhere.invalid/data.bin", target, checksum=SHA256, size=3_000_000)
    with pytest.raises(PromptsegError, match="found 3000000"):
        download("http://nowhere.invalid/data.bin", target, checksum=SHA256, size=1)
    target.write_bytes(OTHER)
    with pytest.raises(PromptsegError, match="Delete or replace it"):
        download("http://nowhere.invalid/data.bin", target, checksum=SHA256)
    assert target.read_bytes() == OTHER


def test_folder_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    (tmp_path / "archives").write_text("a file")
    with pytest.raises(PromptsegError, match="cannot be written"):
        download(server.url + "/data.bin", tmp_path / "archives" / "data.bin")


def test_progress_is_logged_without_a_terminal(
    server: Server, target: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptseg.download.transfer.LOG_EVERY", 0.0)
    with caplog.at_level(logging.INFO):
        download(server.url + "/data.bin", target)
    assert "data.bin: 1 of 3 MB" in caplog.text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host.org/a/b.zip", "https://host.org/a/b.zip"),
        ("https://me:pw@host.org:8443/a?x=1#f", "https://host.org:8443/a?..."),
        ("https://token@host.org/a", "https://host.org/a"),
        ("https://a:b@c@host.org/a", "https://host.org/a"),
        ("http://[1/a", "(an address that cannot be read)"),
    ],
)
def test_redact(url: str, expected: str) -> None:
    assert redact(url) == expected


def test_file_name() -> None:
    assert file_name("https://host.org/a/b%20c.zip?download=1") == "b c.zip"
    for url in ("https://host.org/", "https://host.org", "https://host.org/a/..", "https://host.org/a/"):
        with pytest.raises(PromptsegError, match="add the key `file`"):
            file_name(url)


def test_checksum_from_mapping() -> None:
    md5, sha256 = "a" * 32, "B" * 64
    assert Checksum.from_mapping({"md5": md5, "sha256": sha256}) == Checksum("sha256", sha256)
    assert Checksum.from_mapping({"md5": md5}) == Checksum("md5", md5)
    assert Checksum.from_mapping({"url": "x", "sha256": None}) is None
    with pytest.raises(PromptsegError, match="no checksum"):
        Checksum.from_mapping({"md5": "12"})
    with pytest.raises(PromptsegError, match="no checksum"):
        Checksum("crc32", "00000000")
