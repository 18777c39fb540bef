"""What could not be scored, counted by its reasons."""

from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from promptseg.core.parquet import read_arrow
from promptseg.core.reason import reason_in


def failures(scores: Path) -> pd.DataFrame:
    """The reasons of rows without a score that should have one, the most frequent first.

    Args:
        scores: file of score.tables.SCORES.

    Returns:
        reason, datasets, methods, first image, its status, images, score rows.
    """
    names = ["dataset", "method", "image_id", "status"]
    keep = ~pc.field("status").isin(["ok", "not_applicable"])
    failed = read_arrow(scores, columns=names, filters=keep).to_pandas(categories=names)
    found = []
    for reason, rows in failed.groupby(failed["status"].astype(str).map(reason_in), sort=False):
        datasets, methods = (", ".join(rows[name].unique()) for name in ("dataset", "method"))
        images = len(rows[["dataset", "image_id"]].drop_duplicates())
        first = rows.iloc[0]
        found.append([reason, datasets, methods, first["image_id"], first["status"], images, len(rows)])
    heads = ["reason", "datasets", "methods", "first image", "its status", "images", "score rows"]
    return pd.DataFrame(found, columns=heads).sort_values("score rows", ascending=False, kind="stable")
