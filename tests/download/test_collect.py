"""Every kind of source, with a real package index on a local server."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from promptseg.config.cases import case_patterns
from promptseg.core.errors import PromptsegError
from promptseg.download.collect import collect, fetch_archive, write_files_csv
from promptseg.download.dropfolder import DropFolder, own_files
from promptseg.download.lockfile import LockFile
from promptseg.download.origins import archive_name, archives_of, expected, is_dropped, is_fetched, sources_of
from promptseg.download.packages import package_indexes
from support.servers import Server, serve

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
MARKER = "the-package-was-run"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server, and a user whose only package index is on it."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with serve() as running:
        monkeypatch.setenv("PIP_INDEX_URL", running.url + "/simple/")
        yield running


def collect_from(
    dataset: str, source: dict[str, Any], patterns: list[str], archive: Path | None, folder: Path
) -> pd.DataFrame:
    """From one source."""
    return collect(dataset, [source], patterns, {archive.name: archive} if archive else {}, folder)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_sdist(marker: Path) -> bytes:
    """A source archive that leaves a mark when its code is run."""
    code = f"open({str(marker)!r}, 'w').close()\n".encode()
    files = {
        "phantom-1.0/setup.py": code,
        "phantom-1.0/phantom/__init__.py": code,
        "phantom-1.0/data/brain1_image.nrrd": b"image 1",
        "phantom-1.0/data/brain1_label.nrrd": b"label 1",
        "phantom-1.0/data/._brain1_label.nrrd": b"junk",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def publish(server: Server, name: str, content: bytes, *, as_json: bool = False) -> None:
    """Put a file of the package phantom on the index, with a link that is relative, as mirrors have them."""
    server.files[f"/files/{name}"] = content
    if as_json:
        page = {
            "meta": {"api-version": "1.0"},
            "name": "phantom",
            "files": [{"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": "0" * 64}}],
        }
        server.files["/simple/phantom/"] = json.dumps(page).encode()
        server.types["/simple/phantom/"] = "application/vnd.pypi.simple.v1+json"
    else:
        server.files["/simple/phantom/"] = f'<html><a href="../../files/{name}#sha256=00">{name}</a></html>'.encode()
        server.types["/simple/phantom/"] = "text/html"


def pypi_source(content: bytes) -> dict[str, Any]:
    return {
        "kind": "pypi",
        "package": "phantom",
        "version": "1.0",
        "file": "phantom-1.0.tar.gz",
        "sha256": sha256(content),
        "bytes": len(content),
    }


@pytest.mark.parametrize("as_json", [False, True])
def test_pypi(server: Server, tmp_path: Path, as_json: bool) -> None:
    marker = tmp_path / MARKER
    content = make_sdist(marker)
    publish(server, "phantom-1.0.tar.gz", content, as_json=as_json)
    source = pypi_source(content)
    archive = tmp_path / "archives" / str(archive_name(source))
    fetch_archive(source, archive)
    assert archive.name == "phantom-1.0.tar.gz"
    assert archive.read_bytes() == content
    files = collect_from("brain", source, ["*/data/*_image.nrrd", "*/data/*_label.nrrd"], archive, tmp_path / "brain")
    unpacked = (tmp_path / "brain" / "unpacked" / "phantom-1.0" / "data").as_posix()
    assert files.to_dict("records") == [
        {
            "name": f"phantom-1.0/data/brain1_{kind}.nrrd",
            "path": f"{unpacked}/brain1_{kind}.nrrd",
            "bytes": 7,
            "sha256": sha256(f"{kind} 1".encode()),
        }
        for kind in ("image", "label")
    ]
    assert not marker.exists()


def test_pypi_goes_on_to_the_extra_index(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_sdist(tmp_path / MARKER)
    publish(server, "phantom-1.0.tar.gz", content)
    with serve() as first:
        monkeypatch.setenv("PIP_INDEX_URL", first.url + "/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere/simple {server.url}/simple")
        fetch_archive(pypi_source(content), tmp_path / "x.tar.gz")
        assert [request.path for request in first.requests] == ["/simple/phantom/"]
    assert (tmp_path / "x.tar.gz").read_bytes() == content


def test_pypi_credentials_of_the_index(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = make_sdist(tmp_path / MARKER)
    publish(server, "phantom-1.0.tar.gz", content)
    server.account = ("me", "ge:heim")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:ge%3Aheim@{server.host}/simple/")
    fetch_archive(pypi_source(content), tmp_path / "x.tar.gz")
    assert (tmp_path / "x.tar.gz").read_bytes() == content
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:falsch@{server.host}/simple/")
    with pytest.raises(PromptsegError, match="401") as caught:
        fetch_archive(pypi_source(content), tmp_path / "y.tar.gz")
    assert "falsch" not in str(caught.value)


def test_pypi_other_content(server: Server, tmp_path: Path) -> None:
    publish(server, "phantom-1.0.tar.gz", b"something else")
    source = pypi_source(b"something new.")
    with pytest.raises(PromptsegError, match=sha256(b"something else")):
        fetch_archive(source, tmp_path / "x.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_pypi_errors_say_where_and_what(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "phantom-1.0.tar.gz"
    source = pypi_source(b"")
    with pytest.raises(PromptsegError, match="does not have the package phantom"):
        fetch_archive(source, target)
    publish(server, "phantom-2.0.tar.gz", b"")
    with pytest.raises(PromptsegError, match=r"not the file phantom-1.0.tar.gz \(but phantom-2.0.tar.gz\)") as caught:
        fetch_archive(source, target)
    assert server.url in str(caught.value)
    assert f"put the file by hand at {target}" in str(caught.value)
    server.types["/simple/phantom/"] = "image/png"
    with pytest.raises(PromptsegError, match="not that of a package index"):
        fetch_archive(source, target)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(PromptsegError, match=r"http://127.0.0.1:9/simple: no connection could be made"):
        fetch_archive(source, target)
    monkeypatch.setenv("PIP_INDEX_URL", "file:///nowhere/simple")
    with pytest.raises(PromptsegError, match="No package index on a network"):
        fetch_archive(source, target)


def test_pypi_file_put_there_by_hand(server: Server, tmp_path: Path) -> None:
    content = make_sdist(tmp_path / MARKER)
    (tmp_path / "x.tar.gz").write_bytes(content)
    fetch_archive(pypi_source(content), tmp_path / "x.tar.gz")
    assert server.requests == []


def test_package_indexes_from_pip_and_uv(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = http://a/simple\ncert = /ca.pem\n"
        "extra-index-url =\n  http://b/simple\n  http://c/simple\n"
        "[install]\nindex-url = http://d/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_INDEX_URL")
    found = package_indexes()
    assert found.urls == ["http://d/simple", "http://b/simple", "http://c/simple"]
    assert found.verify == "/ca.pem"
    monkeypatch.setenv("UV_INDEX_URL", "http://e/simple")
    monkeypatch.setenv("UV_INDEX", "mine=http://f/simple?a=b")
    assert package_indexes().urls == ["http://e/simple", "http://b/simple", "http://c/simple", "http://f/simple?a=b"]
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mine=http://g/simple")
    assert package_indexes().urls[0] == "http://g/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "http://h/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://h/simple")
    monkeypatch.setenv("PIP_CERT", "/other.pem")
    found = package_indexes()
    assert found.urls == ["http://h/simple", "http://f/simple?a=b"]
    assert found.verify == "/other.pem"


def test_package_indexes_without_pip(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    assert package_indexes().urls == [server.url + "/simple/"]
    assert package_indexes().verify is True


def make_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_http_zip(server: Server, tmp_path: Path) -> None:
    content = make_zip({"a/images/1.png": b"1", "a/masks/1.png": b"11", "a/other/1.png": b"-"})
    server.files["/x/data%20set.zip"] = content
    source = {"kind": "http", "url": server.url + "/x/data%20set.zip?download=1", "sha256": sha256(content)}
    assert archive_name(source) == "data set.zip"
    fetch_archive(source, tmp_path / "data set.zip")
    files = collect_from("d", source, ["*/images/*", "*/masks/*"], tmp_path / "data set.zip", tmp_path / "d")
    assert files[["name", "bytes"]].values.tolist() == [["a/images/1.png", 1], ["a/masks/1.png", 2]]


def test_http_mirrors(server: Server, tmp_path: Path) -> None:
    server.files["/good/a.zip"] = b"good"
    source = {
        "kind": "http",
        "url": server.url + "/gone/a.zip",
        "mirrors": [server.url + "/good/a.zip"],
        "md5": hashlib.md5(b"good").hexdigest(),
        "file": "b.zip",
    }
    assert archive_name(source) == "b.zip"
    fetch_archive(source, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_bytes() == b"good"
    source["mirrors"] = [server.url + "/lost/a.zip"]
    with pytest.raises(PromptsegError, match=r"(?s)/gone/a.zip: it answered 404.*/lost/a.zip: it answered 404"):
        fetch_archive(source, tmp_path / "c.zip")


def test_http_plain_file_is_kept_as_it_is(tmp_path: Path) -> None:
    archive = tmp_path / "volume.nii.gz"
    archive.write_bytes(b"not unpacked")
    source = {"kind": "http", "url": "https://host.org/volume.nii.gz"}
    files = collect_from("d", source, ["*.nii.gz"], archive, tmp_path / "d")
    assert files[["name", "path"]].values.tolist() == [["volume.nii.gz", archive.as_posix()]]
    assert not (tmp_path / "d").exists()


def test_archive_that_was_put_there_by_hand_is_checked(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(make_zip({"a": b"a"}))
    source = {"kind": "http", "url": "https://host.org/a.zip", "sha256": "0" * 64}
    with pytest.raises(PromptsegError, match=r"a.zip is not the file it should be: expected sha256 000"):
        collect_from("d", source, ["*"], archive, tmp_path / "d")


def test_pattern_that_matches_nothing_in_the_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(make_zip({f"a/{index}.png": b"" for index in range(7)}))
    source = {"kind": "http", "url": "https://host.org/a.zip"}
    with pytest.raises(PromptsegError, match=r"pattern \*\.nrrd\. There is a/0\.png, .*a/4\.png and 2 more"):
        collect_from("d", source, ["*.png", "*.nrrd"], tmp_path / "a.zip", tmp_path / "d")


def make_files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


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
    with pytest.raises(PromptsegError, match=r"nowhere of the data set mine does not exist.*datasets: mine"):
        collect_from("mine", {"kind": "folder", "path": str(tmp_path / "nowhere")}, ["*"], None, tmp_path)


def test_folder_with_links(tmp_path: Path) -> None:
    make_files(tmp_path / "elsewhere", "a.png")
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    (tmp_path / "mine" / "images").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "mine" / "masks").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "mine" / "deep" / "up").symlink_to(tmp_path / "mine")
    files = collect_from("mine", {"kind": "folder", "path": str(tmp_path / "mine")}, ["*"], None, tmp_path)
    assert files["name"].tolist() == ["images/a.png", "masks/a.png"]


def test_case_patterns() -> None:
    cases = [
        {"image": "*/data/{case}_image.nrrd", "labels": "*/data/{case}_label.nrrd", "only": ["brain1"]},
        {"image": "*/{case}/ct.nii.gz", "labels": [{"file": "*/{case}/gm.nii.gz", "value": 1}, {"file": "b"}]},
        {"image": "*/data/{case}_image.nrrd", "labels": "b", "case": "x"},
    ]
    assert case_patterns({"cases": cases}) == [
        "*/data/*_image.nrrd",
        "*/data/*_label.nrrd",
        "*/*/ct.nii.gz",
        "*/*/gm.nii.gz",
        "b",
    ]


def test_files_csv(tmp_path: Path) -> None:
    make_files(tmp_path / "mine", 'images/a, "b".png', "images/ü.png")
    files = collect_from("mine", {"kind": "folder", "path": str(tmp_path / "mine")}, ["images/*"], None, tmp_path)
    write_files_csv(files, tmp_path / "raw" / "mine" / "files.csv")
    assert (tmp_path / "raw" / "mine" / "files.csv").read_bytes().startswith(b"name,path,bytes,sha256\n")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "raw" / "mine" / "files.csv"), files)
    assert [path.name for path in (tmp_path / "raw" / "mine").iterdir()] == ["files.csv"]


def test_rules_run_the_scripts(server: Server, tmp_path: Path) -> None:
    """The job scripts under Snakemake itself: an archive, its files, weights, and an error without traceback."""
    content = make_sdist(tmp_path / MARKER)
    publish(server, "phantom-1.0.tar.gz", content)
    server.files["/w.pth"] = b"weights"
    (tmp_path / "Snakefile").write_text(f"""
rule all:
    input: "raw/brain/files.csv", "raw/lost/files.csv", "weights/w.pth"
rule download_archive:
    output: archive="raw/archives/phantom-1.0.tar.gz"
    params: source={pypi_source(content)!r}, lock="lock.yaml"
    log: "logs/archive.log"
    script: "{SCRIPTS}/download_archive.py"
rule collect_brain:
    input: archives=["raw/archives/phantom-1.0.tar.gz"]
    output: files="raw/brain/files.csv"
    params: dataset="brain", sources=[{pypi_source(content)!r}], patterns=["*/data/*"], lock="lock.yaml"
    script: "{SCRIPTS}/collect_files.py"
rule collect_lost:
    output: files="raw/lost/files.csv"
    params:
        dataset="lost", sources=[dict(kind="folder", path="lost")], patterns=["images/*", "masks/*"], lock="lock.yaml"
    log: "logs/lost.log"
    script: "{SCRIPTS}/collect_files.py"
rule download_weights:
    output: weights="weights/w.pth"
    params: method="m", checkpoint=dict(url="{server.url}/w.pth", sha256="{sha256(b"weights")}", bytes=7, licence="MIT")
    script: "{SCRIPTS}/download_weights.py"
""")

    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--keep-going", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert pd.read_csv(tmp_path / "raw/brain/files.csv")["path"].tolist() == [
        "raw/brain/unpacked/phantom-1.0/data/brain1_image.nrrd",
        "raw/brain/unpacked/phantom-1.0/data/brain1_label.nrrd",
    ]
    assert (tmp_path / "weights/w.pth").read_bytes() == b"weights"
    assert ", checked" in (tmp_path / "logs/archive.log").read_text()
    assert not (tmp_path / MARKER).exists()
    assert done.returncode != 0
    log = (tmp_path / "logs/lost.log").read_text()
    assert "The folder lost of the data set lost does not exist" in log
    assert "Traceback" not in log


def manual(**more: Any) -> dict[str, Any]:
    return {"kind": "manual", "home": "https://challenge.org", "instructions": "Register.", "files": ["*.nii"], **more}


def test_kinds_of_sources() -> None:
    page = "https://zenodo.org/records/1"
    record = {"kind": "http", "url": page}
    assert sources_of({"source": record}) == [record]
    assert sources_of({"source": [record, manual()]}) == [record, manual()]
    assert is_dropped(record)
    assert is_fetched(record)
    assert archive_name(record) is None
    assert archive_name(record | {"file": "a.zip"}) == "a.zip"
    assert not is_dropped(record | {"file": "a.zip"})
    assert is_dropped(manual())
    assert not is_fetched(manual())
    assert archive_name(manual()) is None
    assert archive_name({"kind": "http", "url": "s3://bucket/a/b.tar"}) == "b.tar"
    with pytest.raises(PromptsegError, match="does not tell the name of its file"):
        archive_name({"kind": "http", "url": "https://drive.google.com/file/d/1/view"})
    assert expected(manual(), ["*"], alone=True) == ["*.nii"]
    assert expected(record, ["*.png"], alone=True) == ["*.png"]
    assert expected(record, ["*.png"], alone=False) == []


def test_archives_of_several_datasets() -> None:
    one = {"kind": "http", "url": "https://a.org/x.zip"}
    registry = {
        "a": {"source": [one, manual()]},
        "b": {"source": one | {"unpack": ["*.zip"]}},
        "c": {"source": {"kind": "http", "url": "https://b.org/x.zip"}},
    }
    assert archives_of(registry, ["a", "b"]) == {"x.zip": one}
    with pytest.raises(PromptsegError, match=r"The data set c .* same name x\.zip.*key `file`"):
        archives_of(registry, ["a", "b", "c"])


def test_several_sources(tmp_path: Path) -> None:
    """Images from an archive, masks from the drop folder, one file as it is."""
    archive, plain = tmp_path / "a.zip", tmp_path / "atlas.nii"
    archive.write_bytes(make_zip({"images/1.nii": b"1"}))
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
    with pytest.raises(PromptsegError, match=r"Two sources of the data set d have a file images/1\.nii"):
        collect("d", sources, ["*.nii"], archives, tmp_path / "raw")
    assert collect("d", sources, ["masks/*"], archives, tmp_path / "raw")["name"].tolist() == ["masks/1.nii"]


def test_archives_in_the_drop_folder(tmp_path: Path) -> None:
    """They count as what they hold; what a person has unpacked beside them is taken from there."""
    raw = tmp_path / "raw"
    make_files(raw, "site A/Case1.nii", "batch 2/2/Case2.nii")
    (raw / "site A.zip").write_bytes(make_zip({"site A/Case1.nii": b"-", "site A/Case3.nii": b"3"}))
    (raw / "batch 2.zip").write_bytes(make_zip({"2/Case2.nii": b"-"}))
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
    assert [path.relative_to(raw).as_posix() for path in own_files([manual()], ["*Case*.nii"], raw)] == [
        "batch 2/2/Case2.nii",
        "batch 2.zip",
        "site A/Case1.nii",
        "site A.zip",
        "site B/b.tar.gz",
    ]


def test_what_is_missing_in_the_drop_folder(tmp_path: Path) -> None:
    drop = tmp_path / "raw"
    assert DropFolder(drop).missing(["*.nii"]) == ["*.nii"]
    make_files(drop, "a.nii.part", "files.csv", "downloads.csv", "unpacked/a.nii", ".download/a.nii")
    assert DropFolder(drop).missing(["*.nii"]) == ["*.nii"]
    (drop / "broken.zip").write_bytes(b"PK")
    assert DropFolder(drop).missing(["*.nii", "*.csv"]) == ["*.nii", "*.csv"]
    (drop / "whole.zip").write_bytes(make_zip({"x/a.nii": b""}))
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
    with pytest.raises(PromptsegError, match=r"(?s)The data set d has to be fetched by hand.*missing there: \*\.nii"):
        collect("d", [manual()], ["*.txt"], {}, drop)
    assert not (drop / "unpacked" / "readme.txt").exists()


def test_zip_in_zip(tmp_path: Path) -> None:
    inner = make_zip({"Polito/BB/Images/1.png": b"1"})
    archive = tmp_path / "a.zip"
    archive.write_bytes(make_zip({"DATA set/DATASET_10.zip": inner}))
    source = {"kind": "http", "url": "https://host.org/a.zip", "unpack": ["*DATASET_10.zip"]}
    files = collect_from("d", source, ["*Polito/*/Images/*.png"], archive, tmp_path / "d")
    assert files["name"].tolist() == ["DATA set/DATASET_10.zip/Polito/BB/Images/1.png"]


def test_own_files_of_a_folder(tmp_path: Path) -> None:
    make_files(tmp_path / "mine", "a/images/1.png", "a/masks/1.png", "notes.txt")
    source = {"kind": "folder", "path": str(tmp_path / "mine")}
    assert own_files([source], ["*images/*", "*masks/*"], tmp_path) == [
        tmp_path / "mine/a/images/1.png",
        tmp_path / "mine/a/masks/1.png",
    ]
    assert own_files([source | {"path": "nowhere"}], ["*"], tmp_path) == []
    tcia = manual(kind="tcia", files=["*.dcm"])
    make_files(tmp_path / "raw", "1.dcm", "1.nrrd", "x.zip")
    assert own_files([tcia, manual(files=["*.nrrd"])], ["*"], tmp_path / "raw") == [tmp_path / "raw/1.nrrd"]
    assert own_files([tcia], ["*"], tmp_path / "raw") == []


def test_archives_without_a_checksum_are_held_to_the_first_one(server: Server, tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock.yaml")
    source = {"kind": "http", "url": server.url + "/a.zip?token=hidden"}
    archive = tmp_path / "a.zip"
    server.files["/a.zip"] = make_zip({"1.nii": b"1"})
    fetch_archive(source, archive, lock)
    assert not lock.path.exists()
    collect("d", [source], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    assert f"url: {server.url}/a.zip?...\n" in lock.path.read_text()
    archive.unlink()
    server.files["/a.zip"] = make_zip({"1.nii": b"changed"})
    with pytest.raises(PromptsegError, match=r"lock\.yaml; to accept a changed file, delete the entry 'a\.zip' there"):
        fetch_archive(source, archive, lock)
    archive.write_bytes(server.files["/a.zip"])
    with pytest.raises(PromptsegError, match=r"a\.zip is not the file it should be.*lock\.yaml"):
        collect("d", [source], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    lock.path.unlink()
    collect("d", [source], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    stated = source | {"sha256": sha256(server.files["/a.zip"])}
    lock.path.unlink()
    collect("d", [stated], ["*.nii"], {"a.zip": archive}, tmp_path / "d", lock)
    assert not lock.path.exists()


def test_hand_placed_archives_are_recorded_but_not_damaged_ones(tmp_path: Path) -> None:
    lock = LockFile(tmp_path / "lock.yaml")
    raw = tmp_path / "raw"
    make_files(raw, "loose.nii")
    content = make_zip({"1.nii": b"one", "2.nii": b"two"})
    (raw / "a.zip").write_bytes(content.replace(b"one", b"oNe"))
    files = collect("d", [manual()], ["*.nii"], {}, raw, lock)
    assert files[["name", "bytes"]].values.tolist() == [["1.nii", 0], ["2.nii", 3], ["loose.nii", 9]]
    assert not lock.path.exists()
    (raw / "a.zip").write_bytes(content)
    collect("d", [manual()], ["*.nii"], {}, raw, lock)
    checksum = lock.checksum("d/a.zip")
    assert checksum is not None
    assert checksum.value == sha256(content)
