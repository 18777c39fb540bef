"""Where a run writes (`results`) and where it finds what several runs share (`shared`), as the configuration says."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.shared import RUN_PARTS, SHARED_PARTS

# Characters that Snakemake reads as something else in a path: wildcards, path variables, lists of targets.
_RESERVED = set("{}<>,=:*?[]\n")


def folders(config: Mapping[str, Any]) -> tuple[str, str]:
    """The folder of the run and the shared one: relative to the project where they are inside it, else absolute.

    Raises:
        PromptsegError: one of them cannot be a folder of results.
    """
    run, shared = _folder("results", config["results"]), _folder("shared", config["shared"])
    for inner, outer in ((run, shared), (shared, run)):
        if inner.startswith(f"{outer}/") and Path(inner).relative_to(outer).parts[0] in (*SHARED_PARTS, *RUN_PARTS):
            raise PromptsegError(
                f"The folder {inner} lies among the results in {outer}: choose another for one of them."
            )
    for key, folder in (("results", run), ("shared", shared)):
        _require_outside_of_data(key, folder, config.get("datasets", {}))
    return run, shared


def _folder(key: str, path: str) -> str:
    full = Path(os.path.normpath(Path.cwd() / Path(path).expanduser()))
    if _RESERVED & set(path) or path != path.strip():
        raise PromptsegError(f"{key}: {path!r} has a character that a folder of results cannot have: rename it.")
    if full in (Path.cwd(), *Path.cwd().parents):
        raise PromptsegError(f"{key}: {path!r} holds the project itself. Give a folder of its own, such as runs/a.")
    file = next((one for one in (full, *full.parents) if one.exists() and not one.is_dir()), None)
    if file:
        raise PromptsegError(f"{key}: {path!r} cannot be a folder, because {file} is a file. Give another name.")
    return str(full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full)


def _require_outside_of_data(key: str, folder: str, datasets: Mapping[str, Any]) -> None:
    """Nothing is written among the files of users. A folder of theirs that holds the whole project is no such place."""
    place, project = Path(folder).resolve(), Path.cwd().resolve()
    for name, entry in datasets.items():
        sources = entry["source"] if isinstance(entry["source"], list) else [entry["source"]]
        for data in (Path(one["path"]).resolve() for one in sources if one["kind"] == "folder"):
            if place.is_relative_to(data) and not project.is_relative_to(data):
                raise PromptsegError(
                    f"{key}: {folder} lies among the files of the dataset {name}, in {data}, where nothing is written. "
                    "Give a folder of its own, such as runs/a."
                )
