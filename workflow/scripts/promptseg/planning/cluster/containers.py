"""What jobs in an image see of this machine: the folder of the project, and those outside of it that the run names."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.planning.changes import of_run

# Read by Apptainer, and by Singularity.
_NAMES = ("APPTAINER_BIND", "SINGULARITY_BIND")


def bind_folders(config: Mapping[str, Any], results: str, shared: str, *, planned: bool) -> None:
    """Let jobs in an image see folders outside of the project, beside those that the user binds.

    They are the folders of results, made here if they are not there, because Apptainer refuses what is missing, and
    whatever the configuration names that is a file or a folder. Links are followed: they lead nowhere in the image.

    Args:
        planned: whether this is a dry run, which makes no folder.
    """
    for folder in () if planned else (results, shared):
        Path(folder).mkdir(parents=True, exist_ok=True)
    bound = outside({"config": of_run(config), "folders": [results, shared]})
    for name in _NAMES:
        theirs = filter(None, os.environ.get(name, "").split(","))
        os.environ[name] = ",".join(dict.fromkeys([*theirs, *bound]))


def outside(named: Any) -> list[str]:
    """Folders outside of the working directory that texts in a nested structure name, or files there; sorted.

    The root folder is none: an image has its own.
    """
    here, found = Path.cwd(), set[Path]()
    for text in _texts(named):
        path = Path(text)
        if _exists(path):
            folder = path.resolve() if path.is_dir() else path.resolve().parent
            found |= {folder} - {Path("/")} if not folder.is_relative_to(here) else set()
    return sorted(map(str, found))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name of a file, but a text
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
