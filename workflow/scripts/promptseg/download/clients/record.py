"""All files of a record of Zenodo, Mendeley Data or figshare."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.download.clients.client import Client, plain
from promptseg.download.records import ACCESS, record_files
from promptseg.download.transfer import download


def _fetch(source: Mapping[str, Any], folder: Path, _work: Path) -> None:
    files = record_files(source["url"])
    if not files:
        raise PromptsegError(f"{source['url']} lists no file")
    for file in progress(files, len(files), source["url"], "file"):
        target = folder / plain(file.name)
        download(file.url, target, checksum=file.checksum, size=file.size, access=ACCESS)


CLIENT = Client(_fetch)
