"""Where the files of a dataset come from, and the list of them (`files.csv`) that the next stage works from."""

import glob
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.config.patterns import fits, fits_but_for_its_suffix
from promptseg.core.checksums import Checksum
from promptseg.core.digests import Digests
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.download.archives import is_archive, matches, require_matches
from promptseg.download.contents import RECORD
from promptseg.download.dropfolder import DropFolder, manual_download_error, walk
from promptseg.download.lockfile import LockFile
from promptseg.download.origins import archive_name, is_dropped, package_folders
from promptseg.download.unpack import Packed, unpack
from promptseg.download.urls import redact
from promptseg.download.wanted import wanted

logger = logging.getLogger(__name__)

COLUMNS = ["name", "path", "bytes", "sha256"]


def _user_folder(dataset: str, source: Mapping[str, Any]) -> dict[str, Path]:
    root = Path(source["path"]).expanduser()
    if not root.is_dir():
        raise PromptsegError(
            f"The folder {root} of the dataset {dataset} does not exist. Correct `source: {{path: ...}}` under "
            f"`datasets: {dataset}`; a relative path starts at {Path.cwd()}."
        )
    return walk(root)


def _package_data(dataset: str, source: Mapping[str, Any]) -> dict[str, Path]:
    roots = package_folders(source["package"])
    if not roots:
        raise PromptsegError(
            f"The dataset {dataset} needs the files of the package {source['package']}, which is not installed here "
            "as a folder. Install it into the environment that runs the pipeline."
        )
    found: dict[str, Path] = {}
    for root in roots:
        found = walk(root) | found
    return found


class _Collection:
    """The files of a dataset, from all its sources."""

    def __init__(self, dataset: str, sources: Sequence[Mapping[str, Any]], patterns: Sequence[str], drop: Path):
        self.dataset, self.patterns = dataset, patterns
        self.found: dict[str, Path] = {}
        self.packed: dict[str, Packed] = {}  # by the name in the lock file
        self.places: list[str] = []
        self.members: Sequence[str] = []  # names in the archives
        self.unstated: dict[str, tuple[Path, str]] = {}  # lock name to a file without a checksum, and its address
        self.dropped = [source for source in sources if is_dropped(source)]
        self.drop = DropFolder(drop)
        self.digests = Digests(drop / RECORD)

    def add(self, files: Mapping[str, Path], place: str) -> None:
        for name in files.keys() & self.found.keys():
            if fits(name, self.patterns):
                raise self._twice(name, self.found[name], files[name])
        self.found |= files
        self.places.append(place)

    def _twice(self, name: str, first: Path, second: Path) -> PromptsegError:
        return PromptsegError(
            f"Two sources of the dataset {self.dataset} have a file {name}: {first} and {second}. A name must be "
            f"that of one file: narrow the sources or the patterns under `datasets: {self.dataset}`."
        )

    def add_archive(self, source: Mapping[str, Any], archive: Path) -> None:
        checksum = Checksum.from_mapping(source)
        # A file that was put there by hand has not passed through `fetch_archive`.
        wrong = self._wrong(archive, checksum)
        if wrong:
            raise _other_file(archive, wrong)
        if not checksum:
            self.unstated[archive.name] = archive, redact(source["url"])
        if is_archive(archive):
            self.packed[archive.name] = Packed(archive, inner=source.get("unpack", []))
            self.places.append(str(archive))
        else:
            self.add({archive.name: archive}, str(archive))

    def add_dropped(self) -> None:
        """What lies in the drop folder, for all sources that use it together."""
        self.add(self.drop.loose, str(self.drop.folder))
        packed = self.drop.packed([glob for source in self.dropped for glob in source.get("unpack", [])])
        homes = ", ".join(dict.fromkeys(source.get("home") or source["url"] for source in self.dropped))
        for name, archive in packed.items():
            self.packed[f"{self.dataset}/{name}"] = archive
            self.unstated[f"{self.dataset}/{name}"] = archive.path, homes

    def check(self, names: Sequence[str]) -> None:
        """Whether everything is there, given the names in the archives."""
        for source in self.dropped:
            there = [*self.drop.loose, *names]
            missing = [
                pattern for pattern in source.get("files", []) if not any(matches(name, [pattern]) for name in there)
            ]
            if missing:
                raise manual_download_error(self.dataset, source, self.drop.folder, missing)
        for name in self.found.keys() & set(names):
            if fits(name, self.patterns):
                raise self._twice(name, self.found[name], Path("an archive"))
        self.members = names
        require_matches([*self.found, *names], self.patterns, " and ".join(self.places))

    def _wrong(self, archive: Path, checksum: Checksum | None) -> str | None:
        return checksum.compare(*self.digests.of([archive], checksum.algorithm)) if checksum else None

    def unpack(self, folder: Path, lock: LockFile | None) -> None:
        for name, (path, _) in self.unstated.items():
            recorded = lock.checksum(name) if lock else None
            wrong = self._wrong(path, recorded)
            if wrong:
                raise _other_file(path, wrong)
        damaged: Mapping[Path, Sequence[str]] = {}
        if self.packed:
            unpacked = folder / "unpacked"
            archives = list(self.packed.values())
            damaged = unpack(archives, unpacked, self.patterns, self.check)
            data = self._data_of_headers(unpacked)
            if data:
                damaged = unpack(archives, unpacked, [*self.patterns, *map(glob.escape, data)])
            self.found |= walk(unpacked)
        else:
            self.check([])
        for name, (path, url) in self.unstated.items():
            # One with damage may be a download that went wrong: it is no measure for later ones.
            if lock and path not in damaged and lock.checksum(name) is None:
                lock.record(name, path, url, *self.digests.of([path]))

    def _data_of_headers(self, unpacked: Path) -> list[str]:
        """Members that were not unpacked, but which the header of one that was names as its data."""
        there = walk(unpacked)
        left = set(self.members) - there.keys()
        pairs = {_stem(name) for name in there if _stem(name) != name}
        needed = wanted(there, self.patterns, lambda name: str(there[name]))
        return sorted(left & needed.keys() | {name for name in left if _stem(name) in pairs})


def _stem(name: str) -> str:
    """The name of both files of an Analyze or NIfTI pair."""
    return re.sub(r"\.(hdr|img)(\.gz)?$", "", name, flags=re.IGNORECASE)


def _other_file(path: Path, wrong: str) -> PromptsegError:
    return PromptsegError(f"{path} is not the file it should be: {wrong}. Delete or replace it and run again.")


def collect(
    dataset: str,
    sources: Sequence[Mapping[str, Any]],
    patterns: Sequence[str],
    archives: Mapping[str, Path],
    folder: Path,
    lock: LockFile | None = None,
    drop: Path | None = None,
) -> pd.DataFrame:
    """List the files of a dataset that match a pattern, after unpacking its archives if it has some.

    Args:
        dataset: name of the dataset, for errors.
        sources: the entry's sources, see `origins.sources_of`.
        patterns: globs over the files' names, see `patterns.fits` and `case_patterns`; each must match a file.
        archives: what `fetch_archive` fetched, by `origins.archive_name`.
        folder: the dataset's own folder: `unpacked` is made in it.
        lock: holds archives without a stated checksum to what they were the first time.
        drop: the drop folder; `folder` by default.

    Returns:
        One row per file, sorted by name: `name` (relative posix name in the source), `path` (where to open it),
        `bytes`, `sha256` (empty for a file that cannot be read). Files of packages and of users are listed where they
        are, not copied.

    Raises:
        PromptsegError: a source is missing or not as described, a pattern matches nothing, or two sources have a file
            of the same name.
    """
    collection = _Collection(dataset, sources, patterns, drop or folder)
    for source in sources:
        name = archive_name(source)
        if name is not None:
            collection.add_archive(source, archives[name])
        elif source["kind"] == "folder":
            collection.add(_user_folder(dataset, source), source["path"])
        elif source["kind"] == "package_data":
            collection.add(_package_data(dataset, source), f"the package {source['package']}")
    if collection.dropped:
        collection.add_dropped()
    collection.unpack(folder, lock)
    return list_files(collection.found, patterns, collection.digests)


def list_files(found: Mapping[str, Path], patterns: Sequence[str], digests: Digests) -> pd.DataFrame:
    """The files that are wanted, see `wanted`, with size and digest, as `collect` returns them.

    A file that cannot be read, such as a link to nothing, has no digest and 0 bytes: its case fails, others do not.
    """
    chosen = wanted(found, patterns, lambda name: found[name].as_posix())
    values = digests.of(chosen.values())
    sizes = [Path(path).stat().st_size if value else 0 for path, value in zip(chosen.values(), values, strict=True)]
    left = [name for name in sorted(found) if name not in chosen and fits_but_for_its_suffix(name, patterns)]
    if left:
        shown = ", ".join(left[:5]) + f", ... ({len(left)} in all)" * (len(left) > 5)
        logger.info("Left out, because by their names they are not images: %s", shown)
    return pd.DataFrame(zip(chosen, chosen.values(), sizes, values, strict=True), columns=COLUMNS)


def write_files_csv(files: pd.DataFrame, target: Path) -> None:
    """Write what `collect` or `list_files` returned, atomically."""
    with atomic(target) as temporary:
        files.to_csv(temporary, index=False, lineterminator="\n")
