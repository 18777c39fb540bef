"""Unpack the wanted members of an archive, or nothing if the archive is not to be trusted."""

import fnmatch
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from promptseg.errors import PromptsegError
from promptseg.files import atomic

LIMIT = 200 * 10**9  # bytes
_ZIP = (".zip", ".whl")
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_SAMPLE = 5  # names that an error lists


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive that `unpack` reads: zip, or tar with gzip, bzip2, xz or nothing."""
    return path.name.lower().endswith(_ZIP + _TAR)


def is_junk(name: str) -> bool:
    """Whether a posix name belongs to what macOS leaves in folders and archives."""
    return any(part.startswith("._") or part in ("__MACOSX", ".DS_Store") for part in name.split("/"))


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a posix name matches one of the globs; `*` crosses slashes, and upper and lower case differ."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def require_matches(names: Sequence[str], patterns: Sequence[str], place: str) -> None:
    """Raise a `PromptsegError` that names the first pattern that none of the names in `place` matches."""
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(name, pattern) for name in names):
            there = ", ".join(sorted(names)[:_SAMPLE]) or "nothing"
            more = f" and {len(names) - _SAMPLE} more" if len(names) > _SAMPLE else ""
            raise PromptsegError(
                f"No file in {place} matches the pattern {pattern}. There is {there}{more}. "
                "Correct the pattern under `cases` of the data set, or the data."
            )


@dataclass(frozen=True)
class _Member:
    raw_name: str
    size: int
    is_folder: bool
    is_file: bool  # False for links and devices
    open: Callable[[], IO[bytes]]


def _zip_members(path: Path) -> Generator[_Member, None, None]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)  # zero where no Unix mode was stored
            yield _Member(
                raw_name=info.filename,
                size=info.file_size,
                is_folder=info.is_dir(),
                is_file=kind in (0, stat.S_IFREG),
                open=partial(archive.open, info),
            )


def _open_tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(info)
    assert stream is not None  # only regular files are opened
    return stream


def _tar_members(path: Path) -> Generator[_Member, None, None]:
    with tarfile.open(path, "r:*") as archive:
        for info in archive:
            yield _Member(info.name, info.size, info.isdir(), info.isreg(), partial(_open_tar_member, archive, info))
        # tarfile takes a file that ends at a member's border, or a damaged header, for the end of the archive.
        stream = archive.fileobj
        assert stream is not None
        stream.seek(archive.offset)
        if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("the end is missing")
        while stream.read(1 << 20):  # a compressed stream checks itself when it is read to its end
            pass


def _safe_name(raw_name: str, archive: Path) -> str:
    """The member's posix name.

    Raises:
        PromptsegError: the name leads out of the folder, or could on some system.
    """
    parts = raw_name.split("/")
    if raw_name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", raw_name) or re.search(r"[\\\0]", raw_name):
        raise _suspicious(archive, raw_name, "its name leads out of the folder or is no plain relative path")
    return PurePosixPath(raw_name).as_posix()


def _suspicious(archive: Path, member: str, reason: str) -> PromptsegError:
    return PromptsegError(
        f"{archive}: the member {member!r} is suspicious: {reason}. Nothing was unpacked. Do not use this archive; get "
        "it from its publisher again."
    )


def _damaged(archive: Path, reason: str) -> PromptsegError:
    return PromptsegError(f"{archive} is damaged or incomplete ({reason}). Delete it and run again to get it anew.")


def unpack(archive: Path, folder: Path, keep: Sequence[str], *, limit: int = LIMIT) -> None:
    """Unpack the members that match a pattern into `folder`, which appears whole or not at all.

    What macOS adds (`._*`, `__MACOSX`) is skipped. Permissions, owners and times are not restored.

    Args:
        keep: globs over the posix names of the members, see `matches`; each must match at least one file.
        limit: bytes that the unpacked files may have together.

    Raises:
        PromptsegError: the archive is damaged; a member's name leads out of the folder; a wanted member is a link or a
            device; the files would exceed the limit; or a pattern matches nothing.
    """
    members = _zip_members(archive) if archive.name.lower().endswith(_ZIP) else _tar_members(archive)
    names: list[str] = []
    total = 0
    with atomic(folder) as temporary, closing(members):
        temporary.mkdir()
        try:
            for member in members:
                name = _safe_name(member.raw_name, archive)
                if member.is_folder or is_junk(name):
                    continue
                names.append(name)
                if not matches(name, keep):
                    continue
                if not member.is_file:
                    raise _suspicious(archive, name, "it is a link or a device, not a file")
                total += member.size
                if total > limit:
                    raise PromptsegError(
                        f"{archive} would unpack to more than {limit / 1e9:g} GB, which is not plausible for a data "
                        "set. Nothing was unpacked. Check where the archive comes from, or narrow the patterns."
                    )
                _extract(member, temporary / name, archive)
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, LZMAError) as error:
            first_line = (str(error) or type(error).__name__).partition("\n")[0].rstrip(":")
            raise _damaged(archive, first_line) from error
        except (RuntimeError, NotImplementedError) as error:  # zipfile: encrypted, or a rare compression
            raise PromptsegError(
                f"{archive} cannot be unpacked ({error}). Unpack it with another program and use the source kind "
                "`folder` or `manual`."
            ) from error
        except OSError as error:
            if error.errno is None:  # bz2 and gzip report damage as OSError
                raise _damaged(archive, str(error)) from error
            raise
        require_matches(names, keep, str(archive))


def _extract(member: _Member, target: Path, archive: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as output, member.open() as stream:
            shutil.copyfileobj(stream, output, 1 << 20)
    except (FileExistsError, NotADirectoryError) as error:
        raise _suspicious(archive, member.raw_name, "another member has the same name") from error
    if target.stat().st_size != member.size:
        raise _damaged(archive, f"{member.raw_name} is shorter than it should be")
