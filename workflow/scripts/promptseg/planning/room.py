"""Whether the folders that a run writes into take anything: said once, before its jobs say it each in their own way."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from promptseg.core.errors import PromptsegError

_NOTHING = 1_000_000  # bytes below which hardly a file can be written


def require_writable(outputs: Iterable[str]) -> None:
    """Try to write where outputs will be.

    Raises:
        PromptsegError: a folder cannot be written.
    """
    for folder in sorted({_there(Path(output).parent) for output in outputs}):
        if os.access(folder, os.W_OK | os.X_OK):
            continue
        try:  # what the system says of a network drive beforehand may be wrong
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise PromptsegError(
                f"Nothing can be written in {folder} ({error.strerror}). Change that, or choose another folder by "
                "`results`, and run again."
            ) from error


def full_disk(folders: Iterable[str | Path]) -> str | None:
    """Which of the folders has no disk space left; None if all have some."""
    for folder in map(_there, map(Path, folders)):
        if shutil.disk_usage(folder).free < _NOTHING:
            return f"No disk space left in {folder.absolute()}. Free some space and run again."
    return None


def _there(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.is_dir())
