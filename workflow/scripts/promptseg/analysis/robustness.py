"""robustness.csv and robustness_ranks.csv: what inexact prompts do to the IoU and to the order of the methods."""

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.columns import (
    CI_HIGH,
    CI_LOW,
    LEVEL,
    MEAN_IOU,
    N_PATIENTS,
    N_TASKS,
    PROVENANCE,
    N,
    ends,
    made,
)
from promptseg.analysis.objects import object_means
from promptseg.core.columns import DATASET, METHOD, MODE, TASK
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table, read_table
from promptseg.predict.tables import ROBUSTNESS

SETTING = ["method", "mode", "kind", "amount"]
METRICS = ["iou", "change"]
_KIND = Column("kind", STRING, "`box_jitter`, `point_offset`, `line_shift` or `seed`: what is changed")
_AMOUNT = Column(
    "amount", FLOAT, "share of the box's sides or of the depth of the point, pixels of a line, or the seed"
)
_CHANGE = Column("change", FLOAT, "mean IoU minus that of the exact prompt")
ROBUSTNESS_MEANS = Table(
    "robustness.csv",
    "Prompts that are a little off (`robustness:` in the configuration).",
    [
        *(LEVEL, DATASET, TASK, METHOD, MODE, _KIND, _AMOUNT, N_TASKS),
        N.but(meaning="answered prompts"),
        *(N_PATIENTS, MEAN_IOU, CI_LOW, CI_HIGH, _CHANGE, *ends(_CHANGE), PROVENANCE),
    ],
)
ROBUSTNESS_RANKS = Table(
    "robustness_ranks.csv",
    "How often the order of the methods in a task differs from the one with exact prompts. Controls are left out.",
    [
        *(MODE, _KIND, _AMOUNT),
        Column("n_methods", INTEGER, "methods that are compared"),
        N.but(meaning="tasks and seeds"),
        Column("changed", FLOAT, "share of these in which the order is another one"),
        Column("best_changed", FLOAT, "share in which another method is the best"),
        Column("kendall_tau", FLOAT, "mean rank correlation of the two orders, 1 where they are equal"),
    ],
)
DECIMALS = 9  # means that agree so far are equal


def read_robustness(files: Iterable[Path]) -> pd.DataFrame:
    """The answered prompts of several files of predict.tables.ROBUSTNESS.

    Where the kind is `seed`, `amount` is the seed. `change` is the IoU minus that of the exact prompt, which is the one
    of amount 0 among those with jitter or offset.
    """
    frames = [read_table(file, ROBUSTNESS, filters=[("status", "==", "ok")]) for file in files]
    rows = pd.concat(frames, ignore_index=True)
    keys = ["method", "dataset", "object_id", "mode"]
    exact = rows[_exact(rows)].drop_duplicates(keys)
    rows = rows.merge(exact[[*keys, "iou"]].rename(columns={"iou": "exact"}), on=keys, how="left")
    amount = np.where(rows["kind"] == "seed", rows["seed"], rows["amount"])
    return rows.assign(amount=amount, change=rows["iou"] - rows["exact"]).drop(columns="exact")


def _exact(rows: pd.DataFrame) -> pd.Series:
    return (rows["kind"] != "seed") & (rows["amount"] == 0)


def robustness_table(rows: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """ROBUSTNESS_MEANS: mean IoU against the amount, with 95 % intervals over patients; see `objects.object_means`.

    Args:
        rows: see `read_robustness`; an object counts once for each seed.
        resamples, seed: of the bootstrap.
    """
    if rows.empty:
        return pd.DataFrame(columns=made(ROBUSTNESS_MEANS))
    table = object_means(rows, METRICS, SETTING, resamples, seed)
    return table.rename(columns={"iou_ci_low": "ci_low", "iou_ci_high": "ci_high"})[made(ROBUSTNESS_MEANS)]


def robustness_ranks(rows: pd.DataFrame, controls: Collection[str]) -> pd.DataFrame:
    """How often the order of the methods by mean IoU in a task differs from their order with exact prompts.

    Args:
        rows: see `read_robustness`.
        controls: methods that are no rivals, which are left out.

    Returns:
        ROBUSTNESS_RANKS; a row per mode, kind and amount but the exact one, of two methods or more. `n` counts pairs
        of a task and a seed in which all methods have a score; `changed` is the share of them with another order,
        `best_changed` with another best method; `kendall_tau` is the mean of tau-b between the two orders, empty where
        all methods are equal.
    """
    rivals = rows[~rows["method"].isin(controls)]
    means = (
        rivals.groupby(["dataset", "task", "mode", "kind", "amount", "seed", "method"])["iou"].mean().round(DECIMALS)
    )
    wide = means.unstack("method").reset_index()
    found = []
    for mode, of_mode in wide.groupby("mode", sort=True):
        of_mode = of_mode.dropna(axis=1, how="all")
        methods = [name for name in of_mode.columns if name in set(rivals["method"])]
        whole = of_mode.dropna(subset=methods)
        exact = whole[_exact(whole)].drop_duplicates(["dataset", "task"]).set_index(["dataset", "task"])[methods]
        changed = whole[~_exact(whole)]
        for (kind, amount), group in changed.groupby(["kind", "amount"], sort=True) if len(methods) > 1 else ():
            here = pd.MultiIndex.from_frame(group[["dataset", "task"]])
            before, after = exact.reindex(here).to_numpy(), group[methods].to_numpy()
            both = ~np.isnan(before).any(axis=1)
            if both.any():
                about = {"mode": mode, "kind": kind, "amount": amount, "n_methods": len(methods)}
                found.append(about | _orders(before[both], after[both]))
    return pd.DataFrame(found, columns=ROBUSTNESS_RANKS.names)


def _orders(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """n, changed, best_changed and kendall_tau of two (settings, methods) arrays of mean IoU."""
    from scipy import stats

    ranks = [stats.rankdata(values, axis=1) for values in (before, after)]
    best = [values == values.max(axis=1, keepdims=True) for values in (before, after)]
    taus = np.array([stats.kendalltau(*pair).statistic for pair in zip(before, after, strict=True)])
    return {
        "n": len(before),
        "changed": float((ranks[0] != ranks[1]).any(axis=1).mean()),
        "best_changed": float((best[0] != best[1]).any(axis=1).mean()),
        "kendall_tau": float(np.nanmean(taus)) if not np.isnan(taus).all() else np.nan,
    }
