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
from promptseg.analysis.contamination import Seen, seen_answers, unseen
from promptseg.analysis.means import counts, distance_units, mean_of_means
from promptseg.analysis.sums import NAMES
from promptseg.core.columns import DATASET, SETTING, SETTING_COLUMNS, TASK
from promptseg.core.tables import STRING, Column, Table
from promptseg.score.metrics import METRICS

_KEYS = ["level", "dataset", "task", *SETTING]
_OTHERS = METRICS[1:]
ALONE = "one patient only in "  # and the datasets: why a mean over tasks has no interval
STATISTICS = Table(
    "statistics.csv",
    "Means with intervals. At level `task` over images, at the other levels over tasks.",
    [
        *(LEVEL, DATASET, TASK, *SETTING_COLUMNS),
        Column("statistic", STRING, "`mean_images` or `mean_tasks`: what the mean is over"),
        *(N_TASKS, N_IMAGES, N_PATIENTS, MEAN_IOU, CI_LOW, CI_HIGH),
        Column("no_interval", STRING, "why the IoU has no interval"),
        SEEN,
        *(part for metric in _OTHERS for part in (metric.mean, *ends(metric.mean))),
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
    known = bootstrap_means(tasks, NAMES, SETTING, resamples, seed, seen)
    known.columns = known.columns.str.replace(r"_(low|high)$", r"_ci_\1", regex=True)
    known = known.rename(columns={"iou_ci_low": "ci_low", "iou_ci_high": "ci_high"})
    frame = frame.merge(known, on=_KEYS, how="left")
    for metric in [metric for metric in _OTHERS if metric.is_distance]:
        names = [column.name for column in (metric.mean, *ends(metric.mean))]
        frame[names] = frame[names].mask(frame["distance_unit"] == "mixed")
    reasons = [
        (frame["n_images"] == 0) & (frame["n_not_applicable"] > 0),
        frame["n_images"] == 0,
        frame["ci_low"].notna(),
        frame["level"] == "task",
    ]
    texts = ["not applicable", "no image was scored", "", "one patient: an interval needs two"]
    otherwise = (ALONE + frame["alone"].fillna("").astype(str)).to_numpy(object)
    frame["no_interval"] = np.select(reasons, texts, default=otherwise)
    frame["n_tasks"] = frame["n_tasks"].where(frame["level"] != "task").astype("Int64")
    return frame.assign(seen=seen_answers(frame, seen))[made(STATISTICS)]


def _level(tasks: pd.DataFrame, level: str, keys: list[str]) -> pd.DataFrame:
    frame = counts(tasks, keys).join(mean_of_means(tasks, keys, ["dataset", "task"]))
    frame["distance_unit"] = distance_units(tasks, keys)
    frame = frame.reset_index().astype({name: object for name in keys if name != "step"})
    return frame.assign(level=level, statistic="mean_images" if level == "task" else "mean_tasks")
