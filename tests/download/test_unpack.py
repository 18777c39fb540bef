"""What comes out of archives, and what does not."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.archives import require_matches
from promptseg.download.unpack import Packed, unpack
from support.packed import ALL_KINDS, FILES, assert_refused, contents, make_archive, make_tar, make_zip, zip_bytes


@ALL_KINDS
def test_only_wanted_members_and_no_junk(name: str, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / name, FILES)
    unpack([Packed(archive)], tmp_path / "unpacked", ["*.nii.gz"])
    wanted = ("set/images/a.nii.gz", "set/images/b.nii.gz", "set/labels/a.nii.gz")
    assert contents(tmp_path / "unpacked") == {name: FILES[name] for name in wanted}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "unpacked"])


@ALL_KINDS
def test_unpacking_again_replaces_the_folder(name: str, tmp_path: Path) -> None:
    archive = make_archive(tmp_path / name, FILES)
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/labels/*"])
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/READM?"])
    assert contents(tmp_path / "unpacked") == {"set/README": b"read me"}


def test_names_with_a_leading_dot_slash(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "x.tar", {"./set/a": b"a"})
    unpack([Packed(archive)], tmp_path / "unpacked", ["set/a"])
    assert contents(tmp_path / "unpacked") == {"set/a": b"a"}


@ALL_KINDS
def test_pattern_without_a_file(name: str, tmp_path: Path) -> None:
    """The check of the caller sees the names of all members, before anything appears."""
    archive = make_archive(tmp_path / name, FILES)
    patterns = ["*.nii.gz", "*/masks/*"]

    def check(names: Sequence[str]) -> None:
        require_matches(names, patterns, str(archive))

    assert_refused(archive, tmp_path, patterns, r"\*/masks/\*.*set/README, set/images/a.nii.gz", check=check)


def test_upper_and_lower_case_differ(tmp_path: Path) -> None:
    unpack([Packed(make_zip(tmp_path / "x.zip", FILES))], tmp_path / "unpacked", ["set/readme"])
    assert contents(tmp_path / "unpacked") == {}


@ALL_KINDS
def test_archive_in_an_archive(name: str, tmp_path: Path) -> None:
    inner = zip_bytes({"P/1.png": b"1", "P/1.txt": b"-", "P/._1.png": b"junk"})
    archive = make_archive(tmp_path / name, {"set/data.zip": inner, "set/other.zip": inner, "set/2.png": b"2"})
    seen: list[str] = []
    unpack([Packed(archive, inner=["*data.zip"])], tmp_path / "unpacked", ["*.png"], seen.extend)
    assert contents(tmp_path / "unpacked") == {"set/data.zip/P/1.png": b"1", "set/2.png": b"2"}
    assert sorted(seen) == ["set/2.png", "set/data.zip/P/1.png", "set/data.zip/P/1.txt", "set/other.zip"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "unpacked"])


def test_several_archives(tmp_path: Path) -> None:
    one, two = (
        make_zip(tmp_path / "1.zip", {"a.nii": b"1"}),
        make_tar(tmp_path / "2.tar", {"a.nii": b"2", "b.nii": b"3"}),
    )
    unpack([Packed(one, "x/"), Packed(two, "y/", there={"y/b.nii"})], tmp_path / "unpacked", ["*.nii"])
    assert contents(tmp_path / "unpacked") == {"x/a.nii": b"1", "y/a.nii": b"2"}
    with pytest.raises(PromptsegError, match=r"a\.nii is in .*1\.zip and in .*2\.tar: a name must be that of one file"):
        unpack([Packed(one), Packed(two)], tmp_path / "unpacked", ["*"])
    with pytest.raises(PromptsegError, match=r"2\.tar would unpack to more than"):
        unpack([Packed(one, "x/"), Packed(two)], tmp_path / "unpacked", ["*"], limit=2)
