"""Which files are listed: what is left out, and the data files of headers, in folders and in archives."""

import io
import os
import tarfile
from pathlib import Path

import nrrd
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.collect import collect
from promptseg.download.contents import contents
from support.packed import zip_bytes
from support.sources import make_files, manual

DEFAULT = ["images/*.*", "masks/*.*"]


def write_pair(folder: Path, *, name: str = "a") -> None:
    """A NRRD header and its data file under images/ and masks/."""
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        nrrd.write(str(folder / kind / f"{name}.nhdr"), np.ones((2, 3, 4), np.uint8), {"encoding": "gzip"})


def listed(folder: Path, patterns: list[str] = DEFAULT) -> list[str]:
    source = {"kind": "folder", "path": str(folder)}
    return collect("d", [source], patterns, {}, folder.parent / "raw")["name"].tolist()


def test_side_cars_are_nobodys_case(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    images = ["images/a.nii.gz", "masks/a.nii.gz"]
    side_cars = [f"images/{index}.json" for index in range(7)]
    junk = ["images/Thumbs.db", "images/desktop.ini", "masks/._a.nii.gz", "images/.DS_Store", "__MACOSX/images/x.png"]
    make_files(tmp_path / "mine", *images, *side_cars, *junk)
    assert listed(tmp_path / "mine") == images
    assert caplog.messages == [
        "Left out, because by their names they are not images: images/0.json, images/1.json, images/2.json, "
        "images/3.json, images/4.json, ... (7 in all)"
    ]
    assert listed(tmp_path / "mine", ["images/*", "masks/*"]) == sorted([*side_cars, *images])


def test_only_files_of_unknown_formats(tmp_path: Path) -> None:
    make_files(tmp_path / "mine", "images/a.npy", "masks/a.png", "masks/b.png")
    with pytest.raises(
        PromptsegError, match=r"matches the pattern images/\*\.\*\. There is images/a\.npy.*no format that can"
    ):
        listed(tmp_path / "mine")


@pytest.mark.parametrize("patterns", [DEFAULT, ["images/*.nhdr", "masks/*.nhdr"]])
def test_data_files_of_headers_count(patterns: list[str], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    write_pair(mine)
    assert listed(mine, patterns) == ["images/a.nhdr", "images/a.raw.gz", "masks/a.nhdr", "masks/a.raw.gz"]
    source = {"kind": "folder", "path": str(mine)}
    first = contents([source], patterns, tmp_path / "raw")
    (mine / "masks" / "a.raw.gz").write_bytes(b"other")
    assert contents([source], patterns, tmp_path / "raw") != first


def test_a_data_file_elsewhere_or_missing(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    write_pair(mine)
    (mine / "data").mkdir()
    (mine / "masks" / "a.raw.gz").rename(mine / "data" / "a.raw.gz")
    header = mine / "masks" / "a.nhdr"
    header.write_bytes(header.read_bytes().replace(b"data file: ", b"data file: ../data/"))
    assert listed(mine) == ["data/a.raw.gz", "images/a.nhdr", "images/a.raw.gz", "masks/a.nhdr"]
    source = {"kind": "folder", "path": str(mine)}
    first = contents([source], DEFAULT, tmp_path / "raw")
    (mine / "data" / "a.raw.gz").unlink()
    files = collect("d", [source], DEFAULT, {}, tmp_path / "raw").set_index("name")
    assert files.loc["data/a.raw.gz", ["bytes", "sha256"]].tolist() == [0, ""]
    assert contents([source], DEFAULT, tmp_path / "raw") != first


@pytest.mark.parametrize("packing", ["zip", "tar"])
def test_data_files_come_out_of_archives(packing: str, tmp_path: Path) -> None:
    write_pair(tmp_path / "mine")
    members = {path.relative_to(tmp_path / "mine").as_posix(): path.read_bytes() for path in tmp_path.rglob("*/*.*")}
    members |= {"images/b.hdr": b"-", "images/b.img": b"-", "masks/b.nii": b"-", "images/notes.raw": b"-"}
    raw = tmp_path / "raw"
    raw.mkdir()
    if packing == "zip":
        (raw / "all.zip").write_bytes(zip_bytes(members))
    else:
        with tarfile.open(raw / "all.tar.gz", "w:gz") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    files = collect("d", [manual(files=["images/*"])], DEFAULT, {}, raw)
    assert files["name"].tolist() == sorted(members.keys() - {"images/notes.raw"})
    assert (raw / "unpacked" / "images" / "a.raw.gz").is_file()


def test_a_name_in_another_encoding(tmp_path: Path) -> None:
    make_files(tmp_path / "mine", "images/a.png", "masks/a.png")
    for kind in ("images", "masks"):
        (tmp_path / "mine" / kind / "a.png").rename(tmp_path / "mine" / kind / os.fsdecode(b"M\xfcller.png"))
    with pytest.raises(PromptsegError, match=r"images/M\\udcfcller\.png' is not in UTF-8: rename it"):
        listed(tmp_path / "mine")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    make_files(mine, "images/a.png", "masks/a.png")
    (mine / "images" / "b.png").symlink_to("../.git/annex/objects/b.png")
    files = collect("d", [{"kind": "folder", "path": str(mine)}], DEFAULT, {}, tmp_path / "raw").set_index("name")
    assert files.loc["images/b.png", ["bytes", "sha256"]].tolist() == [0, ""]
    assert len(files.loc["images/a.png", "sha256"]) == 64
