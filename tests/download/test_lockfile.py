"""The checksums that nobody states: recorded once, held to, safe with many at once."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import yaml

from promptseg.core.errors import PromptsegError
from promptseg.download.lockfile import LockFile


def test_what_is_recorded(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "config" / "datasets.lock.yaml")
    assert lock.checksum("b.zip") is None
    for name in ("b.zip", "a.zip"):
        (tmp_path / name).write_bytes(name.encode())
        lock.record(name, tmp_path / name, f"https://host.org/{name}")
    text = lock.path.read_text()
    assert text.startswith("# Archives of datasets whose publisher states no checksum")
    entries = yaml.safe_load(text)
    assert list(entries) == ["a.zip", "b.zip"]
    assert entries["a.zip"] == {
        "sha256": hashlib.sha256(b"a.zip").hexdigest(),
        "bytes": 5,
        "url": "https://host.org/a.zip",
        "date": date.today().isoformat(),
    }
    checksum = lock.checksum("a.zip")
    assert checksum is not None
    assert checksum.verify(tmp_path / "a.zip") is None
    wrong = str(checksum.verify(tmp_path / "b.zip"))
    assert f"in {lock.path}; to accept a changed file, delete the entry 'a.zip' there" in wrong


def test_the_first_one_stays(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock.yaml")
    for content in (b"first", b"second"):
        (tmp_path / "a.zip").write_bytes(content)
        lock.record("a.zip", tmp_path / "a.zip", "x")
    checksum = lock.checksum("a.zip")
    assert checksum is not None
    assert checksum.value == hashlib.sha256(b"first").hexdigest()


def test_many_at_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    names = [f"{index:02}.zip" for index in range(30)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: LockFile(tmp_path / "lock.yaml").record(name, file, "x"), names))
    assert list(yaml.safe_load((tmp_path / "lock.yaml").read_text())) == names


@pytest.mark.parametrize("content", ["a: [", "- a", "a.zip: 3", "a.zip: {sha256: x}"])
def test_damaged(content: str, tmp_path: Path) -> None:
    (tmp_path / "lock.yaml").write_text(content)
    with pytest.raises(PromptsegError, match="is damaged: repair it, or delete it"):
        LockFile(tmp_path / "lock.yaml").checksum("a.zip")
    assert (tmp_path / "lock.yaml").read_text() == content
