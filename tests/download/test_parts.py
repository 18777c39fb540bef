"""Weights from a 7z archive that is published in parts."""

import hashlib
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.weights import fetch_weights
from support.served import WEIGHTS, WEIGHTS_SHA256
from support.servers import Server


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
    members = {"../../evil": b"e", "run.sh": b"e", "w.pth": WEIGHTS, "/evil": b"e"}
    checkpoint = in_parts(server, seven_zip(members, tmp_path), count=1)
    target = tmp_path / "deep" / "weights" / "m.pth"
    fetch_weights("m", checkpoint, target)
    assert target.read_bytes() == WEIGHTS
    assert [path for path in (tmp_path / "deep").rglob("*") if path.is_file()] == [target]


def test_implausibly_large_file(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("promptseg.download.parts._LIMIT", 999)
    checkpoint = in_parts(server, seven_zip({"w.pth": bytes(1000)}, tmp_path))
    with pytest.raises(PromptsegError, match="plausible size"):
        fetch_weights("m", checkpoint, tmp_path / "m.pth")


def test_file_of_the_archive_is_checked(server: Server, tmp_path: Path) -> None:
    checkpoint = in_parts(server, seven_zip({"w.pth": WEIGHTS}, tmp_path)) | {"sha256": "0" * 64}
    with pytest.raises(PromptsegError, match=rf"w.pth in the archive .*expected sha256 000.*found {WEIGHTS_SHA256}"):
        fetch_weights("m", checkpoint, tmp_path / "m.pth")
    assert not (tmp_path / "m.pth").exists()


def test_damaged_archive(server: Server, tmp_path: Path) -> None:
    """Any byte of it may be wrong: the right file, or one clear error and no file."""
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
