"""Folders of users, looked at before anything is planned: whether they are there, and whether `cases` fits them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.cases import case_patterns
from promptseg.config.explain import ConfigurationError, Mistake, about_path, dotted
from promptseg.config.layouts import suggest_cases
from promptseg.config.patterns import fits
from promptseg.download.dropfolder import walk
from promptseg.download.origins import sources_of

_SHOWN = 5


def require_folders(config: Mapping[str, Any], names: Iterable[str], raw: Path) -> None:
    """Check that folders and metadata of datasets are there, and that `cases` fits what lies in the folders.

    The names in a folder are looked at only until its files are listed in `<raw>/<dataset>/files.csv`.

    Raises:
        ConfigurationError: a folder or a file of metadata is not there, or nothing in a folder fits `cases`; with the
            `cases` that would fit.
    """
    mistakes: list[Mistake] = []
    for name in names:
        entry = config["datasets"][name]
        absent = [
            Mistake(
                where := ("datasets", name, "source", "path"),
                f"{dotted(where)}: the folder {path} of the dataset {name} does not exist.{about_path(path)}",
            )
            for path in _folders(entry)
            if not Path(path).is_dir()
        ]
        file = entry.get("metadata")
        if file and not Path(file).is_file():
            key = ("datasets", name, "metadata")
            absent.append(Mistake(key, f"{dotted(key)}: {file} is not a file.{about_path(file)}"))
        mistakes += absent
        own = all(source["kind"] == "folder" for source in sources_of(entry))
        if own and not absent and not (raw / name / "files.csv").exists():
            mistakes += _unmatched(name, entry)
    if mistakes:
        raise ConfigurationError(mistakes)


def _folders(entry: Mapping[str, Any]) -> list[str]:
    return [source["path"] for source in sources_of(entry) if source["kind"] == "folder"]


def _unmatched(name: str, entry: Mapping[str, Any]) -> list[Mistake]:
    """The first pattern of cases that no file fits."""
    folders = _folders(entry)
    names = [file for folder in folders for file in walk(Path(folder))]
    pattern = next((one for one in case_patterns(entry) if not any(fits(file, [one]) for file in names)), None)
    if pattern is None:
        return []
    there = ", ".join(sorted(names)[:_SHOWN]) + f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)
    line = suggest_cases(names)
    todo = (
        f"Write into the entry `datasets: {name}`:\n      {line}" if line else "Write the patterns of your files there."
    )
    place = " and ".join(folders)
    text = f"datasets.{name}.cases: no file in {place} fits {pattern}. There is {there or 'nothing'}. {todo}"
    return [Mistake(("datasets", name, "cases"), text)]
