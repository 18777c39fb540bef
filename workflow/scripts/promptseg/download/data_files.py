"""Data files of headers, and other files of pairs: they belong to a dataset, although no pattern names them."""

import os
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from promptseg.config.formats import DATA, FORMATS, PAIRED, companions

_APART = (".nhdr", ".mhd", *FORMATS["Analyze"], *PAIRED)
_RARELY_APART = (*FORMATS["NRRD"], *FORMATS["MetaImage"])
_LARGEST_HEADER = 2**16  # bytes; larger files hold the values themselves


def data_of(files: Mapping[str, str | Path]) -> dict[str, Path]:
    """The further files that some of the files need, by relative posix names that start where theirs do."""
    found: dict[str, Path] = {}
    for name, place in files.items():
        lower = name.lower()
        if lower.endswith(_APART) or (lower.endswith(_RARELY_APART) and _size(Path(place)) <= _LARGEST_HEADER):
            path = Path(place)
            for other in companions(path):
                relative = Path(os.path.relpath(other, path.parent)).as_posix()
                found[posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))] = other
    return {name: path for name, path in found.items() if name not in files}


def data_patterns(patterns: Sequence[str]) -> list[str]:
    """Globs of what may be data files of the headers that the patterns name: in their folders, or below.

    For files that cannot be looked into yet, such as those in an archive.
    """
    headers = [pattern for pattern in patterns if pattern.lower().endswith(_APART)]
    folders = dict.fromkeys(posixpath.dirname(pattern) for pattern in headers)
    return [posixpath.join(folder, f"*{suffix}") for folder in folders for suffix in DATA]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
