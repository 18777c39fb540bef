"""volume_seconds.csv: what routes cost in time and memory."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from promptseg.core.columns import DATASET
from promptseg.core.tables import FLOAT, INTEGER, Column, Table, read_table
from promptseg.volumes.columns import VOLUME_SETTING_COLUMNS
from promptseg.volumes.routes.tables import VOLUME_SECONDS

VOLUME_TIMES = Table(
    "volume_seconds.csv",
    "Time and memory of each route. Encoding is shared among the routes of a method that use the same slices.",
    [
        *(DATASET, *VOLUME_SETTING_COLUMNS),
        Column("n_objects", INTEGER, "objects that were answered"),
        Column("n_slices", INTEGER, "slices that were to be answered, of all these objects"),
        Column("encode_seconds", FLOAT, "encoding of slices", "s"),
        Column("seconds", FLOAT, "all else that the method did", "s"),
        Column("seconds_per_object", FLOAT, "both / n_objects", "s"),
        Column("seconds_per_slice", FLOAT, "both / n_slices", "s"),
        Column("peak_memory_mb", FLOAT, "largest resident memory of the process until then", "MB"),
    ],
)


def volume_times(files: Iterable[str | Path]) -> pd.DataFrame:
    """VOLUME_TIMES.

    Args:
        files: `predictions/<method>/<dataset>.seconds.parquet`, see `volumes.routes.tables.VOLUME_SECONDS`.
    """
    parts = [
        read_table(path, VOLUME_SECONDS).assign(
            method=path.parent.name, dataset=path.name.removesuffix(".seconds.parquet")
        )
        for path in map(Path, files)
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=VOLUME_TIMES.names)
    both = rows["encode_seconds"].fillna(0) + rows["seconds"]
    for unit in ("object", "slice"):
        count = rows[f"n_{unit}s"]
        rows[f"seconds_per_{unit}"] = (both / count).where(count > 0)
    return rows.sort_values([column.name for column in VOLUME_TIMES.columns[:7]], ignore_index=True)[VOLUME_TIMES.names]
