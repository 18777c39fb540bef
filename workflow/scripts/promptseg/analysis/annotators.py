"""Scores of a user who is several annotators, as those of one: each object's mean over whoever prompted it."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from promptseg.core.columns import KEYS, VARIANT_COLUMNS
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.score.metrics import METRICS
from promptseg.score.tables import SCORES, SCORES_OF_USER

_METRICS = [metric.name for metric in METRICS]
_ROW = [column.name for column in (*KEYS[:-1], *VARIANT_COLUMNS)]


def read_scores(path: str | Path, keep: pa.compute.Expression) -> pa.Table:
    """Rows of score.tables.SCORES of a file; of a user's (SCORES_OF_USER) the means over annotators."""
    if "annotator" not in read_schema(path).names:
        return read_arrow(path, columns=SCORES.names, filters=keep).cast(SCORES.schema)
    rows = read_arrow(path, columns=SCORES_OF_USER.names, filters=keep).to_pandas()
    return pa.Table.from_pandas(means(rows), schema=SCORES.schema, preserve_index=False)


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over the annotators of each object and setting: columns of SCORES.

    The mean is over those who have a score. A row that nobody has one for keeps the status of the first of them. Equal
    numbers have themselves as their mean, to the last bit.
    """
    ranked = rows.assign(failed=rows["status"].ne("ok")).sort_values("failed", kind="stable")
    groups = ranked.groupby(_ROW, dropna=False, sort=False)
    first = groups.head(1).set_index(_ROW)
    scores = groups[_METRICS]
    low = scores.min()
    mean = scores.mean().where(low.ne(scores.max()), low)
    # In the order of the file, whoever comes first in it.
    found = first.assign(**{name: mean[name].reindex(first.index) for name in _METRICS})
    order = rows.drop_duplicates(_ROW)[_ROW]
    return order.merge(found.reset_index(), on=_ROW, how="left")[SCORES.names]
