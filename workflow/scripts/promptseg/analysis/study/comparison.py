"""published.csv and published_summary.csv: every published value beside ours."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.study.published import methods_of_study

COMPARISON_COLUMNS = [
    *("task", "method", "mode", "step", "selection", "published"),
    *("our_method", "dataset", "our_task", "protocol", "n", "ours", "ci_low", "ci_high", "difference", "inside"),
]


def compare(
    published: pd.DataFrame,
    measured: pd.DataFrame,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Every published value beside ours: one row for each of our methods, tasks and protocols that repeat it.

    Args:
        published: see `published.read_published`.
        measured: see `statistics`.
        datasets: name -> {published: {our task: the study's task}}.
        methods: name -> {published: the study's method or None}.

    Returns:
        The published rows in their order, with our_method, dataset, our_task, protocol, n (images), ours (mean over
        images, as in the study), ci_low, ci_high, difference (ours - published) and inside (yes or no: whether the
        published value lies in our interval). Empty where we have no value or no interval.
    """
    names = pd.DataFrame(
        [
            {"dataset": dataset, "our_task": ours, "task": theirs}
            for dataset, entry in datasets.items()
            for ours, theirs in (entry.get("published") or {}).items()
        ],
        columns=["dataset", "our_task", "task"],
    )
    adapters = pd.DataFrame(list(methods_of_study(methods).items()), columns=["our_method", "method"])
    ours = measured[(measured["level"] == "task") & measured["iou"].notna()]
    ours = ours.rename(columns={"task": "our_task", "method": "our_method", "iou": "ours", "n_images": "n"})
    ours = ours.merge(names, on=["dataset", "our_task"]).merge(adapters, on="our_method")
    keys = ["task", "method", "mode", "step", "selection"]
    columns = ["our_method", "dataset", "our_task", "protocol", "n", "ours", "ci_low", "ci_high"]
    left = published.rename(columns={"iou": "published"}).assign(row=np.arange(len(published)))
    frame = left.merge(ours[keys + columns], on=keys, how="left")
    frame = frame.sort_values(["row", "our_method", "dataset", "our_task", "protocol"], ignore_index=True)
    known = frame["ci_low"].notna()
    inside = (frame["published"] >= frame["ci_low"]) & (frame["published"] <= frame["ci_high"])
    return frame.assign(
        n=frame["n"].astype("Int64"),
        difference=frame["ours"] - frame["published"],
        inside=np.where(known, np.where(inside, "yes", "no"), ""),
    )[COMPARISON_COLUMNS]


SUMMARY_COLUMNS = [
    *("our_method", "method", "protocol", "mode", "step", "selection", "n_tasks", "ours", "published"),
    *("mean_difference", "mean_absolute_difference", "largest_absolute_difference", "spearman", "n_intervals"),
    "inside_share",
]


def compare_summary(compared: pd.DataFrame) -> pd.DataFrame:
    """How close our numbers are to the published ones, over the tasks that exist on both sides.

    Args:
        compared: see `compare`.

    Returns:
        SUMMARY_COLUMNS, one row for each of our methods and settings with a task: means over the tasks of ours and of
        the published values, mean and mean absolute difference, the largest one, the rank correlation over tasks (three
        or more), and the share of published values within our intervals among the `n_intervals` tasks that have one.
    """
    both = compared[compared["ours"].notna()]
    found = []
    for keys, rows in both.groupby(SUMMARY_COLUMNS[:6], sort=True):
        gap = rows["difference"].abs()
        known = rows["inside"] != ""
        varied = len(rows) > 2 and rows["ours"].nunique() > 1 and rows["published"].nunique() > 1
        rank = rows["ours"].corr(rows["published"], method="spearman") if varied else np.nan
        inside = (rows.loc[known, "inside"] == "yes").mean() if known.any() else np.nan
        means = (rows["ours"].mean(), rows["published"].mean(), rows["difference"].mean(), gap.mean(), gap.max())
        found.append((*keys, len(rows), *means, rank, int(known.sum()), inside))
    return pd.DataFrame(found, columns=SUMMARY_COLUMNS)
