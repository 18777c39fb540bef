"""What the `source` of a dataset's entry says about where its files come from."""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.download.urls import file_name, is_drive_link, record_of, redact

DROPPED = ("manual", "kaggle", "synapse", "tcia", "gdrive")


def sources_of(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The sources of a dataset's entry, of which `source` is one or a list."""
    source = entry["source"]
    return source if isinstance(source, list) else [source]


def archive_name(source: Mapping[str, Any]) -> str | None:
    """Name of the one file that a source has to fetch into results/raw/archives; None for the kinds that do not.

    Raises:
        PromptsegError: the address does not tell the name, and there is no `file`.
    """
    if source["kind"] not in ("pypi", "http") or is_dropped(source):
        return None
    if "file" not in source and is_drive_link(source["url"]):
        raise PromptsegError(
            f"{redact(source['url'])} does not tell the name of its file: add the key `file` beside `url`."
        )
    return source.get("file") or file_name(source["url"])


def archives_of(registry: Mapping[str, Any], names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Name to source of all archives that some datasets of the registry need.

    Raises:
        PromptsegError: two of them have the same name and are not the same.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for dataset in names:
        for source in sources_of(registry[dataset]):
            name = archive_name(source)
            if name and _without_inner(found.setdefault(name, source)) != _without_inner(source):
                raise PromptsegError(
                    f"The dataset {dataset} and another one fetch different archives of the same name {name}: give "
                    "one of them another name with the key `file` of its source."
                )
    return found


def _without_inner(source: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key not in ("unpack", "home", "instructions", "files")}


def is_dropped(source: Mapping[str, Any]) -> bool:
    """Whether the files of a source come into the drop folder: those of a record as a whole do as well."""
    if source["kind"] == "http":
        return "file" not in source and record_of(source["url"]) is not None
    return source["kind"] in DROPPED


def is_fetched(source: Mapping[str, Any]) -> bool:
    """Whether a client fetches the files of a source into the drop folder."""
    return is_dropped(source) and source["kind"] != "manual"


def expected(source: Mapping[str, Any], patterns: Sequence[str], *, alone: bool) -> Sequence[str]:
    """The globs of the files that come from a source into the drop folder.

    Args:
        patterns: those of the dataset's cases, for a source that does not say it, if there is no other.
        alone: whether it is the only source of the dataset.
    """
    return source.get("files") or (patterns if alone else [])


def package_folders(package: str) -> list[Path]:
    """The folders of an installed package, which is not imported; none if it is not installed as a folder."""
    # A dotted name would import the package around it.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    return [Path(root) for root in spec.submodule_search_locations or []] if spec else []
