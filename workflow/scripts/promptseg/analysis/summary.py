"""summary.csv: the three kinds of mean of every metric.

They are kept apart because they answer different questions and differ in value: over images (each object mask counts
once; what the study reports), over patients (first within each patient), and over tasks (the mean of the tasks' means
over images). An object mask is one task in one image, so within a task images and masks are the same; over all tasks an
image counts once for each of its tasks.
"""

import numpy as np
import pandas as pd

from promptseg.analysis.columns import (
    DISTANCE_UNIT,
    LEVEL,
    N_FAILED,
    N_IMAGES,
    N_PATIENTS,
    N_TASKS,
    PROVENANCE,
    SEEN,
    made,
)
from promptseg.analysis.contamination import Seen, answers_of, unseen
from promptseg.analysis.sums import NAMES
from promptseg.core.columns import DATASET, SETTING, SETTING_COLUMNS, TASK
from promptseg.core.tables import FLOAT, INTEGER, Column, Table
from promptseg.score.metrics import METRICS

_DISTANCES = [metric.name for metric in METRICS if metric.is_distance]
_WAYS = {
    "images": "over images: each mask counts once",
    "patients": "over patients of their means",
    "tasks": "over tasks of their means over images; empty at level `task`",
}
SUMMARY = Table(
    "summary.csv",
    "Means of every metric in every setting, of three kinds that answer different questions.",
    [
        *(LEVEL, DATASET, TASK, *SETTING_COLUMNS, N_TASKS, N_IMAGES, N_PATIENTS, N_FAILED),
        Column("n_not_applicable", INTEGER, "rows of prompts that the method does not take"),
        *(
            Column(f"{metric.name}_mean_{over}", FLOAT, f"mean {metric.name} {way}", metric.column.unit)
            for metric in METRICS
            for over, way in _WAYS.items()
        ),
        DISTANCE_UNIT,
        *(Column(f"n_{name}", INTEGER, f"masks with an {name}: all that have a score") for name in _DISTANCES),
        *(SEEN, PROVENANCE),
    ],
)


def ratios(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean of each metric over the images of each group; NaN where there is none."""
    columns = [f"{metric}_{part}" for metric in NAMES for part in ("sum", "n")]
    groups = sums.groupby(keys, observed=True)[columns].sum()
    return pd.DataFrame({metric: groups[f"{metric}_sum"] / groups[f"{metric}_n"] for metric in NAMES})


def mean_of_means(sums: pd.DataFrame, keys: list[str], over: list[str]) -> pd.DataFrame:
    """Mean over the patients or tasks (`over`) of their means; those without a value do not count."""
    return ratios(sums, list(dict.fromkeys([*keys, *over]))).groupby(level=keys, observed=True).mean()


def counts(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Numbers of tasks, images and patients with a score, and of rows without one, in each group."""
    groups = sums.groupby(keys, observed=True)
    scored = sums[sums["n"] > 0]

    def distinct(what: list[str]) -> pd.Series:
        return scored.drop_duplicates([*dict.fromkeys([*keys, *what])]).groupby(keys, observed=True).size()

    found = pd.DataFrame(
        {
            "n_tasks": distinct(["dataset", "task"]),
            "n_images": groups["n"].sum(),
            "n_patients": distinct(["dataset", "case_id"]),
            "n_failed": groups["n_failed"].sum(),
            "n_not_applicable": groups["n_not_applicable"].sum(),
        }
    )
    return found.fillna(0).astype(int)


def distance_units(sums: pd.DataFrame, keys: list[str]) -> pd.Series:
    """The unit of distances of each group: mm, px, `mixed`, or empty where nothing was scored."""
    groups = sums.groupby(keys, observed=True)
    mm, px = groups["n_mm"].sum() > 0, groups["n_px"].sum() > 0
    return pd.Series(np.select([mm & px, mm, px], ["mixed", "mm", "px"], default=""), index=mm.index, dtype=object)


def seen_answers(frame: pd.DataFrame, seen: Seen) -> pd.Series:
    """Whether the method of each row of level `task` has seen its dataset; empty at other levels."""
    answers = answers_of(seen, frame["method"], frame["dataset"])
    return pd.Series(answers, index=frame.index, dtype=object).where(frame["level"] == "task", "")


def _summary_level(sums: pd.DataFrame, level: str, keys: list[str]) -> pd.DataFrame:
    frame = counts(sums, keys)
    frame["distance_unit"] = distance_units(sums, keys)
    for name in _DISTANCES:
        frame[f"n_{name}"] = sums.groupby(keys, observed=True)[f"{name}_n"].sum()
    means = {"images": ratios(sums, keys), "patients": mean_of_means(sums, keys, ["dataset", "case_id"])}
    if level != "task":
        means["tasks"] = mean_of_means(sums, keys, ["dataset", "task"])
    for over, values in means.items():
        values[_DISTANCES] = values[_DISTANCES].mask(frame["distance_unit"] == "mixed")
        frame = frame.join(values.add_suffix(f"_mean_{over}"))
    return frame.reset_index().astype({name: object for name in keys if name != "step"}).assign(level=level)


def summary(sums: pd.DataFrame, seen: Seen | None = None) -> pd.DataFrame:
    """The table of means.

    Rows of level `task` hold one task and say in `seen` whether the method has seen its dataset in training (yes, no,
    unknown). Rows of level `all` pool every task, rows of level `all_unseen` every task but those of datasets that the
    method has seen; dataset and task are empty there. A method that has seen everything has no such rows.
    `{metric}_mean_images`, `_mean_patients` and `_mean_tasks` are the three kinds of mean (the last not at level
    `task`). Rows without a score (failures, methods that do not take the prompt) are counted and left out of the means.
    Images that could not be read belong to no task: their rows have an empty task and count in n_failed.
    hd95 is in `distance_unit`; where a row pools mm and px, the unit is `mixed` and the mean of hd95 empty. It is a
    mean over `n_hd95` masks, all that have a score: that of an empty prediction is the diagonal of its image.
    """
    seen = seen or {}
    levels = [
        _summary_level(sums, "task", ["dataset", "task", *SETTING]),
        _summary_level(sums, "all", SETTING),
        _summary_level(unseen(sums, seen), "all_unseen", SETTING),
    ]
    frame = pd.concat(levels, ignore_index=True).reindex(columns=made(SUMMARY))
    frame[["dataset", "task"]] = frame[["dataset", "task"]].fillna("")
    n_tasks = frame["n_tasks"].where(frame["level"] != "task").astype("Int64")
    return frame.assign(n_tasks=n_tasks, seen=seen_answers(frame, seen))
