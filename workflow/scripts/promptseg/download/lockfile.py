"""The checksums of files of which nobody states one: the first complete file counts, later ones have to equal it."""

import fcntl
import logging
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.core.exhausted import exhausted
from promptseg.core.files import atomic

logger = logging.getLogger(__name__)

_HEADER = """\
# Archives of datasets whose publisher states no checksum: what the first complete download was. Later ones, those put
# there by hand included, have to be the same file. And weights of your own (checkpoint: path) as they were when first
# used; a later difference is said. Written by the workflow; delete an entry to accept a changed file.
"""


class LockFile:
    """A YAML file, name of an archive to {sha256, bytes, url, date}; safe with several jobs at once."""

    def __init__(self, path: Path):
        self.path = path

    def checksum(self, name: str) -> Checksum | None:
        """What is recorded of an archive.

        Raises:
            PromptsegError: the file cannot be read.
        """
        entry = self._entries().get(name)
        if entry is None:
            return None
        return Checksum(
            "sha256",
            str(entry["sha256"]),
            f"recorded on {entry['date']} in {self.path}; to accept a changed file, delete the entry {name!r} there",
        )

    def record(self, name: str, file: Path, url: str, sha256: str) -> None:
        """Record a complete file under a name that has no entry yet.

        Where the lock file cannot be written, that is logged: the file counts all the same, and so does the next one.

        Args:
            url: where it came from, fit to be shown.
            sha256: its digest.
        """
        entry = {"sha256": sha256, "bytes": file.stat().st_size, "url": url, "date": date.today().isoformat()}
        self._entries()  # a damaged lock file is an error; one that cannot be written is not
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(f".{self.path.name}.guard").open("w") as guard:
                fcntl.flock(guard, fcntl.LOCK_EX)
                entries = {name: entry, **self._entries()}
                text = _HEADER + yaml.safe_dump(dict(sorted(entries.items())), sort_keys=False)
                with atomic(self.path) as temporary:
                    temporary.write_text(text)
        except (OSError, PromptsegError) as error:
            problem = (isinstance(error, OSError) and exhausted(error)) or error
            logger.warning("%s is not recorded, so that a later change of it will not be seen: %s", name, problem)

    def _entries(self) -> Mapping[str, Mapping[str, Any]]:
        if not self.path.exists():
            return {}
        try:
            entries = yaml.safe_load(self.path.read_text(encoding="utf-8")) or {}
            if all({"sha256", "date"} <= entry.keys() for entry in entries.values()):
                return entries
        except (yaml.YAMLError, AttributeError, UnicodeError):
            pass
        raise PromptsegError(f"{self.path} is damaged: repair it, or delete it to record all archives anew.")
