"""Files and folders that are shared on Google Drive; gdown lists folders."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.download.clients.client import Client, plain
from promptseg.download.drive import file_link, shared_name
from promptseg.download.fetch import fetch_file

logger = logging.getLogger(__name__)


def _fetch(source: Mapping[str, Any], folder: Path, _work: Path) -> None:
    import gdown

    try:
        listed = gdown.download_folder(id=source["id"], skip_download=True, quiet=True, use_cookies=False)
        files = [(file.id, plain(Path(file.path).as_posix())) for file in listed if not isinstance(file, str)]
    except Exception as error:  # gdown has one error for all, and requests' own
        logger.info(
            "%s is not a folder that gdown can list (%s): taking it for a file", source["id"], type(error).__name__
        )
        files = [(source["id"], plain(shared_name(source["id"], folder)))]
    if not files:
        raise PromptsegError("gdown found no file in the folder on Google Drive")
    for identifier, name in progress(files, len(files), "Google Drive", "file"):
        fetch_file(file_link(identifier), folder / name)


CLIENT = Client(_fetch, "gdown", "gdown")
