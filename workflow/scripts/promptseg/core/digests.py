"""Digests of files that may be many or large: a file is read again only if something about it has changed."""

import hashlib
import json
import logging
import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, digest

logger = logging.getLogger(__name__)

_FRESH = 2 * 10**9  # nanoseconds; within them a file may change once more and keep its times
_BUNDLE = 256  # files that a thread reads in a row
_THREADS = 8  # on a network file system they wait most of the time
_MANY, _MUCH = 10_000, 10**9  # files, bytes: reading them takes seconds
# Bytes, time of modification, time of the last change of anything, place on disk.
State: TypeAlias = tuple[int, int, int, int]


class Digests:
    """Digests by path, kept in a JSON file: algorithm -> path -> [*state, digest].

    What is kept of a file counts as long as its size, its place on disk (inode), its time of modification and its
    ctime, which no program can set, are the same. So a file that was replaced, copied, touched or given its old time
    back is read again, and then has the digest of its bytes. A record that is damaged or gone costs time only; none is
    written where there is no folder for it.
    """

    def __init__(self, record: Path):
        self._record = record

    def of(
        self, files: Iterable[str | Path], algorithm: str = "sha256", say: Callable[[str], None] = logger.info
    ) -> list[str]:
        """The hexadecimal digest of each file; empty for what cannot be read.

        That is a link to nothing, a file without permission, and what is no file, such as a pipe.

        Args:
            say: gets a line before work that takes seconds.
        """
        paths = list(map(str, files))
        record = self._read()
        kept = record.setdefault(algorithm, {})
        found: dict[str, str] = {}
        new: list[tuple[str, State]] = []
        for path in paths:
            state, known = state_of(path), kept.get(path)
            if state is None:
                found[path] = ""
            elif known and tuple(known[:-1]) == state:
                found[path] = known[-1]
            else:
                new.append((path, state))
        size = sum(state[0] for _, state in new)
        if len(new) > _MANY or size > _MUCH:
            say(f"Reading {len(new):,} new or changed files ({size / 1e9:.1f} GB) for their checksums")
        if new:
            bundles = [new[start : start + _BUNDLE] for start in range(0, len(new), _BUNDLE)]
            with ThreadPoolExecutor(_THREADS) as pool:
                for read in pool.map(partial(_digests, algorithm), bundles):
                    for path, value, lasting in read:
                        found[path] = value
                        kept[path] = [*lasting, value] if lasting else []
            self._write(record, set(paths))
        return [found[path] for path in paths]

    def _read(self) -> dict[str, dict[str, list[Any]]]:
        try:
            record: dict[str, dict[str, list[Any]]] = json.loads(self._record.read_bytes())
            if all(len(entry) == 5 for entries in record.values() for entry in entries.values()):
                return record
        except (OSError, ValueError, AttributeError, TypeError):
            pass
        return {}

    def _write(self, record: dict[str, dict[str, list[Any]]], asked: set[str]) -> None:
        """Without files that are gone. Of two processes the last one counts; the other reads its files once more."""
        lasting = {
            algorithm: {
                path: entry for path, entry in entries.items() if entry and (path in asked or Path(path).exists())
            }
            for algorithm, entries in record.items()
        }
        if not self._record.parent.is_dir():
            return
        try:
            with atomic(self._record) as temporary:
                temporary.write_text(json.dumps(lasting))
        except (OSError, PromptsegError) as error:  # a read-only folder: the digests are right all the same
            logger.debug("%s cannot be written: %s", self._record, error)


def state_of(path: str) -> State | None:
    """None for what is no file that could be read."""
    try:
        about = os.stat(path)  # noqa: PTH116, a Path for each of 100,000 files takes seconds
    except OSError:
        return None
    if not stat.S_ISREG(about.st_mode):
        return None
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


def _digests(algorithm: str, files: Iterable[tuple[str, State]]) -> list[tuple[str, str, Sequence[int]]]:
    """Path, digest, and the state that it holds for; no state where the file changes, or did a moment ago."""
    found: list[tuple[str, str, Sequence[int]]] = []
    for path, state in files:
        start = time.time_ns()
        try:
            value = digest(path, algorithm)
        except OSError:
            found.append((path, "", ()))
            continue
        lasting = start - state[2] > _FRESH and state_of(path) == state
        found.append((path, value, state if lasting else ()))
    return found


def joined(files: Iterable[tuple[str, str]]) -> str:
    """One digest of the names and digests of files, whatever their order."""
    return hashlib.sha256(json.dumps(sorted(files)).encode()).hexdigest()
