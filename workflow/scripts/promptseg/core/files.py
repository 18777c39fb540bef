"""Files that are either whole or absent, and their digests."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.exhausted import exhausted
from promptseg.core.partial_files import partial_folder


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` if the block succeeds, remove it if not.

    The temporary path does not exist yet, so the block may make a file or a folder of it. It keeps the suffixes of
    `path`, because writers choose the format by them. An existing file or folder at `path` is replaced.

    Raises:
        PromptsegError: the disk is full, the folder cannot be written, or whatever else `exhausted` knows.
    """
    path = Path(path)
    try:
        with partial_folder(path.parent) as folder:
            yield folder / path.name
            if path.is_dir():
                shutil.rmtree(path)
            (folder / path.name).replace(path)
    except OSError as error:
        ours = error.filename is None or str(error.filename).startswith(str(path.parent))
        if reason := exhausted(error, path if ours else None):
            raise PromptsegError(reason) from error
        raise


def write_json(path: str | Path, content: Any) -> None:
    """Write a JSON file that people may read."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1))


def read_json(path: str | Path) -> Any:
    """Content of a JSON file of this project.

    Raises:
        PromptsegError: it is damaged.
    """
    try:
        return json.loads(Path(path).read_bytes())
    except ValueError as error:  # no JSON, or no UTF-8
        raise damaged(path, str(error)) from error


def damaged(path: str | Path, problem: str) -> PromptsegError:
    """The error about a file of this project that somebody or something has damaged since it was written."""
    first = problem.strip().partition("\n")[0].rstrip(".")
    return PromptsegError(
        f"{path} is damaged ({first}). Delete it and run again: it is made anew, and after it what was made of it."
    )


def digest(path: str | Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file, read in blocks."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def is_page(path: Path) -> bool:
    """Whether a file is a web page, as sites send in place of a file that they do not want to hand out."""
    with path.open("rb") as stream:
        return stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))
