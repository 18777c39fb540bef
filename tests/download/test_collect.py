"""The files of a dataset from every kind of source."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.collect import collect, write_files_csv
from promptseg.download.fetch import fetch_archive
from promptseg.download.origins import archive_name
from support.packed import zip_bytes
from support.servers import Server
from support.sources import collect_from, index_server, make_files, manual, sha256


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with index_server(monkeypatch) as running:
        yield running


def test_http_zip(server: Server, tmp_path: Path) -> None:
    content = zip_bytes({"a/images/1.png": b"1", "a/masks/1.png": b"11", "a/other/1.png": b"-"})
    server.files["/x/data%20set.zip"] = content
    source = {"kind": "http", "url": server.url + "/x/data%20set.zip?download=1", "sha256": sha256(content)}
    assert archive_name(source) == "data set.zip"
    fetch_archive(source, tmp_path / "data set.zip")
    files = collect_from("d", source, ["*/images/*", "*/masks/*"], tmp_path / "data set.zip", tmp_path / "d")
    assert files[["name", "bytes"]].values.tolist() == [["a/images/1.png", 1], ["a/masks/1.png", 2]]


def test_http_plain_file_is_kept_as_it_is(tmp_path: Path) -> None:
    archive = tmp_path / "volume.nii.gz"
    archive.write_bytes(b"not unpacked")
    source = {"kind": "http", "url": "https://host.org/volume.nii.gz"}
    files = collect_from("d", source, ["*.nii.gz"], archive, tmp_path / "d")
    assert files[["name", "path"]].values.tolist() == [["volume.nii.gz", archive.as_posix()]]
    assert not (tmp_path / "d").exists()


def test_archive_that_was_put_there_by_hand_is_checked(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zip_bytes({"a": b"a"}))
    source = {"kind": "http", "url": "https://host.org/a.zip", "sha256": "0" * 64}
    with pytest.raises(PromptsegError, match=r"a.zip is not the file it should be: expected sha256 000"):
        collect_from("d", source, ["*"], archive, tmp_path / "d")


def test_pattern_that_matches_nothing_in_the_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_bytes({f"a/{index}.png": b"" for index in range(7)}))
    source = {"kind": "http", "url": "https://host.org/a.zip"}
    with pytest.raises(PromptsegError, match=r"pattern \*\.nrrd\. There is a/0\.png, .*a/4\.png and 2 more"):
        collect_from("d", source, ["*.png", "*.nrrd"], tmp_path / "a.zip", tmp_path / "d")


def test_package_data_without_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "phantom_of_a_package"
    make_files(package, "data/b.nii.gz", "data/a.nii.gz", "data/readme.txt", "a.nii.gz")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = {"kind": "package_data", "package": "phantom_of_a_package"}
    assert archive_name(source) is None
    files = collect_from("d", source, ["data/*.nii.gz"], None, tmp_path / "d")
    assert files["name"].tolist() == ["data/a.nii.gz", "data/b.nii.gz"]
    assert files["path"].tolist() == [(package / name).as_posix() for name in files["name"]]
    assert files["sha256"][0] == sha256(b"data/a.nii.gz")
    assert not (tmp_path / "d").exists()
    assert "phantom_of_a_package" not in sys.modules
    with pytest.raises(
        PromptsegError, match=r"No file in the package phantom_of_a_package matches the pattern \*\.mat"
    ):
        collect_from("d", source, ["*.mat"], None, tmp_path / "d")


@pytest.mark.parametrize("package", ["no_such_package_here", "os", "xml.dom", "../x", ""])
def test_package_data_without_a_package(package: str, tmp_path: Path) -> None:
    with pytest.raises(PromptsegError, match="is not installed here as a folder"):
        collect_from("d", {"kind": "package_data", "package": package}, ["*"], None, tmp_path)


def test_manual(tmp_path: Path) -> None:
    source = {
        "kind": "manual",
        "home": "https://challenge.org",
        "instructions": "Register, then download part 1.\n",
        "files": ["Training/*.nii.gz", "*/labels/*"],
    }
    folder = tmp_path / "raw" / "spine"
    with pytest.raises(PromptsegError) as caught:
        collect_from("spine", source, ["*.nii.gz"], None, folder)
    for part in ("spine", "https://challenge.org", "Register, then", str(folder), "Training/*.nii.gz, */labels/*"):
        assert part in str(caught.value)
    make_files(
        folder, "Training/2.nii.gz", "Training/1.nii.gz", "files.csv", "Training/._1.nii.gz", "unpacked/x.nii.gz"
    )
    with pytest.raises(PromptsegError, match=r"missing there: \*/labels/\*\n"):
        collect_from("spine", source, ["*.nii.gz"], None, folder)
    make_files(folder, "Training/labels/1.nii.gz")
    files = collect_from("spine", source, ["*.nii.gz"], None, folder)
    assert files["name"].tolist() == ["Training/1.nii.gz", "Training/2.nii.gz", "Training/labels/1.nii.gz"]
    assert files["path"][0] == (folder / "Training" / "1.nii.gz").as_posix()


def test_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path / "mine", "images/b.png", "images/a.png", "masks/a.png", "masks/b.png", "notes.txt", ".hidden")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "mine").rglob("*")}
    patterns = ["images/*", "masks/*"]
    monkeypatch.chdir(tmp_path)
    files = collect_from("mine", {"kind": "folder", "path": "mine"}, patterns, None, Path("raw/mine"))
    assert files["name"].tolist() == ["images/a.png", "images/b.png", "masks/a.png", "masks/b.png"]
    assert files["path"].tolist() == ["mine/" + name for name in files["name"]]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "mine").rglob("*")} == before
    assert not Path("raw").exists()
    (tmp_path / "mine" / "masks" / "a.png").unlink()
    (tmp_path / "mine" / "masks" / "b.png").unlink()
    with pytest.raises(PromptsegError, match=r"No file in mine matches the pattern masks/\*"):
        collect_from("mine", {"kind": "folder", "path": "mine"}, patterns, None, Path("raw/mine"))


def test_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PromptsegError, match=r"nowhere of the dataset mine does not exist.*datasets: mine"):
        collect_from("mine", {"kind": "folder", "path": str(tmp_path / "nowhere")}, ["*"], None, tmp_path)


def test_folder_with_links(tmp_path: Path) -> None:
    make_files(tmp_path / "elsewhere", "a.png")
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    (tmp_path / "mine" / "images").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "mine" / "masks").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "mine" / "deep" / "up").symlink_to(tmp_path / "mine")
    files = collect_from("mine", {"kind": "folder", "path": str(tmp_path / "mine")}, ["*"], None, tmp_path)
    assert files["name"].tolist() == ["images/a.png", "masks/a.png"]


def test_files_csv(tmp_path: Path) -> None:
    make_files(tmp_path / "mine", 'images/a, "b".png', "images/ü.png")
    files = collect_from("mine", {"kind": "folder", "path": str(tmp_path / "mine")}, ["images/*"], None, tmp_path)
    write_files_csv(files, tmp_path / "raw" / "mine" / "files.csv")
    assert (tmp_path / "raw" / "mine" / "files.csv").read_bytes().startswith(b"name,path,bytes,sha256\n")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "raw" / "mine" / "files.csv"), files)
    assert [path.name for path in (tmp_path / "raw" / "mine").iterdir()] == ["files.csv"]


def test_several_sources(tmp_path: Path) -> None:
    """Images from an archive, masks from the drop folder, one file as it is."""
    archive, plain = tmp_path / "a.zip", tmp_path / "atlas.nii"
    archive.write_bytes(zip_bytes({"images/1.nii": b"1"}))
    plain.write_bytes(b"2")
    make_files(tmp_path / "raw", "masks/1.nii", "notes.txt")
    sources = [
        {"kind": "http", "url": "https://host.org/a.zip"},
        {"kind": "http", "url": "https://host.org/atlas.nii"},
        manual(),
    ]
    archives = {"a.zip": archive, "atlas.nii": plain}
    files = collect("d", sources, ["images/*", "masks/*", "atlas.nii"], archives, tmp_path / "raw")
    assert files["name"].tolist() == ["atlas.nii", "images/1.nii", "masks/1.nii"]
    assert files["path"].tolist() == [
        plain.as_posix(),
        (tmp_path / "raw" / "unpacked" / "images" / "1.nii").as_posix(),
        (tmp_path / "raw" / "masks" / "1.nii").as_posix(),
    ]
    with pytest.raises(
        PromptsegError, match=r"No file in .*a\.zip and .*atlas\.nii and .*raw matches the pattern \*\.mat"
    ):
        collect("d", sources, ["*.nii", "*.mat"], archives, tmp_path / "raw")
    make_files(tmp_path / "raw", "images/1.nii")
    with pytest.raises(PromptsegError, match=r"Two sources of the dataset d have a file images/1\.nii"):
        collect("d", sources, ["*.nii"], archives, tmp_path / "raw")
    assert collect("d", sources, ["masks/*"], archives, tmp_path / "raw")["name"].tolist() == ["masks/1.nii"]


def test_zip_in_zip(tmp_path: Path) -> None:
    inner = zip_bytes({"Polito/BB/Images/1.png": b"1"})
    archive = tmp_path / "a.zip"
    archive.write_bytes(zip_bytes({"DATA set/DATASET_10.zip": inner}))
    source = {"kind": "http", "url": "https://host.org/a.zip", "unpack": ["*DATASET_10.zip"]}
    files = collect_from("d", source, ["*Polito/*/Images/*.png"], archive, tmp_path / "d")
    assert files["name"].tolist() == ["DATA set/DATASET_10.zip/Polito/BB/Images/1.png"]
