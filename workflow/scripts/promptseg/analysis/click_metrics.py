"""click_metrics.csv: how many clicks an object needs, and what each click brings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from promptseg.analysis.bootstrap import bootstrap_means
from promptseg.analysis.columns import CLICKS, LEVEL, N_IMAGES, N_TASKS, PROVENANCE, SEEN, ends, made
from promptseg.analysis.contamination import Seen, seen_answers, unseen
from promptseg.core.columns import DATASET, METHOD, PROTOCOL, SELECTION, TASK
from promptseg.core.parquet import read_arrow
from promptseg.core.tables import FLOAT, INTEGER, Column, Table

TARGETS = (80, 85, 90)
_MEASURES = [
    *(
        Column(f"noc{t}", FLOAT, f"mean number of clicks to an IoU of {t / 100:.2f}; never counts as `clicks`")
        for t in TARGETS
    ),
    *(Column(f"failed{t}", FLOAT, f"share of objects that never reach an IoU of {t / 100:.2f}") for t in TARGETS),
    Column("auc", FLOAT, "mean area under IoU against clicks, divided by the range of clicks, 0 to 1"),
    Column("gain_per_click", FLOAT, "mean of (last - first IoU) / range of clicks"),
    Column("worse_share", FLOAT, "mean share of clicks after the first that make the IoU lower"),
]
MEASURES = [column.name for column in _MEASURES]
SETTING = ["method", "protocol", "selection"]
CLICK_METRICS = Table(
    "click_metrics.csv",
    "How many clicks an object needs, and what a click brings.",
    [
        *(LEVEL, DATASET, TASK, METHOD, PROTOCOL, SELECTION, N_TASKS),
        N_IMAGES.but(meaning="objects with a score after every click"),
        Column("n_incomplete", INTEGER, "objects that lack one, and count nowhere else"),
        CLICKS.but(meaning="largest number of clicks"),
        *_MEASURES,
        *(end for column in _MEASURES for end in ends(column)),
        *(SEEN, PROVENANCE),
    ],
)


def trajectory_measures(iou: np.ndarray, clicks: np.ndarray) -> dict[str, np.ndarray]:
    """The measures of each object.

    Args:
        iou: (objects, clicks) float64, 0 to 1, without NaN.
        clicks: (clicks,) their numbers, ascending.

    Returns:
        MEASURES, each (objects,) float64. noc: the first number of clicks whose IoU is at least the target, the largest
        number where none is; failed: 1 where none is; auc: area under IoU against clicks (trapezoids) divided by the
        range of clicks, 0 to 1; gain_per_click: (last - first IoU) / range of clicks; worse_share: share of clicks
        after the first whose IoU is lower than the one before. The last three are NaN where there is a single click.
    """
    found = {}
    for target in TARGETS:
        reached = iou >= target / 100
        any_reached = reached.any(axis=1)
        found[f"noc{target}"] = np.where(any_reached, clicks[reached.argmax(axis=1)], clicks[-1]).astype(float)
        found[f"failed{target}"] = (~any_reached).astype(float)
    span = float(clicks[-1] - clicks[0])
    if span == 0:
        return found | {name: np.full(len(iou), np.nan) for name in ("auc", "gain_per_click", "worse_share")}
    return found | {
        "auc": np.trapezoid(iou, clicks, axis=1) / span,
        "gain_per_click": (iou[:, -1] - iou[:, 0]) / span,
        "worse_share": (np.diff(iou, axis=1) < 0).mean(axis=1),
    }


def click_sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums of the measures over the objects of each patient, of one task.

    Args:
        rows: columns case_id, object_id, method, protocol, selection (categories), step, iou of mode iterative; iou is
            NaN where there is no score. One row or more.

    Returns:
        One row per (case_id, method, protocol, selection): these, clicks (the largest number), n, n_incomplete (objects
        that lack the score of a click; they count nowhere else), {measure}_sum and {measure}_n.
    """
    settings = rows.groupby(SETTING, sort=True, observed=True).ngroup().to_numpy()
    names = rows.assign(setting=settings).drop_duplicates("setting").set_index("setting")[[*SETTING]]
    clicks, column = np.unique(rows["step"], return_inverse=True)
    asked = np.zeros((len(names), len(clicks)), bool)
    asked[settings, column] = True
    objects = rows["object_id"].cat.codes.to_numpy(np.int64)
    trajectories, first, place = np.unique(
        settings * (objects.max(initial=0) + 1) + objects, return_index=True, return_inverse=True
    )
    matrix = np.full((len(trajectories), len(clicks)), np.nan)
    matrix[place, column] = rows["iou"]
    found = []
    # All methods of a run have the same clicks as a rule, so this is one pass.
    for pattern in np.unique(asked, axis=0):
        own = (asked[settings[first]] == pattern).all(axis=1)
        iou = matrix[own][:, pattern]
        whole = ~np.isnan(iou).any(axis=1)
        about = pd.DataFrame({"setting": settings[first[own]], "case_id": rows["case_id"].to_numpy(object)[first[own]]})
        values = pd.DataFrame(trajectory_measures(iou[whole], clicks[pattern]), index=np.flatnonzero(whole))
        parts = {f"{name}_sum": values[name].fillna(0.0) for name in MEASURES}
        parts |= {f"{name}_n": values[name].notna().astype(int) for name in MEASURES}
        parts |= {"n": pd.Series(whole.astype(int)), "n_incomplete": pd.Series((~whole).astype(int))}
        sums = about.join(pd.DataFrame(parts)).fillna(0).groupby(["setting", "case_id"]).sum().reset_index()
        found.append(sums.assign(clicks=int(clicks[pattern][-1])))
    counts = ["n", "n_incomplete", *(f"{name}_n" for name in MEASURES)]
    table = pd.concat(found, ignore_index=True).astype(dict.fromkeys(counts, int))
    return table.join(names.astype(object), on="setting").drop(columns="setting")


def read_click_sums(scores: str | Path) -> pd.DataFrame:
    """`click_sums` of every task of `scores.parquet`, with dataset and task; one task is in memory at a time.

    Variants of protocols are left out, and settings in which not all clicks apply: a method that takes the first click
    only would need one click to whatever it reaches.
    """
    clicked = (pc.field("mode") == "iterative") & pc.field("switch").is_null()
    keys = read_arrow(scores, columns=["dataset", "task"], filters=clicked).group_by(["dataset", "task"])
    found = []
    for key in keys.aggregate([]).sort_by([("dataset", "ascending"), ("task", "ascending")]).to_pylist():
        if key["task"] is None:
            continue
        keep = clicked & (pc.field("dataset") == key["dataset"]) & (pc.field("task") == key["task"])
        names = ["case_id", "object_id", *SETTING, "step", "iou", "status"]
        frame = read_arrow(scores, columns=names, filters=keep).to_pandas(
            categories=["case_id", "object_id", *SETTING, "status"]
        )
        frame["iou"] = frame["iou"].where(frame["status"] == "ok")
        frame = frame.dropna(subset=SETTING)
        if (idle := frame["status"] == "not_applicable").any():
            limited = pd.MultiIndex.from_frame(frame.loc[idle, SETTING].drop_duplicates())
            frame = frame[~pd.MultiIndex.from_frame(frame[SETTING]).isin(limited)]
        if len(frame):
            found.append(click_sums(frame).assign(**key))
    if found:
        return pd.concat(found, ignore_index=True)
    measures = [f"{name}_{part}" for name in MEASURES for part in ("sum", "n")]
    return pd.DataFrame(columns=["dataset", "task", "case_id", *SETTING, "clicks", "n", "n_incomplete", *measures])


def click_metrics(sums: pd.DataFrame, resamples: int = 2000, seed: int = 0, seen: Seen | None = None) -> pd.DataFrame:
    """Measures of the click curves: means over images at level `task`, means over tasks at `all` and `all_unseen`.

    Args:
        sums: see `read_click_sums`.
        resamples: number of resamples; for the intervals see `bootstrap.bootstrap_means`.
        seed: of the random numbers.
        seen: which datasets each method has seen.

    Returns:
        CLICK_METRICS. n_images are the objects with a score for each of the `clicks` clicks.
    """
    seen = seen or {}
    if sums.empty:
        return pd.DataFrame(columns=made(CLICK_METRICS))
    levels = [_level(sums, "task"), _level(sums, "all"), _level(unseen(sums, seen), "all_unseen")]
    frame = pd.concat(levels, ignore_index=True)
    known = bootstrap_means(sums, MEASURES, SETTING, resamples, seed, seen)
    known.columns = known.columns.str.replace(r"_(low|high)$", r"_ci_\1", regex=True)
    frame = frame.merge(known.drop(columns="alone"), on=["level", "dataset", "task", *SETTING], how="left")
    frame["n_tasks"] = frame["n_tasks"].where(frame["level"] != "task").astype("Int64")
    return frame.assign(seen=seen_answers(frame, seen))[made(CLICK_METRICS)]


def _level(sums: pd.DataFrame, level: str) -> pd.DataFrame:
    tasks = sums.groupby(["dataset", "task", *SETTING], observed=True)
    parts = [f"{name}_{part}" for name in MEASURES for part in ("sum", "n")]
    totals = tasks[[*parts, "n", "n_incomplete"]].sum()
    means = pd.DataFrame({name: totals[f"{name}_sum"] / totals[f"{name}_n"] for name in MEASURES})
    means = means.assign(n_images=totals["n"], n_incomplete=totals["n_incomplete"], clicks=tasks["clicks"].max())
    means = means.assign(n_tasks=(totals["n"] > 0).astype(int))
    if level == "task":
        return means.reset_index().assign(level=level)
    counted = dict.fromkeys(["n_images", "n_incomplete", "n_tasks"], "sum") | {"clicks": "max"}
    pooled = means.groupby(level=SETTING, observed=True).agg(dict.fromkeys(MEASURES, "mean") | counted)
    return pooled.reset_index().assign(level=level, dataset="", task="")
