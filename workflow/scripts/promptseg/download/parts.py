"""A file from a 7z archive that is published in parts."""

import io
import logging
import shutil
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import Any

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.download.fetch import fetch_file
from promptseg.download.urls import file_name

logger = logging.getLogger(__name__)

_SAMPLE = 5  # names that an error lists
_LIMIT = 20 * 10**9  # bytes that the file may have once unpacked


def fetch_parts(checkpoint: Mapping[str, Any], target: Path) -> None:
    """Fetch a 7z archive in parts, unpack the one file of it that is wanted, and remove the parts."""
    urls, member = [part["url"] for part in checkpoint["parts"]], checkpoint["file"]
    by_hand = (
        f"Or do it by hand: download {', '.join(urls)}, unpack the first with 7-Zip (`7z x {file_name(urls[0])}`) and "
        f"put {member} at {target}."
    )
    try:  # before gigabytes are fetched
        import py7zr  # noqa: F401
    except ImportError:
        raise PromptsegError(
            f"py7zr, which unpacks their archive, is not installed: `pip install py7zr` and run again. {by_hand}"
        ) from None
    folder = target.with_name(f"{target.stem}.parts")
    files = [folder / file_name(url) for url in urls]
    for part, file in zip(checkpoint["parts"], files, strict=True):
        fetch_file(part["url"], file, Checksum.from_mapping(part), part.get("bytes"))
    logger.info("Unpacking %s", member)
    with atomic(target) as temporary:
        try:
            _unpack_7z(files, member, temporary)
        except (PromptsegError, MemoryError):
            raise
        except Exception as error:  # a damaged archive can make the reader stumble in any way
            if isinstance(error, OSError) and error.errno is not None:
                raise
            first_line = (str(error) or type(error).__name__).partition("\n")[0]
            raise PromptsegError(
                f"The archive in {folder} is damaged or cannot be unpacked ({first_line}). Delete {folder} and run "
                f"again to get it anew. {by_hand}"
            ) from error
        checksum = Checksum.from_mapping(checkpoint)
        wrong = checksum.verify(temporary) if checksum else None
        if wrong:
            raise PromptsegError(
                f"{member} in the archive in {folder} is not the file it should be: {wrong}. Check the checksum in the "
                f"configuration, or delete {folder} and run again to get the archive anew."
            )
    shutil.rmtree(folder)


def _unpack_7z(files: Sequence[Path], member: str, target: Path) -> None:
    """Unpack the file named `member`, in any folder of the archive, and nothing else.

    Raises:
        PromptsegError: it is not in the archive exactly once as a file of plausible size with a plain relative path.
    """
    import py7zr

    with closing(_Joined(files)) as raw, py7zr.SevenZipFile(io.BufferedReader(raw, 1 << 20), "r") as archive:
        found = [
            entry
            for entry in archive.files
            if entry.filename.split("/")[-1] == member
            and not entry.filename.startswith("/")
            and ".." not in entry.filename.split("/")
            and not (entry.is_directory or entry.is_symlink or entry.is_junction or entry.is_socket)
            and entry.uncompressed <= _LIMIT
        ]
        if len(found) != 1:
            names = archive.getnames()
            more = f" and {len(names) - _SAMPLE} more" if len(names) > _SAMPLE else ""
            raise PromptsegError(
                f"The archive {files[0].name} does not hold one file {member} of plausible size, but "
                f"{', '.join(map(repr, names[:_SAMPLE])) or 'nothing'}{more}. Nothing was unpacked. Do not use it; get "
                "it from its publisher again."
            )
        folder = target.with_name("unpacked")
        archive.extract(folder, [found[0].filename])
    unpacked = folder / PurePosixPath(found[0].filename)
    unpacked.chmod(0o644)
    unpacked.replace(target)


class _Joined(io.RawIOBase):
    """Files, one after the other, read as one."""

    def __init__(self, files: Sequence[Path]):
        self._streams = [file.open("rb") for file in files]
        self._ends = list(accumulate(file.stat().st_size for file in files))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        index = bisect_right(self._ends, self._position)
        if index == len(self._ends):
            return 0
        stream = self._streams[index]
        stream.seek(self._position - (self._ends[index - 1] if index else 0))
        count = stream.readinto(buffer)
        self._position += count
        return count

    def close(self) -> None:
        for stream in self._streams:
            stream.close()
        super().close()
