"""summary.csv: the three kinds of mean of every metric.

They are kept apart because they answer different questions and differ in value: over images (each object mask counts
once; what the study reports), over patients (first within each patient), and over tasks (the mean of the tasks' means
over images). An object mask is one task in one image, so within a task images and masks are the same; over all tasks an
image counts once for each of its tasks.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.contamination import Seen, answers_of, unseen
from promptseg.analysis.sums import METRICS
from promptseg.core.columns import SETTING
from promptseg.core.errors import PromptsegError

SUMMARY_COLUMNS = [
    *("level", "dataset", "task", *SETTING),
    *("n_tasks", "n_images", "n_patients", "n_failed", "n_not_applicable"),
    *(f"{metric}_mean_{over}" for metric in METRICS for over in ("images", "patients", "tasks")),
    *("distance_unit", "n_hd95", "seen"),
]
_TEXT = ["level", "dataset", "task", "method", "protocol", "mode", "selection", "seen"]


def ratios(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean of each metric over the images of each group; NaN where there is none."""
    columns = [f"{metric}_{part}" for metric in METRICS for part in ("sum", "n")]
    groups = sums.groupby(keys, observed=True)[columns].sum()
    return pd.DataFrame({metric: groups[f"{metric}_sum"] / groups[f"{metric}_n"] for metric in METRICS})


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
    frame["n_hd95"] = sums.groupby(keys, observed=True)["hd95_n"].sum()
    means = {"images": ratios(sums, keys), "patients": mean_of_means(sums, keys, ["dataset", "case_id"])}
    if level != "task":
        means["tasks"] = mean_of_means(sums, keys, ["dataset", "task"])
    for over, values in means.items():
        values["hd95"] = values["hd95"].mask(frame["distance_unit"] == "mixed")
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
    mean over the `n_hd95` masks where it is finite.
    """
    seen = seen or {}
    levels = [
        _summary_level(sums, "task", ["dataset", "task", *SETTING]),
        _summary_level(sums, "all", SETTING),
        _summary_level(unseen(sums, seen), "all_unseen", SETTING),
    ]
    frame = pd.concat(levels, ignore_index=True).reindex(columns=SUMMARY_COLUMNS)
    frame[["dataset", "task"]] = frame[["dataset", "task"]].fillna("")
    n_tasks = frame["n_tasks"].where(frame["level"] != "task").astype("Int64")
    return frame.assign(n_tasks=n_tasks, seen=seen_answers(frame, seen))


def read_summary(path: str | Path) -> pd.DataFrame:
    """`summary.csv`: empty keys are empty texts, empty numbers NaN.

    Raises:
        PromptsegError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise PromptsegError(
            f"{path} does not exist. Run the pipeline first (snakemake --cores 8), or give the folder of its results."
        )
    frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str))
    return frame.fillna(dict.fromkeys(_TEXT, ""))
