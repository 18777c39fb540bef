"""All files of a record."""

import json
from pathlib import Path

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.clients.fill import fill_drop_folder
from support.packed import contents, zip_bytes
from support.servers import Server


def test_all_files_of_a_record(server: Server, tmp_path: Path) -> None:
    image = zip_bytes(dict.fromkeys(["images/1.nii"], b"-"))
    server.files |= {"/a": image, "/b": b"labels"}
    files = [
        {"key": "images.zip", "size": len(image), "checksum": "", "links": {"self": server.url + "/a"}},
        {"key": "labels/1.nii", "size": 6, "checksum": "", "links": {"self": server.url + "/b"}},
    ]
    server.files["/records/5"] = json.dumps({"files": files}).encode()
    entry, folder = {"kind": "http", "url": "https://zenodo.org/records/5"}, tmp_path / "raw"
    patterns = ["*images/*.nii", "*labels/*.nii"]
    server.cuts = [10_000, 3]
    fill_drop_folder("d", [entry], patterns, folder)
    assert contents(folder) == {"images.zip": image, "labels/1.nii": b"labels"}
    asked = len(server.requests)
    fill_drop_folder("d", [entry], patterns, folder)
    assert len(server.requests) == asked
    server.files["/records/5"] = json.dumps({"files": [{**files[0], "key": "../evil"}]}).encode()
    with pytest.raises(PromptsegError, match=r"'\.\./evil', which leads out of the folder"):
        fill_drop_folder("d", [entry], [*patterns, "*.csv"], folder)


def test_an_unfinished_record_goes_on(server: Server, tmp_path: Path) -> None:
    """What is there is not taken for all that there is."""
    server.files["/a"] = b"image"
    files = [
        {"key": f"{name}.nii", "size": 5, "checksum": "", "links": {"self": f"{server.url}/{name}"}} for name in "ab"
    ]
    server.files["/records/5"] = json.dumps({"files": files}).encode()
    entry, folder = {"kind": "http", "url": "https://zenodo.org/records/5"}, tmp_path / "raw"
    with pytest.raises(PromptsegError, match=r"(?s)/b: it answered 404.*if that is complete: delete .*raw/\.download"):
        fill_drop_folder("d", [entry], ["*.nii"], folder)
    assert contents(folder) == {"a.nii": b"image"}
    server.files["/b"] = b"label"
    fill_drop_folder("d", [entry], ["*.nii"], folder)
    assert contents(folder) == {"a.nii": b"image", "b.nii": b"label"}
    assert sorted(path.name for path in folder.iterdir()) == ["a.nii", "b.nii"]
