"""The digest of a user's files depends on their names and bytes alone, and files are read once."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from promptseg.core import digests
from promptseg.download.contents import RECORD, contents
from support.sources import make_files, manual

NAMES = ["images/1.png", "images/2.png", "masks/1.png", "masks/2.png"]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of two pairs that were made a while ago."""
    make_files(tmp_path / "mine", *NAMES)
    return tmp_path / "mine"


def of(folder: Path) -> str:
    return contents([{"kind": "folder", "path": str(folder)}], ["images/*", "masks/*"], folder.parent / "raw")


def older(folder: Path) -> None:
    (folder / "masks/1.png").write_bytes(b"corrected")
    os.utime(folder / "masks/1.png", (1e9, 1e9))


def same_size_and_time(folder: Path) -> None:
    path = folder / "masks/1.png"
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def replaced_by_one_of_the_same_time(folder: Path) -> None:
    path = folder / "masks/1.png"
    before = path.stat()
    path.with_name("new").write_bytes(path.read_bytes()[::-1])
    os.utime(path.with_name("new"), ns=(before.st_atime_ns, before.st_mtime_ns))
    path.with_name("new").replace(path)


def renamed(folder: Path) -> None:
    (folder / "images/1.png").rename(folder / "images/3.png")


def exchanged(folder: Path) -> None:
    (folder / "images/1.png").rename(folder / "x")
    (folder / "images/2.png").rename(folder / "images/1.png")
    (folder / "x").rename(folder / "images/2.png")


def added(folder: Path) -> None:
    (folder / "images/3.png").touch()


def removed(folder: Path) -> None:
    (folder / "images/1.png").unlink()


def broken(folder: Path) -> None:
    (folder / "images/1.png").unlink()
    (folder / "images/1.png").symlink_to("nowhere")


def linked_elsewhere(folder: Path) -> None:
    (folder / "images/1.png").unlink()
    (folder / "images/1.png").symlink_to("2.png")


@pytest.mark.parametrize(
    "change",
    [
        older,
        same_size_and_time,
        replaced_by_one_of_the_same_time,
        renamed,
        exchanged,
        added,
        removed,
        broken,
        linked_elsewhere,
    ],
)
def test_what_changes_the_digest(mine: Path, change: Callable[[Path], None]) -> None:
    shutil.copytree(mine, mine.parent / "before")
    first = of(mine)
    change(mine)
    assert of(mine) not in (first, "")
    shutil.rmtree(mine)
    (mine.parent / "before").rename(mine)
    assert of(mine) == first


def test_what_does_not(mine: Path) -> None:
    first = of(mine)
    for time in (1e9, 4e9):
        for name in NAMES:
            os.utime(mine / name, (time, time))
        assert of(mine) == first
    shutil.copytree(mine, mine.parent / "copy")
    assert of(mine.parent / "copy") == first
    (mine / "notes.txt").touch()
    assert of(mine) == first


def test_files_without_content(mine: Path) -> None:
    """A link to nothing, to itself, a pipe, and a file that nobody may read stop nothing."""
    (mine / "images/3.png").symlink_to("3.png")
    os.mkfifo(mine / "images/4.png")
    first = of(mine)
    assert first
    (mine / "images/4.png").unlink()
    (mine / "images/4.png").write_bytes(b"4")
    assert of(mine) != first


def test_files_are_read_once(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine.parent / "raw").mkdir()
    read: list[str] = []
    real = digests.digest
    monkeypatch.setattr(
        digests, "digest", lambda path, algorithm: read.append(Path(path).name) or real(path, algorithm)
    )
    monkeypatch.setattr(digests, "_FRESH", -(10**12))  # as if they were made long ago
    first = of(mine)
    assert len(read) == 4
    assert of(mine) == first
    assert len(read) == 4
    os.utime(mine / "masks/1.png")
    assert of(mine) == first
    assert read[4:] == ["1.png"]
    record = mine.parent / "raw" / RECORD
    for damage in ("", "{", "[]", '{"sha256": {"a": 1}}', '{"sha256": []}', "\xff"):
        record.write_text(damage, encoding="latin-1")
        assert of(mine) == first
    assert len(read) == 5 + 6 * 4
    (mine / "masks/2.png").unlink()
    of(mine)
    os.utime(mine / "masks/1.png")
    of(mine)
    assert str(mine / "masks/2.png") not in json.loads(record.read_text())["sha256"]


def test_a_file_made_a_moment_ago_is_read_again(mine: Path) -> None:
    """Its times are too coarse to tell a second change by."""
    of(mine)
    assert json.loads((mine.parent / "raw" / RECORD).read_text()) == {"sha256": {}}


def test_nothing_of_ones_own(tmp_path: Path) -> None:
    assert of(tmp_path / "nowhere") == ""
    assert contents([manual()], ["*"], tmp_path / "raw") == ""
    assert not (tmp_path / "raw").exists()
