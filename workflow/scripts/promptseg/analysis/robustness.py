"""robustness.csv and robustness_ranks.csv: what inexact prompts do to the IoU and to the order of the methods."""

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from promptseg.analysis.objects import object_means
from promptseg.core.tables import read_table
from promptseg.predict.tables import ROBUSTNESS

SETTING = ["method", "mode", "kind", "amount"]
METRICS = ["iou", "change"]
ROBUSTNESS_COLUMNS = [
    *("level", "dataset", "task", *SETTING, "n_tasks", "n", "n_patients", "iou", "ci_low", "ci_high"),
    *("change", "change_ci_low", "change_ci_high"),
]
RANKS_COLUMNS = ["mode", "kind", "amount", "n_methods", "n", "changed", "best_changed", "kendall_tau"]
DECIMALS = 9  # means that agree so far are equal


def read_robustness(files: Iterable[Path]) -> pd.DataFrame:
    """The answered prompts of several files of tables.ROBUSTNESS.

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
    """ROBUSTNESS_COLUMNS: mean IoU against the amount, with 95 % intervals over patients; see `objects.object_means`.

    Args:
        rows: see `read_robustness`; an object counts once for each seed.
        resamples, seed: of the bootstrap.
    """
    if rows.empty:
        return pd.DataFrame(columns=ROBUSTNESS_COLUMNS)
    table = object_means(rows, METRICS, SETTING, resamples, seed)
    return table.rename(columns={"iou_ci_low": "ci_low", "iou_ci_high": "ci_high"})[ROBUSTNESS_COLUMNS]


def robustness_ranks(rows: pd.DataFrame, controls: Collection[str]) -> pd.DataFrame:
    """How often the order of the methods by mean IoU in a task differs from their order with exact prompts.

    Args:
        rows: see `read_robustness`.
        controls: methods that are no rivals, which are left out.

    Returns:
        RANKS_COLUMNS; a row for each mode, kind and amount but the exact one, of two methods or more. `n` counts pairs
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
    return pd.DataFrame(found, columns=RANKS_COLUMNS)


def _orders(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """n, changed, best_changed and kendall_tau of two (settings, methods) arrays of mean IoU."""
    ranks = [stats.rankdata(values, axis=1) for values in (before, after)]
    best = [values == values.max(axis=1, keepdims=True) for values in (before, after)]
    taus = np.array([stats.kendalltau(*pair).statistic for pair in zip(before, after, strict=True)])
    return {
        "n": len(before),
        "changed": float((ranks[0] != ranks[1]).any(axis=1).mean()),
        "best_changed": float((best[0] != best[1]).any(axis=1).mean()),
        "kendall_tau": float(np.nanmean(taus)) if not np.isnan(taus).all() else np.nan,
    }
