"""Intervals by resampling patients: all images of a patient stay together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.contamination import Seen, seen_of
from promptseg.core.randomness import generator

LEVELS = ("all", "all_unseen")


def draw_patients(patients: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples, patients) float64: how often each patient occurs when as many are drawn with replacement."""
    return rng.multinomial(patients, np.full(patients, 1 / patients), size=resamples).astype(float)


def resampled_means(sums: np.ndarray, counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over images in each bootstrap resample.

    Args:
        sums, counts: (patients, settings) sum of the metric and number of images.
        weights: (resamples, patients) how often each patient was drawn.

    Returns:
        (resamples, settings) float64; NaN where a resample has no image.
    """
    with np.errstate(invalid="ignore"):
        return (weights @ sums) / (weights @ counts)


def interval(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """2.5th and 97.5th percentile of each column of (resamples, settings); NaN is left out, all NaN gives NaN.

    They are those of `np.percentile` to the last bit, which would need a call for each column with NaN.
    """
    missing = np.isnan(means)
    last = np.full(means.shape[1], len(means) - 1)
    if missing.any():
        last -= missing.sum(axis=0)
    places = np.multiply.outer((0.025, 0.975), last)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, last)
    ordered = np.partition(means, np.unique([below, above]), axis=0)  # NaN comes last
    first, second = (np.take_along_axis(ordered, at, 0) for at in (below, above))
    share = places - below
    low, high = np.where(share < 0.5, first + (second - first) * share, second - (second - first) * (1 - share))
    return low, high


def patient_matrix(rows: pd.DataFrame, places: np.ndarray, columns: np.ndarray, value: str, shape: Any) -> np.ndarray:
    """(patients, settings) float64: `value` of each row at its place and column, 0 where there is no row."""
    matrix = np.zeros(shape)
    matrix[places, columns] = rows[value].to_numpy(float)
    return matrix


def bootstrap_means(
    sums: pd.DataFrame,
    metrics: Sequence[str],
    setting: list[str],
    resamples: int,
    seed: int,
    seen: Seen | None = None,
) -> pd.DataFrame:
    """95 % percentile intervals of the mean over images of each task, and of the mean over tasks.

    All settings of a task share the same resamples, which are a function of the seed and the names. In a mean over
    tasks (levels `all` and `all_unseen`, see `summary.summary`) the patients of a dataset are drawn once for all its
    tasks, and a task that a resample leaves empty is left out of that resample's mean.

    There is no interval where it would claim too much: with fewer than two patients, and in a mean over tasks if any of
    the datasets has only one.

    Args:
        sums: one row per (dataset, task, case_id, *setting), with {metric}_sum and {metric}_n of each metric.
        metrics: the first decides in `alone` which patients have a score.
        setting: names of columns, `method` among them.
        resamples: number of resamples.
        seed: of the random numbers.
        seen: which datasets each method has seen.

    Returns:
        One row per level, dataset, task (empty but at level `task`) and setting: these, {metric}_low and {metric}_high
        of each metric (NaN where there is none), and `alone`: names of the datasets of which a single patient has a
        score.
    """
    seen = seen or {}
    rows = sums[(sums["task"] != "") & (sums[[f"{metric}_n" for metric in metrics]] > 0).any(axis=1)]
    rows = rows.assign(column=rows.groupby(setting, observed=True).ngroup())
    names = rows.drop_duplicates("column").sort_values("column")[setting].reset_index(drop=True)
    size = len(names)
    methods = names["method"].astype(str)
    # What belongs to a setting lies side by side, since it is added to for each task.
    totals = {level: {metric: np.zeros((2, size, resamples)) for metric in metrics} for level in LEVELS}
    alone: dict[str, list[list[str]]] = {level: [[] for _ in range(size)] for level in LEVELS}
    found = []
    for dataset, of_dataset in rows.groupby("dataset", sort=True, observed=True):
        cases = sorted(of_dataset["case_id"].astype(str).unique())
        shared = draw_patients(len(cases), resamples, generator(seed, "bootstrap", dataset))
        new = np.array([seen_of(seen, method, dataset)[0] != "yes" for method in methods], bool)
        within = {"all": np.ones(size, bool), "all_unseen": new}
        scored = np.zeros((len(cases), size), bool)
        for task, block in of_dataset.groupby("task", sort=True, observed=True):
            here, places = np.unique(block["case_id"].astype(str).to_numpy(), return_inverse=True)
            at = np.searchsorted(cases, here)
            columns, own = np.unique(block["column"].to_numpy(), return_inverse=True)
            weights = draw_patients(len(here), resamples, generator(seed, "bootstrap", dataset, task))
            line = names.iloc[columns].assign(level="task", dataset=dataset, task=task, alone="")
            for index, metric in enumerate(metrics):
                shape = (len(here), len(columns))
                total = patient_matrix(block, places, own, f"{metric}_sum", shape)
                count = patient_matrix(block, places, own, f"{metric}_n", shape)
                patients = (count > 0).sum(axis=0)
                for name, ends in zip(("low", "high"), interval(resampled_means(total, count, weights)), strict=True):
                    line[f"{metric}_{name}"] = np.where(patients > 1, ends, np.nan)
                if index == 0:
                    line["alone"] = np.where(patients == 1, dataset, "")
                    scored[np.ix_(at, columns)] |= count > 0
                joint = np.ascontiguousarray(resampled_means(total, count, shared[:, at]).T)
                known = ~np.isnan(joint)
                joint[~known] = 0
                for level in LEVELS:
                    keep = within[level][columns] & (patients > 0)
                    for sums_of, add in zip(totals[level][metric], (joint, known), strict=True):
                        sums_of[columns[keep]] += add[keep]
            found.append(line)
        for level in LEVELS:
            for column in np.flatnonzero((scored.sum(axis=0) == 1) & within[level]):
                alone[level][column].append(str(dataset))
    for level in LEVELS:
        line = names.assign(level=level, dataset="", task="", alone=[", ".join(items) for items in alone[level]])
        for metric in metrics:
            total, count = totals[level][metric]
            with np.errstate(invalid="ignore"):
                low, high = interval((total / count).T)
            for name, ends in (("low", low), ("high", high)):
                line[f"{metric}_{name}"] = np.where(line["alone"] == "", ends, np.nan)
        found.append(line)
    keys = ["level", "dataset", "task", *setting]
    frame = pd.concat(found, ignore_index=True)
    frame = frame.astype({name: object for name in keys if name != "step"})
    return frame[[*keys, *(f"{metric}_{end}" for metric in metrics for end in ("low", "high")), "alone"]]
