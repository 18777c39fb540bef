"""The form of checksums, and the record of those that were checked."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError

FIRST = Checksum("sha256", hashlib.sha256(b"first").hexdigest())


def test_checksum_from_mapping() -> None:
    md5, sha256 = "a" * 32, "B" * 64
    assert Checksum.from_mapping({"md5": md5, "sha256": sha256}) == Checksum("sha256", sha256)
    assert Checksum.from_mapping({"md5": md5}) == Checksum("md5", md5)
    assert Checksum.from_mapping({"url": "x", "sha256": None}) is None
    with pytest.raises(PromptsegError, match="no checksum"):
        Checksum.from_mapping({"md5": "12"})
    with pytest.raises(PromptsegError, match="no checksum"):
        Checksum("crc32", "00000000")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file whose checksum was checked and kept."""
    path = tmp_path / "a.zip"
    path.write_bytes(b"first")
    FIRST.keep(path)
    return path


def read(path: Path, checksum: Checksum, caplog: pytest.LogCaptureFixture) -> tuple[bool, str | None]:
    """Whether the file was read, and what is wrong with it."""
    caplog.clear()
    with caplog.at_level("INFO"):
        wrong = checksum.verify_unless_kept(path)
    return "is as it was" not in caplog.text, wrong


def test_kept_checksum_saves_reading_the_file(kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read(kept, FIRST, caplog) == (False, None)
    os.utime(kept)  # as Snakemake does
    assert read(kept, FIRST, caplog) == (False, None)
    assert read(kept, replace(FIRST, value=FIRST.value.upper()), caplog) == (False, None)
    md5 = Checksum("md5", hashlib.md5(b"first").hexdigest())
    assert read(kept, md5, caplog) == (True, None)
    other = Checksum("sha256", "0" * 64)
    assert read(kept, other, caplog) == (True, f"expected sha256 {'0' * 64}, found {FIRST.value}")


def overwrite(path: Path) -> None:
    path.write_bytes(b"other")


def overwrite_and_set_the_time_back(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_a_file_of_the_same_time(path: Path) -> None:
    before = path.stat()
    new = path.with_name("new")
    new.write_bytes(b"other")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"!")


@pytest.mark.parametrize(
    "change", [overwrite, overwrite_and_set_the_time_back, replace_by_a_file_of_the_same_time, append]
)
def test_changed_file_is_read_again(
    change: Callable[[Path], None], kept: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptseg.core.checksums._GRACE", 0)  # instead of waiting for a minute
    assert read(kept, FIRST, caplog) == (False, None)
    time.sleep(0.02)  # the clock of a file system may tick every 10 ms
    change(kept)
    was_read, wrong = read(kept, FIRST, caplog)
    assert was_read
    assert f"expected sha256 {FIRST.value}, found " in str(wrong)


def test_copied_file_and_damaged_record(kept: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "copy").mkdir()
    subprocess.run(["cp", "-a", kept, kept.with_name(".a.zip.checked.json"), tmp_path / "copy"], check=True)
    assert read(tmp_path / "copy" / "a.zip", FIRST, caplog) == (True, None)
    (tmp_path / ".a.zip.checked.json").write_text("{")
    assert read(kept, FIRST, caplog) == (True, None)
    (tmp_path / ".a.zip.checked.json").unlink()
    assert read(kept, FIRST, caplog) == (True, None)
