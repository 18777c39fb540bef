"""statistics.csv: the mean of each setting with its 95 % interval."""

from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import bootstrap_means
from promptseg.analysis.contamination import Seen, unseen
from promptseg.analysis.summary import counts, distance_units, mean_of_means, seen_answers
from promptseg.analysis.sums import METRICS
from promptseg.core.columns import SETTING

_KEYS = ["level", "dataset", "task", *SETTING]
_OTHERS = [metric for metric in METRICS if metric != "iou"]
STATISTICS_COLUMNS = [
    *_KEYS,
    *("statistic", "n_tasks", "n_images", "n_patients", "iou", "ci_low", "ci_high", "no_interval", "seen"),
    *(f"{metric}{part}" for metric in _OTHERS for part in ("", "_ci_low", "_ci_high")),
    "distance_unit",
]


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
    return frame.assign(seen=seen_answers(frame, seen))[STATISTICS_COLUMNS]


def _level(tasks: pd.DataFrame, level: str, keys: list[str]) -> pd.DataFrame:
    frame = counts(tasks, keys).join(mean_of_means(tasks, keys, ["dataset", "task"]))
    frame["distance_unit"] = distance_units(tasks, keys)
    frame = frame.reset_index().astype({name: object for name in keys if name != "step"})
    return frame.assign(level=level, statistic="mean_images" if level == "task" else "mean_tasks")


def read_statistics(path: str | Path) -> pd.DataFrame:
    """`statistics.csv` as `statistics` returned it: empty keys are empty texts, empty numbers NaN."""
    text = [*(name for name in _KEYS if name != "step"), "statistic", "no_interval", "seen", "distance_unit"]
    frame = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={"n_tasks": [""]})
    numbers = [name for name in STATISTICS_COLUMNS if name in METRICS or name.endswith(("ci_low", "ci_high"))]
    for name in frame.columns.intersection(numbers):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame
