"""The checksums that nobody states: recorded once, held to, safe with many at once."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import yaml

from promptseg.core.errors import PromptsegError
from promptseg.download.collect import collect
from promptseg.download.fetch import fetch_archive
from promptseg.download.lockfile import LockFile
from support.packed import zip_bytes
from support.servers import Server
from support.sources import index_server, make_files, manual, sha256


def test_what_is_recorded(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "config" / "datasets.lock.yaml")
    assert lock.checksum("b.zip") is None
    for name in ("b.zip", "a.zip"):
        (tmp_path / name).write_bytes(name.encode())
        lock.record(name, tmp_path / name, f"https://host.org/{name}", sha256(name.encode()))
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
        lock.record("a.zip", tmp_path / "a.zip", "x", sha256(content))
    checksum = lock.checksum("a.zip")
    assert checksum is not None
    assert checksum.value == hashlib.sha256(b"first").hexdigest()


def test_many_at_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    names = [f"{index:02}.zip" for index in range(30)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: LockFile(tmp_path / "lock.yaml").record(name, file, "x", sha256(b"x")), names))
    assert list(yaml.safe_load((tmp_path / "lock.yaml").read_text())) == names


@pytest.mark.parametrize("content", ["a: [", "- a", "a.zip: 3", "a.zip: {sha256: x}"])
def test_damaged(content: str, tmp_path: Path) -> None:
    (tmp_path / "lock.yaml").write_text(content)
    with pytest.raises(PromptsegError, match="is damaged: repair it, or delete it"):
        LockFile(tmp_path / "lock.yaml").checksum("a.zip")
    assert (tmp_path / "lock.yaml").read_text() == content


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with index_server(monkeypatch) as running:
        yield running


def test_archives_without_a_checksum_are_held_to_the_first_one(server: Server, tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock.yaml")
    source = {"kind": "http", "url": server.url + "/a.zip?token=hidden"}
    archive = tmp_path / "a.zip"
    server.files["/a.zip"] = zip_bytes({"1.nii": b"1"})
    fetch_archive(source, archive, lock)
    assert not lock.path.exists()
    collect("d", [source], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    assert f"url: {server.url}/a.zip?...\n" in lock.path.read_text()
    archive.unlink()
    server.files["/a.zip"] = zip_bytes({"1.nii": b"changed"})
    with pytest.raises(PromptsegError, match=r"lock\.yaml; to accept a changed file, delete the entry 'a\.zip' there"):
        fetch_archive(source, archive, lock)
    archive.write_bytes(server.files["/a.zip"])
    with pytest.raises(PromptsegError, match=r"a\.zip is not the file it should be.*lock\.yaml"):
        collect("d", [source], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    lock.path.unlink()
    collect("d", [source], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    stated = source | {"sha256": sha256(server.files["/a.zip"])}
    lock.path.unlink()
    collect("d", [stated], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    assert not lock.path.exists()


def test_hand_placed_archives_are_recorded_but_not_damaged_ones(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock.yaml")
    raw = tmp_path / "raw"
    make_files(raw, "loose.nii")
    content = zip_bytes({"1.nii": b"one", "2.nii": b"two"})
    (raw / "a.zip").write_bytes(content.replace(b"one", b"oNe"))
    files = collect("d", [manual()], ["*.nii"], {}, raw, lock)
    assert files[["name", "bytes"]].values.tolist() == [["1.nii", 0], ["2.nii", 3], ["loose.nii", 9]]
    assert not lock.path.exists()
    (raw / "a.zip").write_bytes(content)
    collect("d", [manual()], ["*.nii"], {}, raw, lock)
    checksum = lock.checksum("d/a.zip")
    assert checksum is not None
    assert checksum.value == sha256(content)


def test_a_folder_that_cannot_be_written_is_said_and_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config").write_text("no folder")
    file = tmp_path / "a.zip"
    file.write_bytes(b"a")
    LockFile(tmp_path / "config" / "datasets.lock.yaml").record("a.zip", file, "https://host.org/a.zip", sha256(b"a"))
    assert "a.zip is not recorded, so that a later change of it will not be seen:" in caplog.text
