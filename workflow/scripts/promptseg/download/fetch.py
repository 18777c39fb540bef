"""A file from where its source or address points: a package index, a web or S3 server, a record, Google Drive."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.core.files import is_page
from promptseg.download.drive import drive_address
from promptseg.download.lockfile import LockFile
from promptseg.download.packages import fetch_from_index
from promptseg.download.records import ACCESS, record_file
from promptseg.download.transfer import Access, download, is_there
from promptseg.download.urls import is_drive_link, record_of, redact, web_address

logger = logging.getLogger(__name__)


def fetch_archive(source: Mapping[str, Any], target: Path, lock: LockFile | None = None) -> None:
    """Fetch the file of a `pypi` or `http` source, checked against the checksum of the entry.

    Args:
        lock: has the checksum if the entry has none.

    Raises:
        PromptsegError: it is nowhere to be had, or it is not the file that the entry describes.
    """
    recorded = lock.checksum(target.name) if lock else None
    if source["kind"] == "pypi":
        fetch_from_index(source, target)
    else:
        fetch_from_urls(source, target, recorded)


def fetch_from_urls(entry: Mapping[str, Any], target: Path, checksum: Checksum | None = None) -> None:
    """Fetch the file of an entry with `url` and perhaps `mirrors`, `file`, `sha256`, `md5`, `bytes`, `verify_tls`.

    Args:
        checksum: used where the entry states none.

    Raises:
        PromptsegError: no address gives the file; one line per address.
    """
    checksum = Checksum.from_mapping(entry) or checksum
    verify = entry.get("verify_tls", True)
    if not verify and (checksum is None or checksum.algorithm != "sha256"):
        raise PromptsegError(f"verify_tls: false needs a sha256 that vouches for {redact(entry['url'])}.")
    problems = []
    for url in (entry["url"], *entry.get("mirrors", [])):
        try:
            fetch_file(url, target, checksum, entry.get("bytes"), name=entry.get("file"), verify=verify)
            return
        except PromptsegError as problem:
            problems.append(str(problem))
            logger.warning("%s", problem)
    raise PromptsegError("\n".join(problems))


def fetch_file(
    url: str,
    target: Path,
    checksum: Checksum | None = None,
    size: int | None = None,
    *,
    name: str | None = None,
    verify: bool = True,
) -> None:
    """Fetch one file; see `transfer.download` for what is kept and checked.

    Args:
        url: of the file; s3://bucket/key, the page of a record and the link of a file on Google Drive will do.
        name: of the file in a record, if it is not that of the target. The record's checksum holds if none is given.
        verify: whether the certificate of the host must be right.

    Raises:
        PromptsegError: the file cannot be had, or is another one.
    """
    if is_there(target, checksum, size):
        return
    address = web_address(url)
    if record_of(address):
        file = record_file(address, name or target.name)
        download(file.url, target, checksum=checksum or file.checksum, size=size or file.size, access=ACCESS)
    elif is_drive_link(address):
        download(drive_address(address, target), target, checksum=checksum, size=size)
    else:
        download(address, target, checksum=checksum, size=size, access=Access(verify=verify))
    if is_page(target):  # only possible without a checksum
        target.unlink()
        raise PromptsegError(f"{redact(url)} sent a web page in place of the file. Put it by hand at {target}.")
