"""Digests that files must have, and a record of those that were checked, so that large ones are read once."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from promptseg.core.errors import PromptsegError
from promptseg.core.files import digest, write_json

logger = logging.getLogger(__name__)

_DIGEST_LENGTH = {"sha256": 64, "md5": 32}
_GRACE = 60 * 10**9  # nanoseconds


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
        return f"expected {self.algorithm} {self.value.lower()}{origin}, found {found}"

    def keep(self, path: Path) -> None:
        """Record beside a file that it was just found to have this checksum, for `verify_unless_kept`."""
        write_json(_record(path), self._state(path))

    def verify_unless_kept(self, path: Path) -> str | None:
        """As `verify`, but without reading the file if its record says that it was checked and it is the same since.

        It is if it has the same size and place on disk, and nothing about it changed later than a minute after the
        record was written (Snakemake touches the outputs of a job that ended). The time of the last change is the one
        that no program can set: a file that was replaced, copied, written to or given its old date back is read again.
        """
        record = _record(path)
        try:
            kept = json.loads(record.read_text()) == self._state(path)
            kept = kept and path.stat().st_ctime_ns <= record.stat().st_mtime_ns + _GRACE
        except (OSError, ValueError):
            kept = False
        if not kept:
            return self.verify(path)
        logger.info("%s is as it was when its %s was checked", path, self.algorithm)
        return None

    def _state(self, path: Path) -> dict[str, str | int]:
        found = path.stat()
        return {self.algorithm: self.value.lower(), "bytes": found.st_size, "inode": found.st_ino}


def _record(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked.json")
