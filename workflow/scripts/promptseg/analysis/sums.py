"""From the scores of single images to `scores.parquet` and the sums of each patient, one task in memory at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from promptseg.analysis.annotators import read_scores
from promptseg.analysis.metadata import Metadata
from promptseg.core.columns import VARIANT
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import open_table, read_provenance, read_table
from promptseg.core.vocabulary import NOT_RECORDED, SCORED_MODES
from promptseg.score.metrics import METRICS
from promptseg.score.tables import SCORES

NAMES = [metric.name for metric in METRICS]
ORDER = ["dataset", "task", "image_id", "object_id", *VARIANT]
_TEXT = ["dataset", "task", "case_id", "image_id", "object_id", "method", "protocol", "switch", "mode", "selection"]

Rows: TypeAlias = pa.Table | Sequence[Mapping[str, Any]]


def merge_scores(
    inputs: Iterable[str | Path],
    output: str | Path,
    metadata: Metadata | None = None,
    modes: Sequence[str] = SCORED_MODES,
) -> pd.DataFrame:
    """Write all score rows to one sorted Parquet file and return the sums of each patient (see `patient_sums`).

    Of a user with annotators, the rows are means over these, see `annotators.means`.

    The columns of the metadata stand behind those of SCORES. Of modes that the run does without, which methods may say
    that they cannot do, no rows are kept.

    The file does not depend on the order of `inputs`. The provenance of the inputs is kept under "<method>/<dataset>".

    Raises:
        PromptsegError: a file is not a score table, or two files hold the same row.
    """
    files: dict[tuple[str, bool, str], list[Path]] = {}
    provenance: dict[str, Any] = {}
    for path in sorted(map(Path, inputs)):
        content = read_table(path, SCORES, ["dataset", "method", "task"]).drop_duplicates()
        for dataset, task in content[["dataset", "task"]].drop_duplicates().itertuples(index=False):
            missing = pd.isna(task)  # an image that could not be read; sorted behind the tasks, as Arrow does
            files.setdefault((dataset, missing, "" if missing else task), []).append(path)
        for method, dataset in content[["method", "dataset"]].drop_duplicates().itertuples(index=False):
            provenance[f"{method}/{dataset}"] = read_provenance(path)
    sums = [patient_sums([])]
    metadata = metadata or Metadata({})
    wider = replace(SCORES, columns=[*SCORES.columns, *metadata.columns])
    with open_table(output, wider, provenance) as table:
        for (dataset, missing, task), paths in sorted(files.items()):
            of_task = pc.field("task").is_null() if missing else pc.field("task") == task
            of_run = pc.field("mode").isin(modes) | pc.field("mode").is_null()
            keep = (pc.field("dataset") == dataset) & of_task & of_run
            parts = [read_scores(path, keep) for path in paths]
            parts = [part.replace_schema_metadata(None) for part in parts]
            rows = pa.concat_tables(parts).sort_by([(name, "ascending") for name in ORDER])
            try:
                sums.append(patient_sums(rows))
            except PromptsegError as error:
                raise PromptsegError(f"{error} The files are: {', '.join(map(str, paths))}.") from error
            if not metadata.columns:
                table.write(rows)
                continue
            known = metadata.of(dataset, rows["case_id"].to_pylist(), rows["image_id"].to_pylist())
            for column in metadata.columns:
                rows = rows.append_column(column.name, pa.array(known[column.name], column.type, from_pandas=True))
            table.write(rows)
    keys = ["dataset", "task", "case_id", *VARIANT]
    # Categories: with text, every later grouping would hash the names of a million rows again.
    return pd.concat(sums, ignore_index=True).astype({name: "category" for name in keys if name != "step"})


def patient_sums(rows: Rows) -> pd.DataFrame:
    """Sums of the scores of each patient: what every mean and interval is made of.

    Args:
        rows: rows of `score.tables.SCORES`.

    Returns:
        One row per dataset, task, case_id and VARIANT, sorted by these; a missing key is an empty string. Columns n
        (scored masks), n_failed, n_not_applicable, n_mm and n_px (scored masks by distance unit), and for each metric
        {metric}_sum and {metric}_n, over the scored masks where it is finite.

    Raises:
        PromptsegError: a row occurs twice.
    """
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=SCORES.schema)
    frame = table.to_pandas(categories=[*_TEXT, "distance_unit", "status"])
    if frame.duplicated(ORDER).any():
        first = frame.loc[frame.duplicated(ORDER), ORDER].iloc[0].to_dict()
        raise PromptsegError(f"A score row occurs twice: {first}. Delete one of the score files and run again.")
    for name in _TEXT:
        categories = frame[name].cat.categories
        frame[name] = frame[name].cat.set_categories(["", *(c for c in categories if c)]).fillna("")
    scored = frame["status"].eq("ok")
    columns = {
        "n": scored,
        "n_failed": ~scored & ~frame["status"].isin(["not_applicable", NOT_RECORDED]),
        "n_not_applicable": frame["status"].eq("not_applicable"),
        "n_mm": scored & frame["distance_unit"].eq("mm"),
        "n_px": scored & frame["distance_unit"].eq("px"),
    }
    for metric in NAMES:
        known = scored & np.isfinite(frame[metric].to_numpy(dtype=float))
        columns[f"{metric}_sum"] = frame[metric].where(known, 0.0).astype(float)
        columns[f"{metric}_n"] = known
    keys = ["dataset", "task", "case_id", *VARIANT]
    frame["step"] = frame["step"].fillna(0).astype(int)
    values = {name: c if c.dtype == float else c.astype(int) for name, c in columns.items()}
    sums = frame[keys].assign(**values).groupby(keys, observed=True).sum().reset_index()
    sums = sums.astype({name: str for name in keys if name != "step"})
    return sums.sort_values(keys, ignore_index=True)
