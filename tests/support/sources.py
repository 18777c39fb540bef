"""Sources of datasets: folders, a package index on a local server, and entries that name them."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from promptseg.download.collect import collect
from support.servers import Server, serve

MARKER = "the-package-was-run"


@contextmanager
def index_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
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
    """The files from one source."""
    return collect(dataset, [source], patterns, {archive.name: archive} if archive else {}, folder)


def sha256(content: bytes) -> str:
    """Hexadecimal digest."""
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
    """The source of the package phantom."""
    return {
        "kind": "pypi",
        "package": "phantom",
        "version": "1.0",
        "file": "phantom-1.0.tar.gz",
        "sha256": sha256(content),
        "bytes": len(content),
    }


def make_files(root: Path, *names: str) -> None:
    """Files whose content is their name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def manual(**more: Any) -> dict[str, Any]:
    """A source that is downloaded by hand."""
    return {"kind": "manual", "home": "https://challenge.org", "instructions": "Register.", "files": ["*.nii"], **more}


def client_source(kind: str, *files: str, **more: Any) -> dict[str, Any]:
    """A source that a client fetches."""
    return {"kind": kind, "home": "https://archive.org/d", "instructions": "Ask.", "files": list(files), **more}
