"""Folders `.partial-<host>.<process>.<random>` of files that are not whole yet, and what is left of them after a kill.

No `finally` runs at a SIGKILL, so such a folder stays. It goes where the next file beside it is written, and at the
start of the next run. Of those of this machine the number of the process tells whether anybody still writes there;
those of another machine, on a shared file system, go once nothing in them has changed for a day.
"""

import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from promptseg.core.processes import is_alive

_PREFIX = ".partial-"
_NAME = re.compile(rf"{re.escape(_PREFIX)}(?P<host>.+)\.(?P<process>\d+)\.\w+")
_UNTOUCHED = 86_400  # seconds
_DEPTH = 5  # levels of folders below a root in which files are written; fewer where they hold very many files
_DEPTHS = {"raw": 2, "explorer": 1, "exports": 2, "conda": 0, "metadata": 1}


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, which is made, for files that become whole; it goes with the block."""
    parent.mkdir(parents=True, exist_ok=True)
    remove_dead(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{platform.node()}.{os.getpid()}.", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_dead(parent: Path) -> int:
    """Remove what killed processes left directly in a folder; how many of them."""
    dead = [path for path in parent.glob(f"{_PREFIX}*") if not _may_live(path)]
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)
    return len(dead)


def at_start(roots: Iterable[str], say: Callable[[str], object], dryrun: bool) -> None:
    """For `starting.AtStart`: a run removes what killed processes left in its folders, and says so."""
    count = 0 if dryrun else sum(remove_dead(folder) for root in set(roots) for folder in _folders(Path(root)))
    if count:
        say(f"Unfinished files of processes that were killed are removed: {count}.")


def _folders(root: Path) -> Iterator[Path]:
    for folder, below, _ in os.walk(root):
        yield Path(folder)
        parts = Path(folder).relative_to(root).parts
        below[:] = [
            name
            for name in below
            if not name.startswith(_PREFIX) and len(parts) < _DEPTHS.get((*parts, name)[0], _DEPTH)
        ]


def _may_live(folder: Path) -> bool:
    named = _NAME.fullmatch(folder.name)
    if named and named["host"] == platform.node():
        return is_alive(int(named["process"]))
    return any(_is_recent(path) for path in (folder, *folder.rglob("*")))


def _is_recent(path: Path) -> bool:
    try:
        return path.lstat().st_mtime > time.time() - _UNTOUCHED
    except OSError:  # just gone
        return False
