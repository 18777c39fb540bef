"""Fetch the files of a dataset into its drop folder with the client of the archive that has them.

The clients (kaggle, synapseclient, tcia-utils, gdown) are optional: they are imported where they are needed, and their
absence, or that of a token, is an error that says what to do. Files appear in the drop folder whole; what is under way
lies in its folder `.download`, which is removed when all is there, so that a run that was stopped goes on.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.download.clients import drive, kaggle, record, synapse, tcia
from promptseg.download.clients.client import Client
from promptseg.download.dropfolder import WORK, DropFolder, manual_download_error
from promptseg.download.origins import expected, is_fetched

logger = logging.getLogger(__name__)

_CLIENTS = {
    "http": record.CLIENT,
    "kaggle": kaggle.CLIENT,
    "synapse": synapse.CLIENT,
    "tcia": tcia.CLIENT,
    "gdrive": drive.CLIENT,
}


def client_of(source: Mapping[str, Any]) -> Client:
    """The client of a source for which `origins.is_fetched` holds."""
    return _CLIENTS[source["kind"]]


def fill_drop_folder(dataset: str, sources: Sequence[Mapping[str, Any]], patterns: Sequence[str], folder: Path) -> None:
    """Fetch the files of all sources that have a client; what is there already is not fetched.

    Args:
        dataset: its name, for errors.
        sources: the entry's sources, see `origins.sources_of`.
        patterns: those of the dataset's cases.
        folder: the drop folder.

    Raises:
        PromptsegError: client or token is missing, or the archive does not give the files; it says what to do instead.
    """
    for source in filter(is_fetched, sources):
        globs = expected(source, patterns, alone=len(sources) == 1)
        inner = source.get("unpack", [])
        work = folder / WORK
        before = DropFolder(folder)
        missing = before.missing(globs, inner)
        if globs and not missing and not work.exists():
            logger.info("The files of %s are in %s already", dataset, folder)
            continue
        client = client_of(source)
        try:
            if not client.installed():
                raise PromptsegError(f"{client.package} is not installed (`pip install {client.package}`)")
            if not client.has_token():
                raise PromptsegError(f"there is no token ({client.token})")
            work.mkdir(parents=True, exist_ok=True)
            client.fetch(source, folder, work)
        except PromptsegError as error:
            after = DropFolder(folder)
            if work.is_dir() and not any(work.iterdir()) and after.everything() == before.everything():
                work.rmdir()  # nothing has begun
            problem = f"could not be fetched: {str(error).rstrip('.')}"
            raise manual_download_error(dataset, source, folder, after.missing(globs, inner), problem) from None
        shutil.rmtree(work)
        missing = DropFolder(folder).missing(globs, inner)
        if missing:
            problem = "was fetched, but not all that belongs to it came"
            raise manual_download_error(dataset, source, folder, missing, problem)
