"""What a file is that is not the image that its name promises."""

from pathlib import Path

from promptseg.config.formats import data_files
from promptseg.core.errors import PromptsegError
from promptseg.core.reasons import BROKEN_LINK, EMPTY_FILE, MISSING_FILE, POINTER_FILE, UNREADABLE, WEB_PAGE

_HEAD = 1024  # bytes that are looked at
_LFS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_PAGES = (b"<!doctype html", b"<html", b"<?xml version=")


def disguise(path: Path) -> PromptsegError | None:
    """The error of a file without the content of an image; None if it may have one, whatever its format.

    Recognised are broken links, files that are not there or empty, pointer files of Git LFS, of git-annex (its
    unlocked files, and its links where links are files of text), and pages of web sites.
    """
    if not path.exists():
        if path.is_symlink():
            return BROKEN_LINK.error(f"{path.name} leads to {path.readlink()}, which is not there")
        return MISSING_FILE.error(f"{path.name} is not there")
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return UNREADABLE.error(f"{path.name} cannot be opened", "check its permissions, and that it is a file")
    if not head:
        return EMPTY_FILE.error(f"{path.name} has 0 bytes")
    if head.startswith(_LFS):
        return POINTER_FILE.error(f"{path.name} is a pointer of Git LFS")
    if b"annex/objects/" in head.split(b"\n")[0] and head.isascii():
        return POINTER_FILE.error(f"{path.name} is a pointer of git-annex")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES):
        return WEB_PAGE.error(f"{path.name} holds HTML or XML")
    return None


def require_data(header: Path) -> None:
    """Check that the data files that a header names have content.

    Raises:
        PromptsegError: one is not there, or is something else, see `disguise`.
    """
    for path in data_files(header):
        if not path.exists() and not path.is_symlink():
            raise MISSING_FILE.error(f"{path.name}, which {header.name} names, is not there")
        problem = disguise(path)
        if problem:
            raise problem
