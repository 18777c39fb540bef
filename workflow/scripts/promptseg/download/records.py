"""Records of Zenodo, Mendeley Data and figshare: which files they hold, as their public interfaces say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.download.network import TIMEOUT, network_problem
from promptseg.download.transfer import Access
from promptseg.download.urls import Record, base, record_of

# Mendeley Data turns away what names itself as a program alone.
ACCESS = Access(headers={"User-Agent": "Mozilla/5.0 (compatible; promptseg)"})


@dataclass(frozen=True)
class RecordFile:
    """A file of a record.

    Attributes:
        name: relative posix name in the record, as its owner gave it.
        url: where it is handed out.
        size: bytes.
        checksum: as the record states it, if it does.
    """

    name: str
    url: str
    size: int | None
    checksum: Checksum | None


def record_files(url: str) -> list[RecordFile]:
    """All files of the record whose page is at `url`, sorted by name.

    Raises:
        PromptsegError: the address is not that of a record, or its service does not answer as it should.
    """
    record = record_of(url)
    if record is None:
        raise PromptsegError(f"{url} is not the page of a record on Zenodo, Mendeley Data or figshare.")
    origin = f"stated by {url}"
    try:
        return sorted(_FILES[record.service](record, origin), key=lambda file: file.name)
    except (KeyError, TypeError, AttributeError) as error:
        raise PromptsegError(
            f"The files of {url} cannot be listed: the answer of {base(record.service)} is not of the form we know "
            f"({type(error).__name__}: {error}). Name the file's own address in `url`, or get it by hand."
        ) from None


def record_file(url: str, name: str) -> RecordFile:
    """One file of a record.

    Raises:
        PromptsegError: as `record_files`, or the record has no file of that name.
    """
    files = record_files(url)
    for file in files:
        if file.name == name:
            return file
    names = ", ".join(file.name for file in files) or "no file"
    raise PromptsegError(f"{url} has no file {name}, but {names}. Correct the key `file`.")


def _json(address: str) -> Any:
    try:
        response = requests.get(address, headers=ACCESS.headers, timeout=TIMEOUT)
        response.raise_for_status()
        return response.json()
    except ValueError:
        raise PromptsegError(f"{address} did not answer with JSON. Run again, or get the file by hand.") from None
    except OSError as error:
        raise PromptsegError(f"{address}: {network_problem(error)}. Run again, or get the file by hand.") from None


def _checksum(algorithm: str, value: str | None, origin: str) -> Checksum | None:
    return Checksum(algorithm, value, origin) if value else None


def _zenodo(record: Record, origin: str) -> Iterator[RecordFile]:
    for file in _json(f"{base('zenodo')}/records/{record.identifier}")["files"]:
        algorithm, _, value = file["checksum"].rpartition(":")
        link = file["links"].get("content") or file["links"]["self"]
        yield RecordFile(file["key"], link, file["size"], _checksum(algorithm or "md5", value, origin))


def _mendeley(record: Record, origin: str) -> Iterator[RecordFile]:
    if record.version is None:
        raise PromptsegError(
            f"Which version of the record {record.identifier} on Mendeley Data? Put it at the end of `url`, as in "
            f"https://data.mendeley.com/datasets/{record.identifier}/1."
        )
    address = f"{base('mendeley')}/datasets/{record.identifier}"
    folders = {folder["id"]: folder for folder in _json(f"{address}/folders/{record.version}")}

    def path(identifier: str | None) -> str:
        folder = folders.get(identifier)
        return f"{path(folder.get('parent_id'))}{folder['name']}/" if folder else ""

    for identifier in ("root", *folders):
        for file in _json(f"{address}/files?folder_id={identifier}&version={record.version}"):
            details = file["content_details"]
            checksum = _checksum("sha256", details.get("sha256_hash"), origin)
            yield RecordFile(path(identifier) + file["filename"], details["download_url"], file["size"], checksum)


def _figshare(record: Record, origin: str) -> Iterator[RecordFile]:
    version = f"/versions/{record.version}" if record.version else ""
    for file in _json(f"{base('figshare')}/articles/{record.identifier}{version}")["files"]:
        if not file.get("is_link_only"):
            checksum = _checksum("md5", file.get("computed_md5") or file.get("supplied_md5"), origin)
            yield RecordFile(file["name"], file["download_url"], file["size"], checksum)


_FILES = {"zenodo": _zenodo, "mendeley": _mendeley, "figshare": _figshare}
