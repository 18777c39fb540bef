"""Synapse, with a stand-in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from promptseg.download.clients.fill import fill_drop_folder
from support.packed import contents
from support.sources import client_source

SECRET = "geheim"
SYNAPSE = """
import os
FILE, FOLDER = "org.sagebionetworks.repo.model.FileEntity", "org.sagebionetworks.repo.model.Folder"
TREE = {"syn1": [("syn2", "task 1", FOLDER), ("syn3", "readme.txt", FILE)], "syn2": [("syn4", "data.tar", FILE)]}
NAMES = {"syn3": "readme.txt", "syn4": "data.tar"}
class Synapse:
    def __init__(self, silent=None):
        pass
    def login(self, silent=False):
        assert os.environ["SYNAPSE_AUTH_TOKEN"]
    def get(self, entity, downloadFile=True, downloadLocation=None, ifcollision=None):
        if not downloadFile:
            return {"concreteType": FILE if entity in NAMES else FOLDER, "name": NAMES.get(entity, "top")}
        path = os.path.join(downloadLocation, NAMES[entity])
        with open(path, "w") as file:
            file.write(entity)
        return {"path": path}
    def getChildren(self, parent, includeTypes):
        assert includeTypes == ["folder", "file"]
        return iter([{"id": i, "name": n, "type": t} for i, n, t in TREE[parent]])
"""


def test_synapse(tmp_path: Path, stand_in: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("synapseclient", SYNAPSE)
    monkeypatch.setenv("SYNAPSE_AUTH_TOKEN", SECRET)
    fill_drop_folder("d", [client_source("synapse", "*BraTS*", id="syn1")], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"task 1/data.tar": b"syn4", "readme.txt": b"syn3"}
    fill_drop_folder("d", [client_source("synapse", "*BraTS*", id="syn4")], ["*"], tmp_path / "one")
    assert contents(tmp_path / "one") == {"data.tar": b"syn4"}
