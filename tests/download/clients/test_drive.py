"""Google Drive, with a stand-in and, where it is installed, the real gdown against a local server."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from promptseg.core.errors import PromptsegError
from promptseg.download.clients.fill import fill_drop_folder
from support.packed import contents
from support.servers import Server
from support.sources import client_source

IDS = [letter * 28 for letter in "abc"]
GDOWN = f"""
from types import SimpleNamespace
def download_folder(url=None, id=None, quiet=False, use_cookies=True, skip_download=False):
    if id != {IDS[0]!r}:
        raise RuntimeError(id)
    assert skip_download
    return [SimpleNamespace(id={IDS[1]!r}, path="OTU_2d/1.JPG"), SimpleNamespace(id={IDS[2]!r}, path="2.JPG")]
"""


def fill_drive(server: Server) -> None:
    server.files |= {
        f"/drive?id={identifier}&export=download&confirm=t": content
        for identifier, content in ((IDS[1], b"one"), (IDS[2], b"two"))
    }


def test_google_drive(server: Server, tmp_path: Path, stand_in: Callable[[str, str], None]) -> None:
    stand_in("gdown", GDOWN)
    fill_drive(server)
    fill_drop_folder("d", [client_source("gdrive", "*.JPG", id=IDS[0])], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"OTU_2d/1.JPG": b"one", "2.JPG": b"two"}
    with pytest.raises(PromptsegError, match=f"does not tell the name of the file {IDS[1]}"):
        fill_drop_folder("d", [client_source("gdrive", "*.JPG", id=IDS[1])], ["*"], tmp_path / "other")
    server.disposition = "attachment; filename=\"x\"; filename*=UTF-8''Processed%20data.tar"
    fill_drop_folder("d", [client_source("gdrive", "*.nii", id=IDS[1])], ["*"], tmp_path / "file")
    assert contents(tmp_path / "file") == {"Processed data.tar": b"one"}


class _Elsewhere(requests.adapters.HTTPAdapter):
    """Sends to a local server what is meant for Google Drive."""

    def __init__(self, url: str):
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self.url}{parts.path}?{parts.query}"
        return super().send(request, *args, **options)


def test_real_gdown(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gdown", reason="gdown is not installed")
    module = sys.modules["gdown.download_folder"]
    session = requests.Session()
    session.mount("https://drive.google.com", _Elsewhere(server.url))
    monkeypatch.setattr(module, "_get_session", lambda **options: (session, None))

    def page(title: str, *links: tuple[str, str]) -> bytes:
        return f"<title>{title}</title>{''.join(f'<a href={link}>{name}</a>' for link, name in links)}".encode()

    drive = "https://drive.google.com"
    sub = "d" * 28
    server.files |= {
        f"/embeddedfolderview?id={IDS[0]}": page(
            "top", (f"{drive}/drive/folders/{sub}", "OTU_2d"), (f"{drive}/file/d/{IDS[2]}/view", "2.JPG")
        ),
        f"/embeddedfolderview?id={sub}": page("OTU_2d", (f"{drive}/file/d/{IDS[1]}/view", "1.JPG")),
    }
    server.types = dict.fromkeys(server.files, "text/html")
    fill_drive(server)
    fill_drop_folder("d", [client_source("gdrive", "*.JPG", id=IDS[0])], ["*"], tmp_path / "raw")
    assert contents(tmp_path / "raw") == {"OTU_2d/1.JPG": b"one", "2.JPG": b"two"}
