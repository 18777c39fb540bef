"""statistics.csv: the mean of each setting with its 95 % interval."""

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import bootstrap_means
from promptseg.analysis.columns import (
    CI_HIGH,
    CI_LOW,
    DISTANCE_UNIT,
    LEVEL,
    MEAN_IOU,
    N_IMAGES,
    N_PATIENTS,
    N_TASKS,
    PROVENANCE,
    SEEN,
    ends,
    made,
)
from promptseg.analysis.contamination import Seen, unseen
from promptseg.analysis.summary import counts, distance_units, mean_of_means, seen_answers
from promptseg.analysis.sums import METRICS
from promptseg.core.columns import DATASET, SETTING, SETTING_COLUMNS, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table

_KEYS = ["level", "dataset", "task", *SETTING]
_OTHERS = [metric for metric in METRICS if metric != "iou"]
_MEANS = [
    Column("dice", FLOAT, "mean Dice coefficient, 0 to 1"),
    Column("nsd", FLOAT, "mean normalised surface Dice, 0 to 1"),
    Column(
        "hd95",
        FLOAT,
        "mean 95th percentile of the Hausdorff distance; an empty mask counts with the diagonal of its image",
        "`distance_unit`",
    ),
]
STATISTICS = Table(
    "statistics.csv",
    "Means with intervals. At level `task` over images, at the other levels over tasks.",
    [
        *(LEVEL, DATASET, TASK, *SETTING_COLUMNS),
        Column("statistic", STRING, "`mean_images` or `mean_tasks`: what the mean is over"),
        *(N_TASKS, N_IMAGES, N_PATIENTS, MEAN_IOU, CI_LOW, CI_HIGH),
        Column("no_interval", STRING, "why the IoU has no interval"),
        SEEN,
        *(part for column in _MEANS for part in (column, *ends(column))),
        *(DISTANCE_UNIT, PROVENANCE),
    ],
)


def statistics(sums: pd.DataFrame, resamples: int = 2000, seed: int = 0, seen: Seen | None = None) -> pd.DataFrame:
    """The mean of each setting with its 95 % interval, for every metric.

    At level `task` the statistic is the mean over images; at the levels `all` and `all_unseen` (see `summary.summary`)
    the mean over tasks. For the intervals see `bootstrap.bootstrap_means`; `no_interval` says why one of the IoU is
    missing. Where a row pools distances in mm and px there is no hd95.
    """
    seen = seen or {}
    tasks = sums[sums["task"] != ""]
    levels = [
        _level(tasks, "task", ["dataset", "task", *SETTING]),
        _level(tasks, "all", SETTING),
        _level(unseen(tasks, seen), "all_unseen", SETTING),
    ]
    frame = pd.concat(levels, ignore_index=True)
    frame[["dataset", "task"]] = frame[["dataset", "task"]].fillna("")
    ends = bootstrap_means(tasks, METRICS, SETTING, resamples, seed, seen)
    names = {f"{metric}_{end}": f"{metric}_ci_{end}" for metric in _OTHERS for end in ("low", "high")}
    ends = ends.rename(columns={"iou_low": "ci_low", "iou_high": "ci_high", **names})
    frame = frame.merge(ends, on=_KEYS, how="left")
    mixed = frame["distance_unit"] == "mixed"
    for name in ("hd95", "hd95_ci_low", "hd95_ci_high"):
        frame[name] = frame[name].mask(mixed)
    reasons = [
        (frame["n_images"] == 0) & (frame["n_not_applicable"] > 0),
        frame["n_images"] == 0,
        frame["ci_low"].notna(),
        frame["level"] == "task",
    ]
    texts = ["not applicable", "no image was scored", "", "one patient: an interval needs two"]
    otherwise = ("one patient only in " + frame["alone"].fillna("").astype(str)).to_numpy(object)
    frame["no_interval"] = np.select(reasons, texts, default=otherwise)
    frame["n_tasks"] = frame["n_tasks"].where(frame["level"] != "task").astype("Int64")
    return frame.assign(seen=seen_answers(frame, seen))[made(STATISTICS)]


def _level(tasks: pd.DataFrame, level: str, keys: list[str]) -> pd.DataFrame:
    frame = counts(tasks, keys).join(mean_of_means(tasks, keys, ["dataset", "task"]))
    frame["distance_unit"] = distance_units(tasks, keys)
    frame = frame.reset_index().astype({name: object for name in keys if name != "step"})
    return frame.assign(level=level, statistic="mean_images" if level == "task" else "mean_tasks")
