"""Addresses: how they are shown, and the file name they end in."""

from urllib.parse import unquote, urlsplit, urlunsplit

from promptseg.errors import PromptsegError


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
