"""Kaggle, with a stand-in and, where it is installed, its real client against a local server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.clients.fill import fill_drop_folder
from support.packed import contents, zip_bytes
from support.servers import Server
from support.sources import client_source

SECRET = "geheim"
KAGGLE = """
import os
class Refused(Exception):
    class response:
        status_code = 403
class KaggleApi:
    def authenticate(self):
        pass
    def get(self, name, path):
        if "rules" in name:
            raise Refused(os.environ["KAGGLE_KEY"])
        with open(os.path.join(path, name), "w") as file:
            file.write("content")
    def dataset_download_files(self, dataset, path=None, force=False, quiet=True, unzip=False):
        self.get(dataset.split("/")[1] + ".zip", path)
    def dataset_download_file(self, dataset, file_name, path=None, force=False, quiet=True):
        self.get(file_name, path)
    def competition_download_files(self, competition, path=None, force=False, quiet=True):
        self.get(competition + ".zip", path)
    def competition_download_file(self, competition, file_name, path=None, force=False, quiet=False):
        self.get(file_name, path)
"""


@pytest.fixture
def kaggle(stand_in: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("kaggle.api.kaggle_api_extended", KAGGLE)
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", SECRET)


@pytest.mark.usefixtures("kaggle")
@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"dataset": "owner/set"}, "set.zip"),
        ({"dataset": "owner/set", "file": "set.zip"}, "set.zip"),
        ({"dataset": "owner/set", "file": "train.tar"}, "train.tar"),
        ({"competition": "nerves"}, "nerves.zip"),
        ({"competition": "nerves", "file": "train.tar"}, "train.tar"),
    ],
)
def test_kaggle(more: dict[str, Any], name: str, tmp_path: Path) -> None:
    entry = client_source("kaggle", "*.tif", **more)
    if name.endswith(".zip"):  # its content is none, so nothing that is expected has come
        with pytest.raises(PromptsegError, match="was fetched, but not all that belongs to it came"):
            fill_drop_folder("d", [entry], ["*"], tmp_path / "raw")
    else:
        fill_drop_folder("d", [entry], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {name: b"content"}


@pytest.mark.usefixtures("kaggle")
def test_kaggle_refuses(tmp_path: Path) -> None:
    with pytest.raises(PromptsegError, match="it answered 403: accept the rules on its page") as caught:
        fill_drop_folder("d", [client_source("kaggle", "*.tif", competition="rules")], ["*"], tmp_path / "raw")
    assert SECRET not in str(caught.value)
    assert list((tmp_path / "raw").iterdir()) == []


def test_real_kaggle(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_USERNAME", "me")
    monkeypatch.setenv("KAGGLE_KEY", SECRET)
    environment = pytest.importorskip("kagglesdk.kaggle_env", reason="kaggle is not installed")
    pytest.importorskip("kaggle.api.kaggle_api_extended", reason="kaggle is not installed with all that it needs")
    monkeypatch.setitem(environment._env_to_endpoint, environment.KaggleEnv.LOCAL, server.url)
    content = zip_bytes(dict.fromkeys(["slice/slice/1.png", "mask/mask/1.png"], b"-"))
    service = "/api/v1/datasets.DatasetApiService/DownloadDataset"
    server.files[service] = content
    server.types[service] = "application/zip"
    entry = client_source("kaggle", "*slice/*.png", "*mask/*.png", dataset="me/kidney")
    fill_drop_folder("d", [entry], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"kidney.zip": content}
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    server.files.clear()
    with pytest.raises(PromptsegError, match="kaggle failed: it answered 404: there is no such file"):
        fill_drop_folder("d", [entry], ["*"], tmp_path / "other")
