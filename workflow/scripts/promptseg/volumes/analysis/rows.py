"""The scores of all objects in one table, and the parts of it that are set against one another."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.columns import TASK
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import STRING, Table, read_provenance, read_table, write_table
from promptseg.volumes.columns import VOLUME_KEYS, VOLUME_SETTING
from promptseg.volumes.scores.tables import VOLUME_SCORES

ORDER = [*(column.name for column in VOLUME_KEYS), *VOLUME_SETTING]


def read_rows(files: Iterable[str | Path], table: Table, columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of several files of one table; text that is missing is an empty string."""
    parts = [read_table(path, table, columns) for path in sorted(map(str, files))]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns or table.names)
    texts = [column.name for column in table.columns if column.type == STRING and column.name in rows]
    return rows.astype(dict.fromkeys(texts, object)).fillna(dict.fromkeys(texts, ""))


def merge_scores(files: Iterable[str | Path], output: str | Path) -> pd.DataFrame:
    """Write all scores to one sorted Parquet file, with the provenance of each under "<method>/<dataset>".

    Args:
        files: `scores/<method>/<dataset>.parquet`, see `volumes.scores.tables.VOLUME_SCORES`.

    Returns:
        The same rows.

    Raises:
        PromptsegError: two files hold the same row.
    """
    paths = sorted(map(Path, files))
    provenance = {f"{path.parent.name}/{path.stem}": _facts(path) for path in paths}
    rows = read_rows(paths, VOLUME_SCORES).sort_values(ORDER, kind="stable", ignore_index=True)
    if (again := rows.duplicated(ORDER)).any():
        first = rows.loc[again, ORDER].iloc[0].to_dict()
        raise PromptsegError(
            f"A score row of volumes occurs twice: {first}. Delete one of the score files and run again. "
            f"The files are: {', '.join(map(str, paths))}."
        )
    write_table(output, rows, VOLUME_SCORES, provenance)
    return rows


def _facts(path: Path) -> dict[str, Any]:
    """What made the scores of a file; the seed, which is among what was asked where something is drawn, also by its
    name in other tables."""
    facts = read_provenance(path)
    seed = facts.get("asked", {}).get("seed")
    return facts if seed is None else {"seed": str(seed), **facts}


def scored(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of objects of a task that have a score."""
    return rows[(rows["status"] == "ok") & (rows[TASK.name] != "")]


def last_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows before any click and after the last one."""
    return rows[rows["step"].isin({0, rows["step"].max()})]
