"""Archives that are not to be trusted."""

import shutil
import stat
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.unpack import Packed, unpack
from support.packed import ALL_KINDS, FILES, assert_refused, contents, make_archive, make_tar, make_zip, zip_bytes


@ALL_KINDS
@pytest.mark.parametrize(
    "evil", ["../evil", "set/../../evil", "/evil", "C:/evil", "c:evil", "set\\..\\..\\evil", "\\evil", "set/.."]
)
def test_names_that_lead_out(evil: str, name: str, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / name, {"set/good": b"good", evil: b"evil"})
    # The whole archive is refused, also where the evil member is not wanted.
    assert_refused(archive, tmp_path, ["set/good"], "suspicious")
    assert_refused(archive, tmp_path, ["*"], "suspicious")
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
    assert_refused(archive, tmp_path, ["*.nii.gz"], r"'set/link.nii.gz' is suspicious.*link or a device")
    unpack([Packed(archive)], tmp_path / "unpacked", ["*/good.*"])  # not wanted, so not looked at
    assert contents(tmp_path / "unpacked") == {"set/good.nii.gz": b"good"}


def test_link_in_a_zip(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("set/link.nii.gz")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("set/good.nii.gz", b"good")
        archive.writestr(link, "/etc/passwd")
    assert_refused(tmp_path / "x.zip", tmp_path, ["*.nii.gz"], r"'set/link.nii.gz' is suspicious")


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
    assert_refused(tmp_path / "x.tar", tmp_path, ["*"], "same name")


@ALL_KINDS
def test_limit_of_the_unpacked_size(name: str, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / name, {"a": bytes(600_000), "b": bytes(400_000)})
    assert_refused(archive, tmp_path, ["*"], "would unpack to more than 0.000999999 GB", limit=999_999)
    unpack([Packed(archive)], tmp_path / "unpacked", ["*"], limit=1_000_000)
    assert (tmp_path / "unpacked" / "b").stat().st_size == 400_000


def test_size_that_the_zip_understates(tmp_path: Path) -> None:
    content = make_zip(tmp_path / "x.zip", {"a": bytes(10_000_000)}).read_bytes()
    real, stated = (10_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert content.count(real) == 2
    (tmp_path / "x.zip").write_bytes(content.replace(real, stated))
    assert_refused(tmp_path / "x.zip", tmp_path, ["*"], "damaged or incomplete", limit=5000)


def test_inner_archives_are_as_little_trusted(tmp_path: Path) -> None:
    outer = tmp_path / "x.zip"
    for content, match in (
        (zip_bytes({"../evil": b""}), "suspicious"),
        (zip_bytes({"a": bytes(2000)}), "would unpack to more than"),
        (zip_bytes({"a": b"a"})[:-10], "damaged or incomplete"),
    ):
        outer.write_bytes(zip_bytes({"inner.zip": content}))
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(PromptsegError, match=match):
            unpack([Packed(outer, inner=["*.zip"])], tmp_path / "unpacked", ["*"], limit=3000)
        assert sorted(tmp_path.rglob("*")) == before


def test_archives_that_never_end(tmp_path: Path) -> None:
    content = zip_bytes({"a": b"a"})
    for _ in range(5):
        content = zip_bytes({"inner.zip": content})
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(PromptsegError, match="more than 3 deep"):
        unpack([Packed(tmp_path / "x.zip", inner=["*.zip"])], tmp_path / "unpacked", ["*"])


@ALL_KINDS
def test_an_archive_that_holds_far_more_than_its_size(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zeros are packed a thousand times as small; here a tenth of a MB stands for the GB that always may be."""
    monkeypatch.setattr("promptseg.download.unpack._ALWAYS", 10**5)
    monkeypatch.setattr("promptseg.download.unpack._TIMES", 20)
    zeros = {"a.nii": bytes(60_000), "b.nii": bytes(60_000)}
    archive = make_archive(tmp_path / name, zeros)
    if name == "x.tar":  # is not packed
        unpack([Packed(archive)], tmp_path / "unpacked", ["*"])
        return
    assert_refused(archive, tmp_path, ["*"], r"would unpack to more than 0\.0001 GB and to more than 20 times its size")
    unpack([Packed(archive)], tmp_path / "unpacked", ["a.nii"])  # what is not wanted does not count
    assert contents(tmp_path / "unpacked") == {"a.nii": zeros["a.nii"]}


def test_an_inner_archive_counts_as_what_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptseg.download.unpack._ALWAYS", 10**5)
    monkeypatch.setattr("promptseg.download.unpack._TIMES", 20)
    archive = make_zip(tmp_path / "x.zip", {"in.zip": zip_bytes({"a.nii": bytes(120_000)})})
    with pytest.raises(PromptsegError, match=r"x\.zip \(0\.0 MB\) would unpack to more than 0\.0001 GB"):
        unpack([Packed(archive, inner=["in.zip"])], tmp_path / "unpacked", ["*"])
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@ALL_KINDS
def test_a_disk_without_room(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written before it is known that it fits."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=6999))
    archive = make_archive(tmp_path / name, FILES)
    expected = r"No room to unpack .*: set/images/.\.nii\.gz takes 0\.0 MB, and 0\.0 MB are left at"
    assert_refused(archive, tmp_path, ["*.gz"], expected)
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/README"])
