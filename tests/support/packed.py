"""Archives, made in a test, and what came out of them."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.unpack import Packed, unpack

FILES = {
    "set/images/a.nii.gz": b"image a" * 1000,
    "set/images/b.nii.gz": b"image b" * 1000,
    "set/labels/a.nii.gz": b"label a",
    "set/README": b"read me",
    "set/images/._a.nii.gz": b"junk",
    "__MACOSX/set/images/a.nii.gz": b"junk",
}
ALL_KINDS = pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz"])


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    """A zip archive with an empty folder and the files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes], *special: tarfile.TarInfo) -> Path:
    """A tar archive, compressed as its name says, with an empty folder, the files, and special members."""
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


def make_archive(path: Path, files: dict[str, bytes]) -> Path:
    """A zip or tar archive, as its name says."""
    return make_zip(path, files) if path.suffix == ".zip" else make_tar(path, files)


def zip_bytes(files: dict[str, bytes]) -> bytes:
    """A zip archive of the files alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder by their relative posix name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(archive: Path, tmp_path: Path, keep: list[str], match: str, **options: Any) -> None:
    """Unpacking fails with the error, and nothing at all is left of it."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PromptsegError, match=match) as caught:
        unpack([Packed(archive)], tmp_path / "unpacked", keep, **options)
    assert str(archive) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before
