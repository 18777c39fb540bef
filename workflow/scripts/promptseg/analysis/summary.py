"""summary.csv: the three kinds of mean of every metric.

They are kept apart because they answer different questions and differ in value: over images (each object mask counts
once; what the study reports), over patients (first within each patient), and over tasks (the mean of the tasks' means
over images). An object mask is one task in one image, so within a task images and masks are the same; over all tasks an
image counts once for each of its tasks.
"""

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
from promptseg.analysis.contamination import Seen, seen_answers, unseen
from promptseg.analysis.means import counts, distance_units, mean_of_means, ratios
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
        Column("n_not_applicable", INTEGER, "rows of prompts, and of clicks, that the method does not take"),
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
