"""Snakemake's records of outputs, kept beside the outputs as well, so that results which are copied or moved keep them.

In `.snakemake/metadata` Snakemake notes with which parameters and inputs (names, checksums) an output was made. Without
these notes it goes by the times of files, which a copy does not keep. So at the end of a run they are written into
`<root>/.records.json.gz`, with paths below the two folders of a run as `<>/part`, and read back where that file is new
to this project. Contents decide then, once: each output is given a time after that of its inputs if these are what it
was made of, or else one before it. An output of another size than noted is marked as incomplete, and so is made again.
"""

import atexit
import gzip
import json
import logging
import os
import time
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.core.digests import Digests
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, write_json
from promptseg.core.shared import SHARED_PARTS

logger = logging.getLogger(__name__)

NAME = ".records.json.gz"
# What depends on this copy of the project, not on contents: the hash of an environment holds the place of its folder.
_LOCAL = {"conda_env": None, "software_stack_hash": None}


def at_start(run: str, shared: str, say: Callable[[str], object], dryrun: bool) -> None:
    """For `starting.AtStart`: restore records before anything is planned, and keep those of a run at its end."""
    try:
        records = Records(run, shared)
        if count := records.restore():
            say(f"{count} results came from elsewhere: what they were made of is read from {NAME} beside them.")
        if not dryrun:
            atexit.register(_keep, records)
    except (OSError, PromptsegError) as error:  # a folder that cannot be written: times decide
        logger.warning("The records of results cannot be read or kept: %s", error)


def _keep(records: "Records") -> None:
    try:
        records.keep()
    except (OSError, PromptsegError) as error:
        logger.warning("The records of results cannot be kept: %s", error)


class Records:
    """Of one run of this project."""

    def __init__(self, run: str, shared: str, folder: Path = Path(".snakemake")):
        """The run's folder, the shared one, and Snakemake's own."""
        from snakemake.persistence.file import FilePersistence

        self._run, self._shared, self._folder = run, shared, folder
        self._roots = sorted({run, shared}, key=len, reverse=True)  # one may lie in the other
        self._snakemake = FilePersistence(path=folder.absolute())
        self._stamps = folder / "promptseg.records.json"

    def restore(self) -> int:
        """Give Snakemake the records of outputs that came from elsewhere; how many these were."""
        seen, count = self._seen(), 0
        for root in self._roots:
            if seen.get(root, {}).get("file") != (state := _state(Path(root, NAME))):
                count += self._restore(root)
                self._see(root, state)
        return count

    def keep(self) -> None:
        """Write the records of this project that are new since the last time."""
        start, seen = time.time_ns(), self._seen()
        incomplete = {key for key, _ in self._files("incomplete")}
        new: dict[str, dict[str, Any]] = {root: {} for root in self._roots}
        for key, path in self._files("metadata"):
            if place := self._place(key):
                root, part = place
                if path.stat().st_mtime_ns > seen.get(root, {}).get("time", 0):
                    new[root][part] = path
        for root, paths in new.items():
            if not paths and not incomplete:
                continue
            before = _read(root)
            every = before | {part: self._portable(Path(root, part), path) for part, path in paths.items()}
            kept = {
                part: record
                for part, record in every.items()
                if record and f"{root}/{part}" not in incomplete and Path(root, part).exists()
            }
            if kept != before and Path(root).is_dir():
                with atomic(Path(root, NAME)) as temporary, gzip.open(temporary, "wt", compresslevel=3) as stream:
                    json.dump(kept, stream)
            self._see(root, _state(Path(root, NAME)), start)

    def outputs(self) -> list[str]:
        """The outputs that Snakemake has a record of, whether they are there or not."""
        return [key for key, _ in self._files("metadata")]

    def _restore(self, root: str) -> int:
        records = {
            f"{root}/{part}": self._here(record)
            for part, record in _read(root).items()
            if Path(root, part).exists() and (root == self._run or part.split("/")[0] in SHARED_PARTS)
        }
        new = {key: record for key, record in records.items() if self._known(key) != {**record, **_LOCAL}}
        self._date(new)
        for key, record in new.items():
            if Path(key).stat().st_size == record.pop("bytes"):
                path = Path(self._snakemake._record_path(self._folder / "metadata", key))
                write_json(path, record)
            else:
                self._snakemake._mark_incomplete(key, None)
        return len(new)

    def _known(self, key: str) -> dict[str, Any]:
        """What Snakemake has noted of an output already, as it would be restored."""
        path = Path(self._snakemake._record_path(self._folder / "metadata", key))
        return self._here(self._portable(Path(key), path)) if path.is_file() else {}

    def _date(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Times that say what contents say."""
        inputs = sorted({name for record in records.values() for name in record["input_checksums"] if _is_file(name)})
        found = dict(zip(inputs, Digests(self._folder / "promptseg.inputs.json").of(inputs), strict=True))
        now = time.time()
        for key, record in records.items():
            checksums = record["input_checksums"]
            other = [name for name in checksums if name in found and checksums[name] != f"sha256:{found[name]}"]
            date = min(Path(name).stat().st_mtime for name in other) - 1 if other else now
            try:
                os.utime(key, (date, date))
            except OSError:  # not ours: Snakemake compares times, and contents where these differ
                continue

    def _portable(self, output: Path, path: Path) -> dict[str, Any]:
        try:
            record = json.loads(path.read_bytes())
        except (OSError, ValueError):  # Snakemake does not write them atomically
            return {}
        size = {"bytes": output.stat().st_size} if output.exists() else {}
        return _with_paths(record, self._without_root) | _LOCAL | size

    def _here(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return _with_paths(record, self._with_root)

    def _without_root(self, path: str) -> str:
        place = self._place(path)
        return f"<>/{place[1]}" if place else path

    def _with_root(self, path: str) -> str:
        if not path.startswith("<>/"):
            return path
        part = path.removeprefix("<>/")
        shared = part.split("/")[0] in SHARED_PARTS and not Path(self._run, part).exists()
        return f"{self._shared if shared else self._run}/{part}"

    def _place(self, path: str) -> tuple[str, str] | None:
        """Root and part of a path below one of the roots."""
        return next(((root, path[len(root) + 1 :]) for root in self._roots if path.startswith(f"{root}/")), None)

    def _files(self, kind: str) -> Iterator[tuple[str, Path]]:
        """Output and file of each of Snakemake's records: a long name is cut into folders whose names start with @."""
        for folder, _, names in os.walk(self._folder / kind):
            parts = Path(folder).relative_to(self._folder / kind).parts
            for name in names:
                coded = "".join(part.removeprefix("@") for part in (*parts, name))
                try:
                    yield urlsafe_b64decode(coded).decode(), Path(folder, name)
                except ValueError:  # not one of them
                    continue

    def _seen(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._stamps.read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def _see(self, root: str, state: list[int] | None, until: int = 0) -> None:
        seen = self._seen()
        write_json(self._stamps, {**seen, root: {"file": state, "time": until}})


def _with_paths(record: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """A record with other paths, in the order that Snakemake compares them in."""
    lists = {name: sorted(map(change, record.get(name) or [])) for name in ("input", "log")}
    checksums = {change(name): checksum for name, checksum in (record.get("input_checksums") or {}).items()}
    return {**record, **lists, "input_checksums": checksums}


def _read(root: str) -> dict[str, dict[str, Any]]:
    """What is kept in a root; nothing where there is none or it is damaged."""
    try:
        with gzip.open(Path(root, NAME), "rt") as stream:
            found: dict[str, dict[str, Any]] = json.load(stream)
    except (OSError, ValueError, EOFError, zlib.error):
        return {}
    return found


def _state(path: Path) -> list[int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return [about.st_mtime_ns, about.st_size, about.st_ino]


def _is_file(name: str) -> bool:
    return Path(name).is_file()
