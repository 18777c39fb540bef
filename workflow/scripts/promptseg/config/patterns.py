"""The patterns in `cases`: globs with placeholders, over relative names with forward slashes."""

import fnmatch
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from promptseg.config.formats import READABLE

PLACEHOLDER = re.compile(r"\{(case|group|rater)\}")
# A group takes whole path parts, the others stay inside one.
_CAPTURES = {"case": "[^/]+?", "group": ".+?", "rater": "[^/]+?"}
# What a final `.*` stands for. The names of DICOM files often are numbers with points.
_SUFFIX = "(?i:" + "|".join(map(re.escape, READABLE)) + r"|\.[0-9]+)"


def composed(name: str) -> str:
    """The name with each letter and its accents as one character, in which systems differ (Unicode NFC)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def as_glob(pattern: str) -> str:
    """A pattern with `*` for its placeholders."""
    return re.sub(r"\*?" + PLACEHOLDER.pattern, "*", pattern)


def expression(pattern: str) -> re.Pattern[str]:
    """What matches composed names and captures the placeholders; see `cases.match_cases` for the language."""
    body, tail = (pattern[:-2], _SUFFIX) if pattern.endswith(".*") else (pattern, "")
    parts: list[str] = []
    seen: set[str] = set()
    for part in re.split(r"(\{case\}|\{group\}|\{rater\}|\*|\?|\[[^\]]+\])", composed(body)):
        placeholder = PLACEHOLDER.fullmatch(part)
        if placeholder:
            name = placeholder[1]
            # After `*` a placeholder would begin anywhere, and match as little as it can.
            start = "(?<![^/])" if parts and parts[-1] == ".*" else ""
            parts.append(f"{start}(?P={name})" if name in seen else f"{start}(?P<{name}>{_CAPTURES[name]})")
            seen.add(name)
        elif part.startswith("[") and part.endswith("]"):
            parts.append("[" + part[1:-1].replace("\\", r"\\").replace("!", "^", part[1] == "!") + "]")
        elif part:
            parts.append({"*": ".*", "?": "[^/]"}.get(part, re.escape(part)))
    return re.compile("".join(parts) + tail)


def fits(name: str, globs: Iterable[str]) -> bool:
    """Whether a name is what one of the globs of cases asks for.

    `*` crosses slashes, a final `.*` is the extension of an image that can be read.
    """
    return _any_of(tuple(globs), _SUFFIX).match(composed(name)) is not None


def fits_but_for_its_suffix(name: str, globs: Iterable[str]) -> bool:
    """Whether a name would fit if any suffix were that of an image, and does not."""
    globs = tuple(globs)
    return not fits(name, globs) and _any_of(globs, r"\.[^./]+").match(composed(name)) is not None


@cache
def _any_of(globs: tuple[str, ...], suffix: str) -> re.Pattern[str]:
    bodies = ((composed(glob.removesuffix(".*")), suffix if glob.endswith(".*") else "") for glob in globs)
    return re.compile("|".join(f"(?:{fnmatch.translate(body)[:-2]}{tail}\\Z)" for body, tail in bodies) or "(?!)")
