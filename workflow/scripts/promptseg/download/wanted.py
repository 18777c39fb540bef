"""Which of the files that are there cases are made of."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from promptseg.config.formats import FORMATS, PAIRED, companions
from promptseg.config.patterns import fits
from promptseg.core.errors import PromptsegError

_HEADERS = tuple(suffix for format in ("NRRD", "MetaImage", "Analyze") for suffix in FORMATS[format]) + PAIRED


def wanted(names: Iterable[str], patterns: Sequence[str], path_of: Callable[[str], str]) -> dict[str, str]:
    """Those that fit a pattern, and the data files that their headers name, whether these are there or not.

    Args:
        names: relative posix names of the files that are there.
        patterns: globs of the cases, see `patterns.fits`.
        path_of: path of a file by its name.

    Returns:
        Name to path, sorted by name.

    Raises:
        PromptsegError: a name is not in UTF-8, so that no table can hold it.
    """
    found = {name: path_of(name) for name in names if fits(name, patterns)}
    for name, path in found.items():
        if not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name):
            raise PromptsegError(
                f"The name of the file {path!a} is not in UTF-8: rename it (`convmv` does that for a whole folder)."
            )
    for name, path in list(found.items()):
        if is_header(name):
            for other in companions(Path(path)):
                between = os.path.relpath(other, Path(path).parent)
                found.setdefault(Path(os.path.normpath(Path(name).parent / between)).as_posix(), other.as_posix())
    return dict(sorted(found.items()))


def is_header(name: str) -> bool:
    """Whether a file may need others."""
    return name.lower().endswith(_HEADERS)
