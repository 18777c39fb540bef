"""What names tell: which files are archives, and of what; which are wanted, junk, or lead out of a folder."""

import fnmatch
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from promptseg.config.formats import FORMATS
from promptseg.config.patterns import fits, fits_but_for_its_suffix
from promptseg.core.errors import PromptsegError

_ZIP = (".zip", ".whl")
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_JUNK = ("__macosx", ".ds_store", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini")
_SAMPLE = 5  # names that an error lists


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive that `unpack` reads: zip, or tar with gzip, bzip2, xz or nothing."""
    return path.name.lower().endswith(_ZIP + _TAR)


def is_zip(path: Path) -> bool:
    """Whether the name is that of a zip archive."""
    return path.name.lower().endswith(_ZIP)


def stem(path: Path) -> str:
    """The name of an archive without what makes it one."""
    suffixes = [suffix for suffix in _ZIP + _TAR if path.name.lower().endswith(suffix)]
    return path.name[: -len(max(suffixes, key=len, default="")) or None]


def zip_names(path: Path, below: str = "") -> list[str]:
    """The names of the files in a zip archive, without unpacking it; none if it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [below + info.filename for info in archive.infolist() if not info.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return []


def is_junk(name: str) -> bool:
    """Whether a posix name belongs to what macOS or Windows leaves in folders and archives."""
    return any(part.startswith("._") or part.lower() in _JUNK for part in name.split("/"))


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a posix name matches one of the globs; `*` crosses slashes, and upper and lower case differ."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def require_matches(names: Sequence[str], patterns: Sequence[str], place: str) -> None:
    """Raise a `PromptsegError` that names the first pattern of cases that none of the names in `place` fits."""
    for pattern in patterns:
        if not any(fits(name, [pattern]) for name in names):
            nearly = [name for name in names if fits_but_for_its_suffix(name, [pattern])]
            there = ", ".join(sorted(nearly or names)[:_SAMPLE]) or "nothing"
            more = f" and {len(names) - _SAMPLE} more" if len(names) > _SAMPLE else ""
            but = f", which is no format that can be read ({', '.join(FORMATS)})" if nearly else ""
            raise PromptsegError(
                f"No file in {place} matches the pattern {pattern}. There is {there}{more}{but}. "
                "Correct the pattern under `cases` of the dataset, or the data."
            )


def is_plain(name: str) -> bool:
    """Whether a posix name stays inside the folder that it is relative to, on every system."""
    leaves = (
        name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name) or re.search(r"[\\\0]", name)
    )
    return not leaves
