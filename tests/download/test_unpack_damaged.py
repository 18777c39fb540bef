"""Archives that are damaged."""

import bz2
import gzip
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from promptseg.download.unpack import Packed, unpack
from support.packed import ALL_KINDS, assert_refused, contents, make_archive, make_tar, make_zip


@ALL_KINDS
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.95])
def test_truncated(part: float, name: str, tmp_path: Path) -> None:
    files = {f"set/{index}.nii.gz": random.Random(index).randbytes(50_000) for index in range(5)}
    archive = make_archive(tmp_path / name, files)
    content = archive.read_bytes()
    archive.write_bytes(content[: int(part * len(content))])
    assert_refused(archive, tmp_path, ["*"], r"damaged or incomplete.*Delete it and run again")


def test_tar_that_ends_between_two_members(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"set/a": bytes(512), "set/b": bytes(512)})
    archive.write_bytes(archive.read_bytes()[: 3 * 512])  # the folder's header, and the first member
    assert_refused(archive, tmp_path, ["*"], "damaged or incomplete")


def test_tar_with_a_damaged_header(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"set/a": bytes(512), "set/b": bytes(512)})
    content = bytearray(archive.read_bytes())
    content[3 * 512 + 10] ^= 0xFF
    archive.write_bytes(content)
    assert_refused(archive, tmp_path, ["*"], "damaged or incomplete")


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar.bz2", "x.tar.xz"])
def test_one_byte_changed(name: str, tmp_path: Path) -> None:
    noise = b"".join(index.to_bytes(4, "big") for index in range(5000))
    archive = make_archive(tmp_path / name, {"set/a": noise})
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0x10
    archive.write_bytes(content)
    assert_refused(archive, tmp_path, ["*"], "damaged or incomplete")


COMPRESSORS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("x.tar", bytes),
    ("x.tar.gz", gzip.compress),
    ("x.tar.bz2", bz2.compress),
    ("x.tar.xz", lzma.compress),
    ("x.zip", bytes),
]


@pytest.mark.parametrize(("name", "compress"), COMPRESSORS)
def test_page_in_place_of_an_archive(name: str, compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    archive = tmp_path / name
    archive.write_bytes(compress(b"<!DOCTYPE html><html><body>Please log in</body></html>" * 20))
    assert_refused(archive, tmp_path, ["*"], "damaged or incomplete")


def damaged_zip(path: Path, *names: str) -> Path:
    """Four stored members, of which those named have one wrong byte."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in "abcd":
            archive.writestr(f"set/{name}.dcm", f"content of {name}")
    content = path.read_bytes()
    for name in names:
        assert content.count(f"content of {name}".encode()) == 1
        content = content.replace(f"content of {name}".encode(), f"cOntent of {name}".encode())
    path.write_bytes(content)
    return path


def test_damaged_member_of_a_zip_costs_its_file_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive = damaged_zip(tmp_path / "x.zip", "b", "d")
    damaged = unpack([Packed(archive)], tmp_path / "unpacked", ["*"])
    assert damaged == {archive: ["set/b.dcm", "set/d.dcm"]}
    assert contents(tmp_path / "unpacked") == {
        "set/a.dcm": b"content of a",
        "set/b.dcm": b"",
        "set/c.dcm": b"content of c",
        "set/d.dcm": b"",
    }
    assert "set/b.dcm is damaged (Bad CRC-32 for file 'set/b.dcm')" in caplog.text
    assert unpack([Packed(archive)], tmp_path / "unpacked", ["*/[ac].*"]) == {}


def test_zip_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    assert_refused(
        damaged_zip(tmp_path / "x.zip", *"abcd"), tmp_path, ["*"], "damaged or incomplete.*no file in it can be read"
    )


def test_zip_with_a_password(tmp_path: Path) -> None:
    content = bytearray(make_zip(tmp_path / "x.zip", {"a": b"a"}).read_bytes())
    central = content.rindex(b"PK\x01\x02")  # of the member a
    local = content.rindex(b"PK\x03\x04")
    content[central + 8] |= 1
    content[local + 6] |= 1
    (tmp_path / "x.zip").write_bytes(content)
    assert_refused(tmp_path / "x.zip", tmp_path, ["a"], "needs a password")
