"""Archives that are right, broken, or made to do harm."""

import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.archives import Packed, is_archive, is_junk, is_plain, require_matches, stem, unpack, zip_names

FILES = {
    "set/images/a.nii.gz": b"image a" * 1000,
    "set/images/b.nii.gz": b"image b" * 1000,
    "set/labels/a.nii.gz": b"label a",
    "set/README": b"read me",
    "set/images/._a.nii.gz": b"junk",
    "__MACOSX/set/images/a.nii.gz": b"junk",
}


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes], *special: tarfile.TarInfo) -> Path:
    mode: Any = {"tar": "w", "gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}[path.name.rpartition(".")[2]]
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("./set")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in special:
            archive.addfile(info)
    return path


def make(path: Path, files: dict[str, bytes]) -> Path:
    return make_zip(path, files) if path.suffix == ".zip" else make_tar(path, files)


def unpacked(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive: Path, tmp_path: Path, keep: list[str], match: str, **options: Any) -> None:
    """Unpacking fails with the error, and nothing at all is left of it."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PromptsegError, match=match) as caught:
        unpack([Packed(archive)], tmp_path / "unpacked", keep, **options)
    assert str(archive) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


ALL_KINDS = pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz"])


@ALL_KINDS
def test_only_wanted_members_and_no_junk(name: str, tmp_path: Path) -> None:
    archive = make(tmp_path / name, FILES)
    unpack([Packed(archive)], tmp_path / "unpacked", ["*.nii.gz"])
    wanted = ("set/images/a.nii.gz", "set/images/b.nii.gz", "set/labels/a.nii.gz")
    assert unpacked(tmp_path / "unpacked") == {name: FILES[name] for name in wanted}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "unpacked"])


@ALL_KINDS
def test_unpacking_again_replaces_the_folder(name: str, tmp_path: Path) -> None:
    archive = make(tmp_path / name, FILES)
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/labels/*"])
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/READM?"])
    assert unpacked(tmp_path / "unpacked") == {"set/README": b"read me"}


def test_names_with_a_leading_dot_slash(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"./set/a": b"a"})
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/a"])
    assert unpacked(tmp_path / "unpacked") == {"set/a": b"a"}


@ALL_KINDS
def test_pattern_without_a_file(name: str, tmp_path: Path) -> None:
    """The check of the caller sees the names of all members, before anything appears."""
    archive = make(tmp_path / name, FILES)
    patterns = ["*.nii.gz", "*/masks/*"]

    def check(names: Sequence[str]) -> None:
        require_matches(names, patterns, str(archive))

    refused(archive, tmp_path, patterns, r"\*/masks/\*.*set/README, set/images/a.nii.gz", check=check)


def test_upper_and_lower_case_differ(tmp_path: Path) -> None:
    unpack([Packed(make_zip(tmp_path / "x.zip", FILES))], tmp_path / "unpacked", ["set/readme"])
    assert unpacked(tmp_path / "unpacked") == {}


@ALL_KINDS
@pytest.mark.parametrize(
    "evil", ["../evil", "set/../../evil", "/evil", "C:/evil", "c:evil", "set\\..\\..\\evil", "\\evil", "set/.."]
)
def test_names_that_lead_out(evil: str, name: str, tmp_path: Path) -> None:
    archive = make(tmp_path / name, {"set/good": b"good", evil: b"evil"})
    # The whole archive is refused, also where the evil member is not wanted.
    refused(archive, tmp_path, ["set/good"], "suspicious")
    refused(archive, tmp_path, ["*"], "suspicious")
    assert not (tmp_path.parent / "evil").exists()


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo("set/link.nii.gz")
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize(
    "info",
    [
        special(tarfile.SYMTYPE, "../../outside"),
        special(tarfile.SYMTYPE, "good.nii.gz"),
        special(tarfile.LNKTYPE, "/etc/passwd"),
        special(tarfile.FIFOTYPE),
        special(tarfile.CHRTYPE),
        special(tarfile.BLKTYPE),
    ],
)
def test_links_and_devices_in_a_tar(info: tarfile.TarInfo, tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar.gz", {"set/good.nii.gz": b"good"}, info)
    refused(archive, tmp_path, ["*.nii.gz"], r"'set/link.nii.gz' is suspicious.*link or a device")
    unpack([Packed(archive)], tmp_path / "unpacked", ["*/good.*"])  # not wanted, so not looked at
    assert unpacked(tmp_path / "unpacked") == {"set/good.nii.gz": b"good"}


def test_link_in_a_zip(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("set/link.nii.gz")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("set/good.nii.gz", b"good")
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path / "x.zip", tmp_path, ["*.nii.gz"], r"'set/link.nii.gz' is suspicious")


def test_writing_through_a_link_to_a_folder(tmp_path: Path) -> None:
    link = tarfile.TarInfo("set")
    link.type = tarfile.SYMTYPE
    link.linkname = str(tmp_path)
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(link)
        info = tarfile.TarInfo("set/evil")
        archive.addfile(info)
    unpack([Packed(tmp_path / "x.tar")], tmp_path / "unpacked", ["set/*"])
    assert not (tmp_path / "evil").exists()
    assert (tmp_path / "unpacked" / "set" / "evil").is_file()
    assert not (tmp_path / "unpacked" / "set").is_symlink()


@pytest.mark.parametrize("names", [["set/a", "set/a"], ["set/a", "set/a/b"]])
def test_members_in_each_others_way(names: list[str], tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    refused(tmp_path / "x.tar", tmp_path, ["*"], "same name")


@ALL_KINDS
def test_limit_of_the_unpacked_size(name: str, tmp_path: Path) -> None:
    archive = make(tmp_path / name, {"a": bytes(600_000), "b": bytes(400_000)})
    refused(archive, tmp_path, ["*"], "would unpack to more than 0.000999999 GB", limit=999_999)
    unpack([Packed(archive)], tmp_path / "unpacked", ["*"], limit=1_000_000)
    assert (tmp_path / "unpacked" / "b").stat().st_size == 400_000


def test_size_that_the_zip_understates(tmp_path: Path) -> None:
    content = make_zip(tmp_path / "x.zip", {"a": bytes(10_000_000)}).read_bytes()
    real, stated = (10_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert content.count(real) == 2
    (tmp_path / "x.zip").write_bytes(content.replace(real, stated))
    refused(tmp_path / "x.zip", tmp_path, ["*"], "damaged or incomplete", limit=5000)


@ALL_KINDS
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.95])
def test_truncated(part: float, name: str, tmp_path: Path) -> None:
    files = {f"set/{index}.nii.gz": random.Random(index).randbytes(50_000) for index in range(5)}
    archive = make(tmp_path / name, files)
    content = archive.read_bytes()
    archive.write_bytes(content[: int(part * len(content))])
    refused(archive, tmp_path, ["*"], r"damaged or incomplete.*Delete it and run again")


def test_tar_that_ends_between_two_members(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"set/a": bytes(512), "set/b": bytes(512)})
    archive.write_bytes(archive.read_bytes()[: 3 * 512])  # the folder's header, and the first member
    refused(archive, tmp_path, ["*"], "damaged or incomplete")


def test_tar_with_a_damaged_header(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"set/a": bytes(512), "set/b": bytes(512)})
    content = bytearray(archive.read_bytes())
    content[3 * 512 + 10] ^= 0xFF
    archive.write_bytes(content)
    refused(archive, tmp_path, ["*"], "damaged or incomplete")


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar.bz2", "x.tar.xz"])
def test_one_byte_changed(name: str, tmp_path: Path) -> None:
    noise = b"".join(index.to_bytes(4, "big") for index in range(5000))
    archive = make(tmp_path / name, {"set/a": noise})
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0x10
    archive.write_bytes(content)
    refused(archive, tmp_path, ["*"], "damaged or incomplete")


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
    refused(archive, tmp_path, ["*"], "damaged or incomplete")


def test_zip_with_a_password(tmp_path: Path) -> None:
    content = bytearray(make_zip(tmp_path / "x.zip", {"a": b"a"}).read_bytes())
    central = content.rindex(b"PK\x01\x02")  # of the member a
    local = content.rindex(b"PK\x03\x04")
    content[central + 8] |= 1
    content[local + 6] |= 1
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", tmp_path, ["a"], "password required")


def test_kinds_of_names() -> None:
    assert all(is_archive(Path(name)) for name in ("a.zip", "A.ZIP", "a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.whl"))
    assert not any(is_archive(Path(name)) for name in ("a.nii.gz", "a.gz", "a.png", "zip", "a.nrrd"))
    assert is_junk("set/._a.nii.gz")
    assert is_junk("__MACOSX/a")
    assert is_junk("set/.DS_Store")
    assert not is_junk("set/a._b")


def test_plain_names() -> None:
    assert all(is_plain(name) for name in ("a/b.nii.gz", "a..b", "Ä b/c"))
    assert not any(is_plain(name) for name in ("../a", "a/../b", "/a", "C:a", "a\\b", "a\0"))
    assert [stem(Path(name)) for name in ("a.zip", "b.x.tar.gz", "c.tgz", "d.TAR", "e.png")] == [
        "a",
        "b.x",
        "c",
        "d",
        "e.png",
    ]


def test_names_in_a_zip(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "x.zip", {"set/a": b"a"})
    assert zip_names(archive, "site/") == ["site/set/a"]
    archive.write_bytes(archive.read_bytes()[:-30])
    assert zip_names(archive) == []
    assert zip_names(tmp_path / "no.zip") == []


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
    assert unpacked(tmp_path / "unpacked") == {
        "set/a.dcm": b"content of a",
        "set/b.dcm": b"",
        "set/c.dcm": b"content of c",
        "set/d.dcm": b"",
    }
    assert "set/b.dcm is damaged (Bad CRC-32 for file 'set/b.dcm')" in caplog.text
    assert unpack([Packed(archive)], tmp_path / "unpacked", ["*/[ac].*"]) == {}


def test_zip_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    refused(
        damaged_zip(tmp_path / "x.zip", *"abcd"), tmp_path, ["*"], "damaged or incomplete.*no file in it can be read"
    )


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@ALL_KINDS
def test_archive_in_an_archive(name: str, tmp_path: Path) -> None:
    inner = zipped({"P/1.png": b"1", "P/1.txt": b"-", "P/._1.png": b"junk"})
    archive = make(tmp_path / name, {"set/data.zip": inner, "set/other.zip": inner, "set/2.png": b"2"})
    seen: list[str] = []
    unpack([Packed(archive, inner=["*data.zip"])], tmp_path / "unpacked", ["*.png"], seen.extend)
    assert unpacked(tmp_path / "unpacked") == {"set/data.zip/P/1.png": b"1", "set/2.png": b"2"}
    assert sorted(seen) == ["set/2.png", "set/data.zip/P/1.png", "set/data.zip/P/1.txt", "set/other.zip"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "unpacked"])


def test_inner_archives_are_as_little_trusted(tmp_path: Path) -> None:
    outer = tmp_path / "x.zip"
    for content, match in (
        (zipped({"../evil": b""}), "suspicious"),
        (zipped({"a": bytes(2000)}), "would unpack to more than"),
        (zipped({"a": b"a"})[:-10], "damaged or incomplete"),
    ):
        outer.write_bytes(zipped({"inner.zip": content}))
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(PromptsegError, match=match):
            unpack([Packed(outer, inner=["*.zip"])], tmp_path / "unpacked", ["*"], limit=3000)
        assert sorted(tmp_path.rglob("*")) == before


def test_archives_that_never_end(tmp_path: Path) -> None:
    content = zipped({"a": b"a"})
    for _ in range(5):
        content = zipped({"inner.zip": content})
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(PromptsegError, match="more than 3 deep"):
        unpack([Packed(tmp_path / "x.zip", inner=["*.zip"])], tmp_path / "unpacked", ["*"])


def test_several_archives(tmp_path: Path) -> None:
    one, two = (
        make_zip(tmp_path / "1.zip", {"a.nii": b"1"}),
        make_tar(tmp_path / "2.tar", {"a.nii": b"2", "b.nii": b"3"}),
    )
    unpack([Packed(one, "x/"), Packed(two, "y/", there={"y/b.nii"})], tmp_path / "unpacked", ["*.nii"])
    assert unpacked(tmp_path / "unpacked") == {"x/a.nii": b"1", "y/a.nii": b"2"}
    with pytest.raises(PromptsegError, match=r"a\.nii is in .*1\.zip and in .*2\.tar: a name must be that of one file"):
        unpack([Packed(one), Packed(two)], tmp_path / "unpacked", ["*"])
    with pytest.raises(PromptsegError, match=r"2\.tar would unpack to more than"):
        unpack([Packed(one, "x/"), Packed(two)], tmp_path / "unpacked", ["*"], limit=2)
