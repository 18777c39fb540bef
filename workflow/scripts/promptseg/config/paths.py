"""Files that entries of the methods of a run name: missing ones are said before anything is planned."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.explain import Mistake, about_path, dotted
from promptseg.config.facts import all_methods


def missing_files(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Adapters and environments of the run that are not there. Weights and folders of datasets are looked at elsewhere.

    Args:
        config: checked against the schema.
    """
    for name in all_methods(config):
        entry = config["methods"][name]
        file = entry.get("adapter", "").rpartition(":")[0]
        for key, path in (("adapter", file if file.endswith(".py") else ""), ("environment", entry.get("environment"))):
            if path and not Path(path).is_file():
                where = ("methods", name, key)
                yield Mistake(where, f"{dotted(where)}: there is no file {path}.{about_path(path)}")
