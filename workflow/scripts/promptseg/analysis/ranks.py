"""ranks.csv: the methods ranked in each task, Friedman's test, and which methods are told apart (Demšar 2006)."""

from collections.abc import Collection, Mapping
from functools import cache
from string import ascii_lowercase

import numpy as np
import pandas as pd

from promptseg.analysis.columns import N_TASKS, PROVENANCE, made
from promptseg.analysis.comparable import FIXED, comparable, stand_ins
from promptseg.core.columns import METHOD, MODE, PROTOCOL, SELECTION, STEP
from promptseg.core.tables import FLOAT, STRING, Column, Table

RANKS = Table(
    "ranks.csv",
    "Methods ranked in each task (1 is best) in one setting. Controls are left out.",
    [
        *(PROTOCOL, MODE, STEP, SELECTION, METHOD),
        Column("mean_rank", FLOAT, "mean rank over the tasks"),
        N_TASKS.but(meaning="tasks in which every method of the setting has a value", optional=False),
        Column(
            "friedman_statistic",
            FLOAT,
            "statistic of Friedman's test that all methods are equal; empty for two methods",
        ),
        Column("friedman_p", FLOAT, "its p value", p_value=True),
        Column("critical_difference", FLOAT, "Nemenyi's: mean ranks that differ by more differ at 0.05"),
        Column("group", STRING, "letters; methods that share one are not told apart"),
        PROVENANCE,
    ],
)
ALPHA = 0.05


@cache
def critical_difference(methods: int, tasks: int, alpha: float = ALPHA) -> float:
    """Nemenyi's critical difference of mean ranks: q / sqrt(2) * sqrt(k (k + 1) / (6 n)), q the studentised range."""
    from scipy import stats

    q = stats.studentized_range.ppf(1 - alpha, methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * tasks)))


def letters(mean_ranks: Mapping[str, float], difference: float) -> dict[str, str]:
    """Letters of each method; methods that share one are within `difference` of each other in mean rank.

    Letters go from the best rank on; each belongs to a largest run of such methods, so a method may have several.
    """
    order = sorted(mean_ranks, key=lambda name: (mean_ranks[name], name))
    found = dict.fromkeys(order, "")
    reached, used = -1, 0
    for start, first in enumerate(order):
        last = max(i for i, name in enumerate(order) if mean_ranks[name] - mean_ranks[first] <= difference)
        if last > reached:
            for name in order[start : last + 1]:
                found[name] += ascii_lowercase[used] if used < 26 else f"({used})"
            reached, used = last, used + 1
    return found


def ranks(measured: pd.DataFrame, controls: Collection[str] = ()) -> pd.DataFrame:
    """Mean rank of each method over the tasks, in each setting.

    Within a task the method with the highest mean IoU has rank 1, equal values share the mean of their ranks. Only
    tasks in which all methods of the setting have a value count. Friedman's test asks whether the methods differ at all
    (three or more methods; NaN else, and where all are equal); where fewer than two tasks are left there is no row.
    Methods that share a letter in `group` are not told apart by Nemenyi's test at 0.05. Tasks of one dataset share
    patients, so they are not quite independent.

    Args:
        measured: see `statistics.statistics`; rows of other levels than `task` are left out.
        controls: methods that are left out.

    Returns:
        RANKS, sorted by setting and mean rank.
    """
    from scipy import stats

    rows = comparable(measured[(measured["level"] == "task") & measured["iou"].notna()], controls)
    rows = stand_ins(rows[["dataset", "task", "method", *FIXED, "iou"]])
    found = []
    for setting, group in rows.groupby(FIXED, sort=True):
        table = group.pivot(index=["dataset", "task"], columns="method", values="iou").dropna()
        n, k = table.shape
        if n < 2 or k < 2:
            continue
        mean = pd.DataFrame(stats.rankdata(-table, axis=1), columns=table.columns).mean()
        same = (table.nunique(axis=1) == 1).all()
        test = stats.friedmanchisquare(*table.to_numpy().T) if k > 2 and not same else (np.nan, np.nan)
        difference = critical_difference(k, n)
        group_of = letters(mean.to_dict(), difference)
        about = dict(zip(FIXED, setting, strict=True))
        for method, rank in sorted(mean.items(), key=lambda item: (item[1], item[0])):
            found.append((*about.values(), method, rank, n, *test, difference, group_of[method]))
    return pd.DataFrame(found, columns=made(RANKS))
