"""Files that are either whole or absent, and their digests."""

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.partial_files import partial_folder


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` if the block succeeds, remove it if not.

    The temporary path does not exist yet, so the block may make a file or a folder of it. It keeps the suffixes of
    `path`, because writers choose the format by them. An existing file or folder at `path` is replaced.

    Raises:
        PromptsegError: the disk is full, or the folder cannot be written.
    """
    path = Path(path)
    try:
        with partial_folder(path.parent) as folder:
            yield folder / path.name
            if path.is_dir():
                shutil.rmtree(path)
            (folder / path.name).replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PromptsegError(
                f"No disk space left while writing {path}. Free some space and run again: "
                "the unfinished file was removed, everything finished before is kept."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS):
            raise PromptsegError(
                f"{path} cannot be written ({error.strerror}). Check the permissions of {path.parent}."
            ) from error
        raise


def write_json(path: str | Path, content: Any) -> None:
    """Write a JSON file that people may read."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1))


def digest(path: str | Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file, read in blocks."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def is_page(path: Path) -> bool:
    """Whether a file is a web page, as sites send in place of a file that they do not want to hand out."""
    with path.open("rb") as stream:
        return stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
