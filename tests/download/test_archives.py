"""What the names of archives and of their members tell."""

from pathlib import Path

from promptseg.download.archives import is_archive, is_junk, is_plain, stem, zip_names
from support.packed import make_zip


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
