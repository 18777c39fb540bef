"""Means, numbers of values and units of groups of scores, from the sums of `sums.patient_sums`."""

import numpy as np
import pandas as pd

from promptseg.analysis.sums import NAMES


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
