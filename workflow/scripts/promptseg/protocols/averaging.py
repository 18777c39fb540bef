"""From scores of objects to those of a data set, as a preset averages: classes of a case first, slices pooled, ...

`averaging` of a preset is a list of levels. Perhaps one within a case, which here is an image or a volume: `classes`,
the mean of its objects; `lesions`, the mean of all lesions in it. Then what the mean goes over: `objects`, `cases`, or
`slices`, pooled over all volumes. Perhaps `tasks` at the end: the mean is made of each task, and over these.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from promptseg.protocols.summaries import held, numbers

WITHIN = {"classes": None, "lesions": "n_lesions"}  # the column that weights objects; None: all alike
OVER = {"objects": None, "cases": None, "slices": "entries"}
UNIT = ["dataset", "task", "case_id", "image_id", "object_id"]


def mean(values: np.ndarray, weights: np.ndarray, spread: bool) -> np.ndarray:
    """(...) mean over the first axis of (n, ...) values, NaN left out unless `spread`; NaN where nothing is left.

    Args:
        weights: (n,).
    """
    known = ~np.isnan(values)
    shares = known * weights.reshape(-1, *[1] * (values.ndim - 1))
    with np.errstate(invalid="ignore"):
        found = (np.where(known, values, 0.0) * shares).sum(axis=0) / shares.sum(axis=0)
    return np.where(known.all(axis=0), found, np.nan) if spread else found


def cut(curves: dict[str, np.ndarray], above: float | str) -> np.ndarray | None:
    """Set NSD to 0 where the Dice at the same place is not above a limit; the limit itself is not above it.

    `CVPR25_iter_eval.py` of JunMa11/CVPR-MedSegFMCompetition 748e862, main loop; LiteMedSAM's `compute_metrics.py`.

    Args:
        curves: `nsd` of them is changed.

    Returns:
        Bool, where that changed a value; None if the limit is `none`.
    """
    if above == "none":
        return None
    low = curves["dice"] <= above
    changed = low & (curves["nsd"] > 0)
    curves["nsd"] = np.where(low, 0.0, curves["nsd"])
    return np.asarray(changed)


def curves_of(rows: pd.DataFrame, metric: str, steps: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The curve of each object.

    Args:
        rows: of PROTOCOL_SCORES, of one method under one preset.
        steps: of the preset after the start.

    Returns:
        One row of UNIT per object, sorted; (n, steps + 1) float64, NaN where there is no value; (n,) steps of each.
    """
    table = rows.pivot(index=UNIT, columns="step", values=metric).sort_index()
    curves = table.reindex(columns=range(steps + 1)).to_numpy(float, na_value=np.nan)
    lengths = rows.groupby(UNIT)["step"].max().sort_index().to_numpy() + 1
    return table.index.to_frame(index=False), curves, lengths


def units(rows: pd.DataFrame, preset: Mapping[str, Any]) -> pd.DataFrame:
    """What the mean of a preset goes over: cases or objects, with the numbers of its summaries.

    Args:
        rows: of PROTOCOL_SCORES with status `ok`, of one method, asked about images or volumes.
        preset: its declaration.

    Returns:
        One row per unit: UNIT (`task` and `object_id` are empty where a case is the unit), `weight`, `n_cut` (steps at
        which NSD was set to 0), a column for each summary.
    """
    levels, conditions = preset["averaging"], preset["conditions"]
    spread, within = conditions["unknown"] == "spread", levels[0] in WITHIN
    weigh = next((column for level in levels if (column := {**WITHIN, **OVER}.get(level))), None)
    measured = {name: curves_of(rows, name, preset["prompts"]) for name in [*preset["metrics"], *filter(None, [weigh])]}
    keys, _, lengths = next(iter(measured.values()))
    weights = np.ones(len(keys)) if weigh is None else held(measured.pop(weigh)[1], lengths)[:, -1]
    curves = {name: found for name, (_, found, _) in measured.items()}
    if within:
        curves = {name: held(found, lengths) for name, found in curves.items()}
        of_task = ["task"] if "tasks" in levels else []
        groups = keys.groupby(["dataset", *of_task, "case_id", "image_id"], sort=True).indices.values()
        curves = {
            name: np.array([mean(found[group], weights[group], spread) for group in groups])
            for name, found in curves.items()
        }
        lengths = np.array([lengths[group].max() for group in groups])
        keys = keys.iloc[[group[0] for group in groups]].reset_index(drop=True)
        keys[["object_id"] if of_task else ["task", "object_id"]] = ""
        weights = np.ones(len(keys))
    changed = cut(curves, conditions["nsd_zero_unless_dice_above"])
    found = keys.assign(weight=weights, n_cut=0 if changed is None else changed.sum(axis=1))
    for summary in preset["summaries"]:
        found[summary["name"]] = numbers(curves[summary["metric"]], summary, lengths)
    return found


def dataset_means(of_units: pd.DataFrame, names: Sequence[str], preset: Mapping[str, Any]) -> pd.Series:
    """The mean over the units of one data set, by the name of a summary, as the preset averages."""
    spread = preset["conditions"]["unknown"] == "spread" and preset["averaging"][0] not in WITHIN
    parts = [part for _, part in of_units.groupby("task")] if "tasks" in preset["averaging"] else [of_units]
    of_parts = [mean(part[list(names)].to_numpy(float), part["weight"].to_numpy(float), spread) for part in parts]
    return pd.Series(mean(np.array(of_parts), np.ones(len(parts)), False), index=list(names))
