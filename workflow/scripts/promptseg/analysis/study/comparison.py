"""published.csv and published_summary.csv: every published value beside ours."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.columns import CI_HIGH, CI_LOW, N_TASKS, PROVENANCE, SPEARMAN, N, made
from promptseg.analysis.study.published import methods_of_study
from promptseg.core.columns import DATASET, METHOD, MODE, PROTOCOL, SELECTION, STEP, TASK
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table

COMPARISON = Table(
    "published.csv",
    "Every published value beside ours.",
    [
        TASK.but(meaning="the study's task"),
        METHOD.but(meaning="the study's method"),
        *(MODE, STEP, SELECTION),
        Column("published", FLOAT, "published mean IoU over images"),
        Column("our_method", STRING, "our method; empty where we have no value"),
        DATASET,
        Column("our_task", STRING, "our task"),
        PROTOCOL,
        N.but(meaning="our images", optional=True),
        Column("ours", FLOAT, "our mean IoU over images"),
        *(CI_LOW, CI_HIGH),
        Column("difference", FLOAT, "ours - published"),
        Column("inside", STRING, "`yes` or `no`: whether the published value lies in our interval"),
        PROVENANCE,
    ],
)
COMPARISON_SUMMARY = Table(
    "published_summary.csv",
    "How close our values are to the published ones, over the tasks that exist on both sides.",
    [
        Column("our_method", STRING, "our method"),
        METHOD.but(meaning="the study's method"),
        *(PROTOCOL, MODE, STEP, SELECTION),
        N_TASKS.but(meaning="tasks on both sides", optional=False),
        Column("ours", FLOAT, "mean of our values"),
        Column("published", FLOAT, "mean of the published values"),
        Column("mean_difference", FLOAT, "mean of ours - published"),
        Column("mean_absolute_difference", FLOAT, "mean of its size"),
        Column("largest_absolute_difference", FLOAT, "largest size"),
        SPEARMAN.but(meaning="rank correlation over tasks of ours and published"),
        Column("n_intervals", INTEGER, "tasks for which we have an interval"),
        Column("inside_share", FLOAT, "share of these whose published value lies in our interval"),
        PROVENANCE,
    ],
)


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
    )[made(COMPARISON)]


def compare_summary(compared: pd.DataFrame) -> pd.DataFrame:
    """How close our numbers are to the published ones, over the tasks that exist on both sides.

    Args:
        compared: see `compare`.

    Returns:
        COMPARISON_SUMMARY, one row per method of ours and setting with a task: means over the tasks of ours and of
        the published values, mean and mean absolute difference, the largest one, the rank correlation over tasks (three
        or more), and the share of published values within our intervals among the `n_intervals` tasks that have one.
    """
    both = compared[compared["ours"].notna()]
    found = []
    for keys, rows in both.groupby(["our_method", "method", "protocol", "mode", "step", "selection"], sort=True):
        gap = rows["difference"].abs()
        known = rows["inside"] != ""
        varied = len(rows) > 2 and rows["ours"].nunique() > 1 and rows["published"].nunique() > 1
        rank = rows["ours"].corr(rows["published"], method="spearman") if varied else np.nan
        inside = (rows.loc[known, "inside"] == "yes").mean() if known.any() else np.nan
        means = (rows["ours"].mean(), rows["published"].mean(), rows["difference"].mean(), gap.mean(), gap.max())
        found.append((*keys, len(rows), *means, rank, int(known.sum()), inside))
    return pd.DataFrame(found, columns=made(COMPARISON_SUMMARY))
