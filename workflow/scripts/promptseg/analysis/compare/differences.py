"""How much the scores of two runs differ: paired means with intervals over patients."""

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import bootstrap_means
from promptseg.analysis.compare.pairing import PAIR, STATES
from promptseg.analysis.compare.tables import COVERAGE, DIFFERENCES
from promptseg.core.columns import SETTING
from promptseg.score.metrics import METRICS

_KEYS = ["level", "dataset", "task", "group", *SETTING]


def _values(pairs: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair and metric that both have: metric, a, b, difference, distance_unit."""
    parts = []
    for metric in METRICS:
        own = pairs[["dataset", "task", "case_id", "group", *SETTING]].assign(
            metric=metric.name, a=pairs[f"{metric.name}_a"], b=pairs[f"{metric.name}_b"], distance_unit=""
        )
        known = np.isfinite(own["a"].astype(float)) & np.isfinite(own["b"].astype(float))
        if metric.is_distance:
            known &= pairs["distance_unit_a"] == pairs["distance_unit_b"]
            own["distance_unit"] = pairs["distance_unit_a"]
        parts.append(own[known])
    found = pd.concat(parts, ignore_index=True)
    return found.assign(difference=found["b"].astype(float) - found["a"].astype(float))


def _summed(values: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    signs = values.assign(
        n_higher=(values["difference"] > 0).astype(int),
        n_lower=(values["difference"] < 0).astype(int),
        n_equal=(values["difference"] == 0).astype(int),
    )
    return signs.groupby(keys, sort=True, as_index=False).agg(
        n_objects=("difference", "size"),
        n_patients=("case_id", "nunique"),
        mean_a=("a", "mean"),
        mean_b=("b", "mean"),
        difference=("difference", "mean"),
        n_higher=("n_higher", "sum"),
        n_lower=("n_lower", "sum"),
        n_equal=("n_equal", "sum"),
        units=("distance_unit", lambda units: " ".join(sorted(set(units)))),
    )


def _intervals(values: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """`ci_low`, `ci_high` and `alone` of each row of DIFFERENCES."""
    setting = ["group", "metric", *SETTING]
    sums = values.groupby(["dataset", "task", "case_id", *setting], as_index=False)["difference"].agg(["sum", "size"])
    sums = sums.rename(columns={"sum": "difference_sum", "size": "difference_n"})
    found = bootstrap_means(sums, ["difference"], setting, resamples, seed)
    found = found[found["level"] != "all_unseen"]
    return found.rename(columns={"difference_low": "ci_low", "difference_high": "ci_high"})


def differences(matched: pd.DataFrame, by: list[str], resamples: int, seed: int) -> pd.DataFrame:
    """DIFFERENCES of all pairs, of whole tasks and of the groups of each column of `by`.

    A mean over tasks leaves out tasks without a pair. A distance is averaged over tasks only where its unit is the same
    in all of them.

    Args:
        matched: see `pairing.paired`, of all datasets.
        by: columns of it.
        resamples, seed: of the bootstrap.
    """
    pairs = matched[(matched["state"] == PAIR) & (matched["task"] != "")]
    groups = [pairs.assign(group="")]
    groups += [pairs.assign(group=f"{name}=" + pairs[name].astype(str)) for name in by]
    values = _values(pd.concat(groups, ignore_index=True))
    if values.empty:
        return pd.DataFrame(columns=DIFFERENCES.names)
    setting = ["group", *SETTING, "metric"]
    tasks = _summed(values, ["dataset", "task", *setting]).assign(level="task")
    pooled = tasks.groupby(setting, as_index=False).agg(
        **{name: (name, "mean") for name in ("mean_a", "mean_b", "difference")},
        **{name: (name, "sum") for name in ("n_objects", "n_higher", "n_lower", "n_equal")},
        units=("units", lambda units: " ".join(sorted(set(units)))),
    )
    people = values.assign(who=values["dataset"] + "/" + values["case_id"]).groupby(setting)["who"].nunique()
    pooled = pooled.assign(
        level="all", dataset="", task="", n_patients=people.reindex(pd.MultiIndex.from_frame(pooled[setting])).array
    )
    frame = pd.concat([pooled, tasks], ignore_index=True)
    keys = ["level", "dataset", "task", *setting]
    frame = frame.merge(_intervals(values, resamples, seed)[[*keys, "ci_low", "ci_high", "alone"]], on=keys, how="left")
    mixed = frame["units"].str.contains(" ")
    numbers = ["mean_a", "mean_b", "difference", "ci_low", "ci_high"]
    frame[numbers] = frame[numbers].astype(float).mask(mixed)
    frame["distance_unit"] = frame["units"].mask(mixed, "mixed")
    alone = frame["alone"].fillna("")
    frame["note"] = np.select(
        [mixed, alone != ""],
        ["mm and pixels are not averaged", "no interval: a single patient in " + alone],
        default="",
    )
    order = {metric.name: place for place, metric in enumerate(METRICS)}
    frame = frame.assign(place=frame["metric"].map(order))
    return frame.sort_values([*_KEYS, "place"], ignore_index=True)[DIFFERENCES.names]


def coverage(matched: pd.DataFrame) -> pd.DataFrame:
    """COVERAGE: every row of either run is counted once."""
    keys = ["dataset", "task", *SETTING]
    rows = matched[[*keys, "state"]].assign(
        scored_a=(matched["status_a"] == "ok").astype(int),
        scored_b=(matched["status_b"] == "ok").astype(int),
        **{state: (matched["state"] == state).astype(int) for state in STATES},
    )
    return rows.drop(columns="state").groupby(keys, sort=True, as_index=False).sum()[COVERAGE.names]
