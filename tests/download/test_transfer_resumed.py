"""Downloads that go on where they stopped, from a server that breaks off or changes its file."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.transfer import download
from support.served import DATA, DATA_SHA256, OTHER
from support.servers import Server


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_goes_on_by_itself_after_a_cut(server: Server, target: Path) -> None:
    server.cuts = [1_200_000, 700_000]
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, pause=0)
    assert target.read_bytes() == DATA
    ranges = [(request.headers.get("range"), request.headers.get("if-range")) for request in server.requests]
    assert ranges == [(None, None), ("bytes=1200000-", '"one"'), ("bytes=1900000-", '"one"')]


def test_truncated_answer_keeps_the_part_for_the_next_run(server: Server, target: Path) -> None:
    server.cuts = [1_200_000, 0]
    with pytest.raises(PromptsegError, match=r"connection broke off.*1200000 bytes so far are kept") as caught:
        download(server.url + "/data.bin", target, checksum=DATA_SHA256, size=3_000_000, attempts=1, pause=0)
    assert str(target) in str(caught.value)
    assert leftovers(target) == ["data.bin.part", "data.bin.part.json"]
    assert target.with_name("data.bin.part").read_bytes() == DATA[:1_200_000]
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, size=3_000_000)
    assert server.requests[-1].headers["range"] == "bytes=1200000-"
    assert target.read_bytes() == DATA
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
                connection.sendall(head + DATA[:half])
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
    assert target.read_bytes() == DATA


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
    assert target.read_bytes() == DATA


def test_without_validator_and_checksum_it_starts_again(server: Server, target: Path) -> None:
    server.etag = None
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, pause=0)
    assert "range" not in server.requests[1].headers
    assert target.read_bytes() == DATA


def test_without_validator_the_checksum_allows_to_go_on(server: Server, target: Path) -> None:
    server.etag = None
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, pause=0)
    assert server.requests[1].headers["range"] == "bytes=1200000-"
    assert "if-range" not in server.requests[1].headers
    assert target.read_bytes() == DATA


def test_server_without_ranges(server: Server, target: Path) -> None:
    server.ranges = False
    server.cuts = [1_200_000]
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, pause=0)
    assert server.requests[1].headers["range"] == "bytes=1200000-"
    assert target.read_bytes() == DATA


def test_a_server_that_always_cuts_early_ends(server: Server, target: Path) -> None:
    server.ranges = False
    server.cuts = [1_000_000] * 20
    with pytest.raises(PromptsegError, match="broke off"):
        download(server.url + "/data.bin", target, attempts=3, pause=0)
    assert len(server.requests) == 4


def test_complete_part_is_answered_416(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(DATA)
    download(server.url + "/data.bin", target, checksum=DATA_SHA256)
    assert [request.headers.get("range") for request in server.requests] == ["bytes=3000000-"]
    assert target.read_bytes() == DATA


def test_complete_part_of_known_size_needs_no_request(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(DATA)
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, size=3_000_000)
    assert server.requests == []
    assert leftovers(target) == ["data.bin"]


def test_part_longer_than_the_file(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(OTHER + b"more")
    download(server.url + "/data.bin", target, checksum=DATA_SHA256, pause=0)
    assert [request.headers.get("range") for request in server.requests] == ["bytes=3000004-", None]
    assert target.read_bytes() == DATA
