"""Which of the named segments of a file are meant."""

import logging
import re
from collections.abc import Hashable, Mapping
from typing import TypeVar

from promptseg.core.errors import PromptsegError

logger = logging.getLogger(__name__)
Key = TypeVar("Key", bound=Hashable)


class NoneMatchesError(PromptsegError):
    """No segment of one file has the name; another file of the case may have it."""


def matching(
    names: Mapping[Key, str],
    pattern: str,
    file: str,
    meanings: Mapping[Key, str] | None = None,
    codes: Mapping[Key, str] | None = None,
) -> list[Key]:
    """The segments of a file that a pattern means; several are one object.

    Args:
        names: of all segments.
        pattern: regular expression on a part of the name, case-insensitive. A name that equals it matches, too, so that
            `GTV+5mm` or `Lung (left)` need no backslashes.
        file: for messages.
        meanings: what kind of thing each segment is; they are asked in the same way if no name matches.
        codes: of the kinds, as `SCT:10200004`; asked if no meaning matches, and have to be equal, with or without the
            part before the colon.

    Raises:
        NoneMatchesError: with what is there.
    """
    meanings, codes = meanings or {}, codes or {}
    found = [key for key, name in names.items() if _means(pattern, name)]
    found = found or [key for key, meaning in meanings.items() if _means(pattern, meaning)]
    found = found or [
        key for key, code in codes.items() if pattern.lower() in (code.lower(), code.split(":")[-1].lower())
    ]
    if not found:
        there = ", ".join(
            repr(name) + (f" ({meanings[key]}, {codes[key]})" if key in meanings and key in codes else "")
            for key, name in names.items()
        )
        raise NoneMatchesError(f"{file} has {there or 'none at all'}")
    if len(found) > 1:
        united = ", ".join(repr(names[key]) for key in found)
        logger.info("%s: `segment: %s` means %d segments, which are united: %s", file, pattern, len(found), united)
    return found


def _means(pattern: str, name: str) -> bool:
    if name.strip().lower() == pattern.strip().lower():
        return True
    try:
        return re.search(pattern, name, re.IGNORECASE) is not None
    except re.error:
        return False
