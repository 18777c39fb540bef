"""Files that belong to a dataset because a header names them."""

import zipfile
from pathlib import Path

import nrrd
import numpy as np
import pytest

from promptseg.download.collect import collect
from promptseg.download.contents import contents
from promptseg.download.data_files import data_of

PATTERNS = ["images/*.nhdr", "masks/*.nhdr"]
CASE = ["images/a.nhdr", "images/a.raw.gz", "masks/a.nhdr", "masks/a.raw.gz"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("images", "masks"):
        (tmp_path / "own" / folder).mkdir(parents=True)
        nrrd.write(str(tmp_path / "own" / folder / "a.nhdr"), np.ones((4, 5, 3), np.uint8))
    (tmp_path / "own" / "images" / "notes.raw").write_bytes(b"x")
    return tmp_path / "own"


def names_of(source: dict, patterns: list[str], folder: Path, archives: dict[str, Path] | None = None) -> list[str]:
    return collect("mine", [source], patterns, archives or {}, folder)["name"].tolist()


def test_data_files_are_files_of_the_dataset(root, tmp_path):
    source = {"kind": "folder", "path": str(root)}
    assert names_of(source, PATTERNS, tmp_path / "out") == CASE
    before = contents([source], PATTERNS, tmp_path / "out")
    assert contents([source], PATTERNS, tmp_path / "out") == before
    (root / "images" / "notes.raw").write_bytes(b"y")
    assert contents([source], PATTERNS, tmp_path / "out") == before
    data = (root / "images" / "a.raw.gz").read_bytes()
    (root / "images" / "a.raw.gz").write_bytes(data[:-1] + b"?")
    assert contents([source], PATTERNS, tmp_path / "out") != before
    (root / "images" / "a.raw.gz").unlink()
    assert contents([source], PATTERNS, tmp_path / "out") != before
    files = collect("mine", [source], PATTERNS, {}, tmp_path / "out").set_index("name")
    assert files.index.tolist() == CASE
    assert files.loc["images/a.raw.gz", "sha256"] == ""


def test_they_are_unpacked(root, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted(root.rglob("*.*")):
            archive.write(path, path.relative_to(root).as_posix())
    (tmp_path / "out").mkdir()
    source = {"kind": "http", "url": "https://example.org/a.zip"}
    assert names_of(source, PATTERNS, tmp_path / "out", {"a.zip": tmp_path / "a.zip"}) == CASE
    assert names_of(source, ["masks/*.nhdr"], tmp_path / "out", {"a.zip": tmp_path / "a.zip"}) == CASE[2:]


def test_names_start_where_those_of_the_headers_do(tmp_path):
    (tmp_path / "set" / "h").mkdir(parents=True)
    for name, file in (("a.mhd", "../d/a.raw"), ("b.mha", "b.dat"), ("c.mhd", "LOCAL"), ("d.mhd", str(tmp_path / "x"))):
        (tmp_path / "set" / "h" / name).write_text(f"NDims = 3\nElementDataFile = {file}\n")
    found = data_of({f"h/{path.name}": path for path in (tmp_path / "set" / "h").iterdir()})
    assert sorted(found) == ["../x", "d/a.raw", "h/b.dat"]
    assert found["d/a.raw"] == tmp_path / "set" / "h" / "../d/a.raw"


def test_pairs(tmp_path):
    for name in ("a.hdr", "a.img", "b.img", "b.hdr"):
        (tmp_path / name).touch()
    assert list(data_of({"x/a.hdr": tmp_path / "a.hdr"})) == ["x/a.img"]
    assert list(data_of({"b.img": tmp_path / "b.img"})) == ["b.hdr"]
    assert data_of({"a.hdr": tmp_path / "a.hdr", "a.img": tmp_path / "a.img"}) == {}
