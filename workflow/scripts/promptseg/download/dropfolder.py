"""The folder into which files come that have no address of their own: results/raw/<dataset>/.

A user puts them there, or a client does (`clients`). Archives count as what they hold.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.download.archives import is_archive, is_junk, is_zip, matches, stem, zip_names
from promptseg.download.origins import is_fetched
from promptseg.download.unpack import Packed
from promptseg.download.wanted import wanted

WORK = ".download"  # folder of a client that is not done yet
_OWN = ("files.csv", "downloads.csv", "unpacked")


@dataclass(frozen=True)
class DropFolder:
    """What lies in a drop folder now."""

    folder: Path

    @cached_property
    def _all(self) -> dict[str, Path]:
        found = walk(self.folder, skip=_OWN) if self.folder.is_dir() else {}
        return {name: path for name, path in found.items() if not name.endswith((".part", ".part.json"))}

    @cached_property
    def loose(self) -> dict[str, Path]:
        """The files that are no archive, by their relative posix name."""
        return {name: path for name, path in self._all.items() if not is_archive(path)}

    @cached_property
    def archives(self) -> dict[str, Path]:
        """The archives, by their relative posix name."""
        return {name: path for name, path in self._all.items() if is_archive(path)}

    def everything(self) -> dict[str, Path]:
        """Loose files and archives."""
        return dict(self._all)

    @cached_property
    def _members(self) -> dict[Path, list[str]]:
        """What zip archives hold; what a tar archive holds cannot be told without reading it."""
        return {path: zip_names(path, _folder_of(name)) for name, path in self.archives.items() if is_zip(path)}

    @property
    def names(self) -> list[str]:
        """Of all loose files and members of zip archives."""
        return [*self.loose, *(name for names in self._members.values() for name in names)]

    def missing(self, patterns: Iterable[str], inner: Sequence[str] = ()) -> list[str]:
        """The globs that nothing matches, as far as that can be told without reading archives.

        A zip archive says what it holds; a tar archive may hold anything, and so may an archive inside another.

        Args:
            inner: globs of archives inside them, see `unpack.Packed`.
        """
        if len(self._members) < len(self.archives) or any(matches(name, inner) for name in self.names):
            return []
        return [pattern for pattern in patterns if not any(matches(name, [pattern]) for name in self.names)]

    def packed(self, inner: Sequence[str]) -> dict[str, Packed]:
        """The archives as if they were unpacked where they lie; what lies unpacked beside them already counts alone.

        Args:
            inner: globs of archives inside them, see `unpack.Packed`.
        """
        return {name: Packed(path, _folder_of(name), inner, self._there(name)) for name, path in self.archives.items()}

    def _there(self, archive: str) -> set[str]:
        """What its members would be called, of files that lie unpacked beside it or in a folder of its name."""
        below = _folder_of(archive)
        own = f"{below}{stem(Path(archive))}/"
        return {*self.loose, *(below + name.removeprefix(own) for name in self.loose if name.startswith(own))}


def drop_folder(sources: Sequence[Mapping[str, Any]], folder: Path, shared: Path) -> Path:
    """The drop folder of a dataset whose files are listed in `folder`, which may be of one run alone.

    What a user puts there serves all runs; what a client fetches depends on the sources.

    Args:
        sources: the entry's sources.
        shared: the folder that all runs know.
    """
    return folder if any(map(is_fetched, sources)) else shared


def _folder_of(name: str) -> str:
    parent = PurePosixPath(name).parent.as_posix()
    return "" if parent == "." else parent + "/"


def own_files(sources: Sequence[Mapping[str, Any]], patterns: Sequence[str], folder: Path) -> list[tuple[str, str]]:
    """The files that a user, and no client, puts where a dataset is read from, sorted; none where there is no folder.

    Args:
        sources: the entry's sources.
        patterns: those of the dataset's cases.
        folder: its drop folder.

    Returns:
        Relative posix name and path of each.
    """
    found: set[tuple[str, str]] = set()
    for source in sources:
        root = Path(source["path"]).expanduser() if source["kind"] == "folder" else None
        if root and root.is_dir():
            found |= wanted(_names(root), patterns, partial("{}/{}".format, root)).items()
    if any(source["kind"] == "manual" for source in sources):
        fetched = [source for source in sources if is_fetched(source)]
        drop = DropFolder(folder)
        theirs = [glob for source in fetched for glob in source.get("files", [])]
        loose = [name for name in drop.loose if not matches(name, theirs)]
        found |= wanted(loose, patterns, lambda name: str(drop.loose[name])).items()
        if not fetched:
            found |= {(name, str(path)) for name, path in drop.archives.items()}
    return sorted(found)


def manual_download_error(
    dataset: str,
    source: Mapping[str, Any],
    folder: Path,
    missing: Sequence[str],
    problem: str = "has to be fetched by hand",
) -> PromptsegError:
    """The error that says what to download by hand, from where and to where.

    Args:
        problem: what stops the workflow from doing it, as a predicate of the dataset.
    """
    unfinished = f"\n  if that is complete: delete {folder / WORK}" if (folder / WORK).exists() else ""
    return PromptsegError(
        f"The dataset {dataset} {problem}.\n  from: {source.get('home') or source['url']}\n  how: "
        f"{source.get('instructions', 'download all files of that page').strip()}\n  to: {folder}\n"
        f"  missing there: {', '.join(missing) or 'nothing'}{unfinished}\nThen run again."
    )


def walk(root: Path, *, skip: Sequence[str] = ()) -> dict[str, Path]:
    """All visible files below a folder by their relative posix name; links are followed.

    Args:
        skip: names directly below `root` to leave out.
    """
    return {name: root / name for name in _names(root, skip)}


def _names(root: Path, skip: Sequence[str] = ()) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise PromptsegError(f"{error.filename} cannot be read ({error.strerror}): check its permissions.")

    for folder, folders, files in os.walk(root, followlinks=True, onerror=fail):
        here = Path(folder)
        left_out = skip if here == root else ()
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and not is_junk(name)
            and name not in left_out
            and not _leads_up(here / name, here)
        ]
        below = "" if here == root else here.relative_to(root).as_posix() + "/"
        for name in files:
            if not name.startswith(".") and not is_junk(name) and name not in left_out:
                yield below + name


def _leads_up(folder: Path, here: Path) -> bool:
    """Whether it is a link to a folder that holds it, so that following it would never end."""
    return folder.is_symlink() and here.resolve().is_relative_to(folder.resolve())
