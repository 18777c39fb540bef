"""Addresses: how they are shown, the file name they end in, and what stands behind them."""

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from promptseg.core.errors import PromptsegError

_SERVICES = {
    "zenodo": "https://zenodo.org/api",
    "mendeley": "https://data.mendeley.com/public-api",
    "figshare": "https://api.figshare.com/v2",
    "drive": "https://drive.usercontent.google.com/download",
}
_DRIVE_HOSTS = ("drive.google.com", "docs.google.com", "drive.usercontent.google.com")
_RECORDS = {
    "zenodo": r"(?:\w+\.)?zenodo\.org/records?/(?P<id>\d+)/?",
    "mendeley": r"data\.mendeley\.com/datasets/(?P<id>\w+)(?:/(?P<version>\d+))?/?",
    "figshare": r"(?:[\w-]+\.)?figshare\.com/articles/(?:[^/]+/)*?(?P<id>\d+)(?:/(?P<version>\d+))?/?",
}


def redact(url: str) -> str:
    """The URL without user name, password, query and fragment, fit for logs and errors."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an address that cannot be read)"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", "")) + ("?..." if parts.query else "")


def file_name(url: str) -> str:
    """The last part of the URL's path.

    Raises:
        PromptsegError: the path has no last part that could be a file's name.
    """
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    if name in ("", ".", ".."):
        raise PromptsegError(f"{redact(url)} does not end in a file name: add the key `file` beside `url`.")
    return name


def web_address(url: str) -> str:
    """The URL, or for s3://bucket/key the address at which a public object is handed out."""
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return url
    # The certificate of *.s3.amazonaws.com does not cover a name with a dot in it.
    host = "s3.amazonaws.com/" + parts.netloc if "." in parts.netloc else parts.netloc + ".s3.amazonaws.com"
    return f"https://{host}{parts.path}"


@dataclass(frozen=True)
class Record:
    """A record of an archive of research data: `zenodo`, `mendeley` or `figshare`."""

    service: str
    identifier: str
    version: str | None = None


def base(service: str) -> str:
    """Address at which a service answers programs; PROMPTSEG_ZENODO and so on name another one, such as a mirror."""
    return os.environ.get(f"PROMPTSEG_{service.upper()}", _SERVICES[service]).rstrip("/")


def record_of(url: str) -> Record | None:
    """The record whose page is at an address; None for any other address, that of a file in a record included."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    for service, pattern in _RECORDS.items():
        found = re.fullmatch(pattern, parts.netloc + parts.path)
        if found:
            return Record(service, found["id"], found.groupdict().get("version"))
    return None


def is_drive_link(url: str) -> bool:
    """Whether an address is one of Google Drive."""
    return urlsplit(url).hostname in _DRIVE_HOSTS
