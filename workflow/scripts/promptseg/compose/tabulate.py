"""composed.csv: what label maps cost, and which rules cannot be used."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from promptseg.analysis.composed import COMPOSED
from promptseg.analysis.objects import object_means
from promptseg.compose.rules import RULES
from promptseg.compose.tables import COMPOSED_OBJECTS
from promptseg.core.tables import read_table

_SETTING = ["method", "on", "setting", "rule"]
_MEANS = [f"{metric}_{kind}" for metric in ("iou", "dice") for kind in ("alone", "composed", "change")]
_SHARES = ["overlapping", "lost"]


def read_composed(files: Iterable[Path]) -> pd.DataFrame:
    """All rows of files of COMPOSED_OBJECTS."""
    return pd.concat([read_table(path, COMPOSED_OBJECTS) for path in sorted(files)], ignore_index=True)


def composed_table(rows: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """COMPOSED: a row for each dataset, and one for all, with 95 % intervals over patients, see `bootstrap_means`.

    Args:
        rows: see `read_composed`.
        resamples, seed: of the bootstrap.
    """
    good, bad = rows[rows["status"] == "ok"], rows[rows["status"] != "ok"]
    parts = [_unusable(bad)]
    if len(good):
        parts.append(_means(good, resamples, seed))
    table = pd.concat(parts, ignore_index=True)
    places = table["rule"].map(RULES.index)
    order = table.assign(places=places).sort_values(["dataset", "on", "method", "setting", "places"], kind="stable")
    return table.loc[order.index, COMPOSED.names]


def _means(rows: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    changes = {f"{metric}_change": rows[f"{metric}_composed"] - rows[f"{metric}_alone"] for metric in ("iou", "dice")}
    shares = {"overlapping": rows["shared"] > 0, "lost": rows["lost"] / rows["area"].clip(lower=1)}
    # The objects of a dataset are one group, so that its means are over objects.
    whole = rows.assign(**changes, **{name: value.astype(float) for name, value in shares.items()}, task="all")
    means = object_means(whole, [*_MEANS, *_SHARES], _SETTING, resamples, seed)
    return means.rename(columns={"n": "n_objects"}).assign(note="")


def _unusable(rows: pd.DataFrame) -> pd.DataFrame:
    """A row without values for each dataset and each reason."""
    by_reason = rows.groupby(["dataset", *_SETTING, "status"])
    counts = by_reason.agg(n_objects=("object_id", "size"), n_patients=("case_id", "nunique")).reset_index()
    return counts.rename(columns={"status": "note"}).reindex(columns=COMPOSED.names)
