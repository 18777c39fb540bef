"""Files of metadata and `groups`, looked at before anything is planned: the tables that need them are made last."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from promptseg.analysis.metadata import read_metadata
from promptseg.config.explain import ConfigurationError, Mistake, dotted, nearest
from promptseg.core.errors import PromptsegError


def require_metadata(config: Mapping[str, Any], names: Collection[str]) -> None:
    """Check the files of metadata of datasets, and that each column of `groups` stands in one.

    Args:
        config: checked; the files of `names` are there.
        names: the datasets of the run. Files of others count for `groups`, which a configuration may share with them.

    Raises:
        ConfigurationError: a file cannot be joined to the scores (see `read_metadata`), or no file has a column.
    """
    mistakes, columns = [], set()
    for name, entry in config["datasets"].items():
        path = entry.get("metadata")
        if not path or not (name in names or Path(path).is_file()):
            continue
        try:
            columns |= set(read_metadata(Path(path)).columns)
        except PromptsegError as error:
            where = ("datasets", name, "metadata")
            mistakes += [Mistake(where, f"{dotted(where)}: {error}")] if name in names else []
    if not mistakes:
        mistakes = [_unknown(column, sorted(columns)) for column in config["groups"] if column not in columns]
    if mistakes:
        raise ConfigurationError(mistakes)


def _unknown(column: str, known: list[str]) -> Mistake:
    there = f"the columns there are {', '.join(known)}" if known else "no dataset has a file with columns"
    return Mistake(
        ("groups", column),
        f"groups names {column!r}, which is no column of the `metadata` of a dataset; {there}.{nearest(column, known)}",
    )
