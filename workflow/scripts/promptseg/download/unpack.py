"""Unpack the wanted members of archives, or nothing if an archive is not to be trusted."""

import logging
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from promptseg.config.patterns import fits
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.download.archives import is_archive, is_junk, is_plain, is_zip, matches

logger = logging.getLogger(__name__)

LIMIT = 200 * 10**9  # bytes
# What an archive may hold, in bytes and as a multiple of its own: zeros can be packed a thousand times as small, masks
# of few objects, unless packed already, two hundred times.
_ALWAYS, _TIMES = 10**9, 200
_DEPTH = 3  # archives in archives in archives
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, LZMAError)


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
    if not is_plain(raw_name):
        raise _suspicious(archive, raw_name, "its name leads out of the folder or is no plain relative path")
    return PurePosixPath(raw_name).as_posix()


def _suspicious(archive: Path, member: str, reason: str) -> PromptsegError:
    return PromptsegError(
        f"{archive}: the member {member!r} is suspicious: {reason}. Nothing was unpacked. Do not use this archive; get "
        "it from its publisher again."
    )


def _damaged(archive: Path, reason: str) -> PromptsegError:
    return PromptsegError(f"{archive} is damaged or incomplete ({reason}). Delete it and run again to get it anew.")


@dataclass(frozen=True)
class Packed:
    """An archive to unpack.

    Attributes:
        path: where it lies.
        below: what the names of its members go on from, such as "site A/"; it ends in a slash or is empty.
        inner: globs over the members' names: those that match are archives, which are unpacked as well.
        there: names that lie unpacked beside it already: the members of these names are left out.
    """

    path: Path
    below: str = ""
    inner: Sequence[str] = ()
    there: Collection[str] = ()


def unpack(
    archives: Sequence[Packed],
    folder: Path,
    keep: Sequence[str],
    check: Callable[[Sequence[str]], None] = lambda _: None,
    *,
    limit: int = LIMIT,
) -> dict[Path, list[str]]:
    """Unpack the members that match a pattern into `folder`, which appears whole or not at all.

    What macOS adds (`._*`, `__MACOSX`) is skipped. Permissions, owners and times are not restored. The names of what is
    in an inner archive go on below its own name: `set/inner.zip/image.png`.

    A file of a zip archive whose content is damaged becomes an empty file, with a warning: no reader takes that for an
    image, so the case that it belongs to fails and the others do not. Other formats cannot be read behind damage.

    Args:
        keep: globs over the names of the members, see `patterns.fits`.
        check: gets the names of all members, wanted or not, before the folder appears, and may object. Inner archives
            are not among them, nor is what is there already.
        limit: bytes that the unpacked files may have together.

    Returns:
        The archives with damaged files, and the names of these.

    Raises:
        PromptsegError: an archive is damaged as a whole; a member's name leads out of the folder; a wanted member is a
            link or a device; two wanted members have the same name; the files would exceed the limit, the room on the
            disk, or what an archive of that size plausibly holds.
    """
    damaged = {}
    names: list[str] = []
    with atomic(folder) as temporary:
        temporary.mkdir()
        left = limit
        origins: dict[str, Path] = {}
        for archive in archives:
            unpacking = _Unpacking(archive, temporary, keep, limit, left, origins)
            unpacking.run(archive.path, archive.below)
            names += unpacking.names
            left = unpacking.left
            if unpacking.damaged:
                damaged[archive.path] = unpacking.damaged
        check(names)
    return damaged


class _Unpacking:
    """One archive on its way into a folder."""

    def __init__(
        self, archive: Packed, folder: Path, keep: Sequence[str], limit: int, left: int, origins: dict[str, Path]
    ):
        self.archive, self.folder, self.keep, self.limit, self.left = archive, folder, keep, limit, left
        self._origins = origins  # of what other archives gave
        self.names: list[str] = []
        self.damaged: list[str] = []
        self._there = set(archive.there)
        self._may_hold = max(_ALWAYS, _TIMES * archive.path.stat().st_size)

    def run(self, archive: Path, below: str, depth: int = 0) -> None:
        """Unpack the archive, or one inside it."""
        if depth > _DEPTH:
            raise _suspicious(self.archive.path, below, f"archives lie in one another more than {_DEPTH} deep")
        wanted = lost = 0
        zipped = is_zip(archive)
        try:
            with closing(_zip_members(archive) if zipped else _tar_members(archive)) as members:
                for member in members:
                    name = below + _safe_name(member.raw_name, self.archive.path)
                    if member.is_folder or is_junk(name):
                        continue
                    if name in self._there:
                        continue
                    inner = matches(name, self.archive.inner) and is_archive(Path(name))
                    if not inner:
                        self.names.append(name)
                        if not fits(name, self.keep):
                            continue
                    wanted += 1
                    lost += not self._take(member, name, inner, zipped, depth)
        except _DAMAGE as error:
            raise _damaged(archive, _first_line(error)) from error
        except (RuntimeError, NotImplementedError) as error:  # zipfile: encrypted, or a rare compression
            raise PromptsegError(
                f"{archive} needs a password, or is packed in a rare way. Unpack it with another program and use the "
                "source kind `folder` or `manual`."
            ) from error
        except OSError as error:
            if error.errno is None:  # bz2 and gzip report damage as OSError
                raise _damaged(archive, str(error)) from error
            raise
        if wanted and lost == wanted:
            raise _damaged(archive, "no file in it can be read")

    def _take(self, member: _Member, name: str, inner: bool, zipped: bool, depth: int) -> bool:
        """Unpack one member; False if its content is damaged."""
        if not member.is_file:
            raise _suspicious(self.archive.path, name, "it is a link or a device, not a file")
        self._count(member, name)
        if inner:
            with tempfile.TemporaryDirectory(prefix=".inner-", dir=self.folder.parent) as holder:
                packed = Path(holder) / PurePosixPath(name).name
                _extract(member, packed, self.archive.path, name)
                self.run(packed, name + "/", depth + 1)
            return True
        if self._origins.setdefault(name, self.archive.path) != self.archive.path:
            raise PromptsegError(
                f"{name} is in {self._origins[name]} and in {self.archive.path}: a name must be that of one file. "
                "Remove one of the two archives, or put their files into folders of different names."
            )
        try:
            _extract(member, self.folder / name, self.archive.path, name)
        except _DAMAGE as error:
            if not zipped:
                raise
            logger.warning(
                "%s: %s is damaged (%s). It is left empty, so that its case fails and the others do not",
                self.archive.path,
                name,
                _first_line(error),
            )
            (self.folder / name).write_bytes(b"")
            self.damaged.append(name)
            return False
        return True

    def _count(self, member: _Member, name: str) -> None:
        """Add the size that a member states, which no member exceeds when it is unpacked.

        Raises:
            PromptsegError: it would be too much.
        """
        path = self.archive.path
        self.left -= member.size
        if self.left < 0:
            raise PromptsegError(
                f"{path} would unpack to more than {self.limit / 1e9:g} GB, which is not plausible for a dataset. "
                "Nothing was unpacked. Check where the archive comes from, or narrow the patterns."
            )
        self._may_hold -= member.size
        if self._may_hold < 0:
            raise PromptsegError(
                f"{path} ({path.stat().st_size / 1e6:.1f} MB) would unpack to more than {_ALWAYS / 1e9:g} GB and to "
                f"more than {_TIMES} times its size, as archives do that are made to fill disks. Nothing was unpacked. "
                "Check where it comes from; if it is right, unpack it yourself and use the source kind `folder`."
            )
        free = shutil.disk_usage(self.folder).free
        if member.size > free:
            raise PromptsegError(
                f"No room to unpack {path}: {name} takes {member.size / 1e6:.1f} MB, and {free / 1e6:.1f} MB are left "
                f"at {self.folder.parent.parent}. Nothing was unpacked. Free some space and run again."
            )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0].rstrip(":")


def _extract(member: _Member, target: Path, archive: Path, name: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as output, member.open() as stream:
            shutil.copyfileobj(stream, output, 1 << 20)
    except (FileExistsError, NotADirectoryError) as error:
        raise _suspicious(archive, name, "another member has the same name") from error
    if target.stat().st_size != member.size:
        raise zipfile.BadZipFile(f"{name} is shorter than it should be")
