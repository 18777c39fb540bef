"""Digests that files must have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from promptseg.core.errors import PromptsegError
from promptseg.core.files import digest

_DIGEST_LENGTH = {"sha256": 64, "md5": 32}


@dataclass(frozen=True)
class Checksum:
    """The digest that a file must have.

    Attributes:
        origin: who says so, if that is not the configuration; errors tell it.
    """

    algorithm: str
    value: str
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        length = _DIGEST_LENGTH.get(self.algorithm)
        if length is None or not re.fullmatch(f"[0-9a-fA-F]{{{length}}}", self.value):
            raise PromptsegError(
                f"{self.algorithm}: {self.value} is no checksum. Give the 64 hexadecimal digits of a sha256, or the 32 "
                "of an md5."
            )

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> Self | None:
        """The checksum under the key `sha256`, or else `md5`; None where there is neither.

        Raises:
            PromptsegError: the value has not the form of such a checksum.
        """
        for algorithm in _DIGEST_LENGTH:
            if entry.get(algorithm):
                return cls(algorithm, str(entry[algorithm]))
        return None

    def verify(self, path: Path) -> str | None:
        """None if the file has this checksum, or else what was expected and what was found."""
        return self.compare(digest(path, self.algorithm))

    def compare(self, found: str) -> str | None:
        """As `verify`, of a file whose digest by this algorithm is known."""
        if found == self.value.lower():
            return None
        origin = f" ({self.origin})" if self.origin else ""
        return f"expected {self.algorithm} {self.value.lower()}{origin}, found {found or 'nothing that can be read'}"
