"""Archives and loose files in a drop folder."""

import io
import tarfile
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.collect import collect
from promptseg.download.dropfolder import DropFolder, own_files
from support.packed import zip_bytes
from support.sources import (
    make_files,
    manual,
)


def test_archives_in_the_drop_folder(tmp_path: Path) -> None:
    """They count as what they hold; what was unpacked beside them is taken from there."""
    raw = tmp_path / "raw"
    make_files(raw, "site A/Case1.nii", "batch 2/2/Case2.nii")
    (raw / "site A.zip").write_bytes(zip_bytes({"site A/Case1.nii": b"-", "site A/Case3.nii": b"3"}))
    (raw / "batch 2.zip").write_bytes(zip_bytes({"2/Case2.nii": b"-"}))
    (raw / "site B").mkdir()
    with tarfile.open(raw / "site B" / "b.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("Case1.nii")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"44"))
    files = collect("d", [manual()], ["*Case*.nii"], {}, raw)
    assert files[["name", "bytes"]].values.tolist() == [
        ["batch 2/2/Case2.nii", 19],
        ["site A/Case1.nii", 16],
        ["site A/Case3.nii", 1],
        ["site B/Case1.nii", 2],
    ]
    assert [name for name, _ in own_files([manual()], ["*Case*.nii"], raw)] == [
        "batch 2.zip",
        "batch 2/2/Case2.nii",
        "site A.zip",
        "site A/Case1.nii",
        "site B/b.tar.gz",
    ]


def test_what_is_missing_in_the_drop_folder(tmp_path: Path) -> None:
    drop = tmp_path / "raw"
    assert DropFolder(drop).missing(["*.nii"]) == ["*.nii"]
    make_files(drop, "a.nii.part", "files.csv", "downloads.csv", "unpacked/a.nii", ".download/a.nii")
    assert DropFolder(drop).missing(["*.nii"]) == ["*.nii"]
    (drop / "broken.zip").write_bytes(b"PK")
    assert DropFolder(drop).missing(["*.nii", "*.csv"]) == ["*.nii", "*.csv"]
    (drop / "whole.zip").write_bytes(zip_bytes({"x/a.nii": b""}))
    assert DropFolder(drop).missing(["x/*.nii", "*.csv"]) == ["*.csv"]
    assert DropFolder(drop).missing(["*.png"], ["*.nii"]) == []
    assert DropFolder(drop).missing(["*.png"], ["*.zip"]) == ["*.png"]
    (drop / "any.tar").write_bytes(b"")
    assert DropFolder(drop).missing(["*.csv"]) == []
    with pytest.raises(PromptsegError, match=r"broken\.zip is damaged or incomplete"):
        collect("d", [manual()], ["*.nii"], {}, drop)
    for name in ("broken.zip", "any.tar", "whole.zip"):
        (drop / name).unlink()
    with tarfile.open(drop / "other.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("readme.txt"))
    with pytest.raises(PromptsegError, match=r"(?s)The dataset d has to be fetched by hand.*missing there: \*\.nii"):
        collect("d", [manual()], ["*.txt"], {}, drop)
    assert not (drop / "unpacked" / "readme.txt").exists()


def test_own_files_of_a_folder(tmp_path: Path) -> None:
    make_files(tmp_path / "mine", "a/images/1.png", "a/masks/1.png", "notes.txt")
    source = {"kind": "folder", "path": str(tmp_path / "mine")}
    assert own_files([source], ["*images/*", "*masks/*"], tmp_path) == [
        ("a/images/1.png", f"{tmp_path}/mine/a/images/1.png"),
        ("a/masks/1.png", f"{tmp_path}/mine/a/masks/1.png"),
    ]
    assert own_files([source | {"path": "nowhere"}], ["*"], tmp_path) == []
    tcia = manual(kind="tcia", files=["*.dcm"])
    make_files(tmp_path / "raw", "1.dcm", "1.nrrd", "x.zip")
    assert own_files([tcia, manual(files=["*.nrrd"])], ["*"], tmp_path / "raw") == [
        ("1.nrrd", f"{tmp_path}/raw/1.nrrd")
    ]
    assert own_files([tcia], ["*"], tmp_path / "raw") == []


def test_braces_in_the_name_of_a_folder(tmp_path: Path) -> None:
    image = tmp_path / "data {v2}" / "images" / "{a}.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    source = {"kind": "folder", "path": str(tmp_path / "data {v2}")}
    assert own_files([source], ["images/*"], tmp_path / "raw") == [("images/{a}.png", str(image))]
