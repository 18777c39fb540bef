"""retention.csv: what is left of a mask with the distance from the slices that were prompted."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.columns import CI_HIGH, CI_LOW, N_PATIENTS, N_TASKS, PROVENANCE, N, ends, made
from promptseg.analysis.objects import patient_means, sums_of_objects
from promptseg.core.columns import DATASET, IOU, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.volumes.analysis.intervals import cautious
from promptseg.volumes.analysis.routes import LEVEL_OF_VOLUMES
from promptseg.volumes.analysis.rows import last_steps, read_rows
from promptseg.volumes.columns import VOLUME_SETTING, VOLUME_SETTING_COLUMNS
from promptseg.volumes.scores.tables import VOLUME_SLICES

# Ends of the bins: 0 alone, the prompted slices, then more than one end up to the next one.
EDGES = {"mm": (0, 5, 10, 15, 20, 30, 40, 60, 80), "slices": (0, 1, 2, 4, 8, 16, 32)}
_CURVE = [*VOLUME_SETTING, "distance_unit"]
_METRICS = ["dice", "iou", "distance"]
_LENGTH = "`distance_unit`"

RETENTION = Table(
    "retention.csv",
    "Dice and IoU of single slices that hold the object, by their distance from the nearest prompted slice.",
    [
        LEVEL_OF_VOLUMES.but(meaning="`task`: mean over slices of one task; `all`: mean over the tasks' means"),
        *(DATASET, TASK, *VOLUME_SETTING_COLUMNS),
        Column("distance_unit", STRING, "unit of distances: `mm`, or `slices` where the spacing is unknown"),
        Column("bin_low", FLOAT, "lower end of the bin, not included; 0 to 0 holds the prompted slices", _LENGTH),
        Column("bin_high", FLOAT, "upper end of the bin, included; empty for the last one", _LENGTH),
        Column("distance", FLOAT, "mean distance of the slices in it", _LENGTH),
        *(N_TASKS, N.but(meaning="slices in the bin"), N_PATIENTS),
        Column("dice", FLOAT, "mean Dice of these slices, 0 for those without a mask"),
        *(CI_LOW.but(meaning=CI_LOW.meaning.replace("interval", "interval of dice")), CI_HIGH),
        *(IOU.but(meaning="mean IoU of these slices"), *ends(IOU)),
        Column(
            "half_distance",
            FLOAT,
            "distance at which half of the Dice of the prompted slices is lost, linear between bins; the same in all "
            "rows of a curve, empty if it never is",
            _LENGTH,
        ),
        PROVENANCE,
    ],
)


def bins_of(distance: np.ndarray, unit: str) -> np.ndarray:
    """Number of the bin of each distance: 0 for 0, k for more than end k - 1 up to end k of EDGES."""
    return np.searchsorted(EDGES[unit], distance, side="left")


def half_distance(distance: np.ndarray, dice: np.ndarray) -> float:
    """Where a curve first falls to half of its value at distance 0, linear between its points.

    Args:
        distance: ascending; (n,).
        dice: mean Dice there; (n,).

    Returns:
        NaN if the curve does not begin at distance 0 with some Dice, or never falls so far.
    """
    if not len(distance) or distance[0] > 0 or not dice[0] > 0:
        return float("nan")
    below = np.flatnonzero(dice <= dice[0] / 2)
    if not len(below):
        return float("nan")
    last = below[0]
    share = (dice[last - 1] - dice[0] / 2) / (dice[last - 1] - dice[last])
    return float(distance[last - 1] + share * (distance[last] - distance[last - 1]))


def slice_sums(file: str | Path) -> pd.DataFrame:
    """Sums of each patient in each bin (see `objects.sums_of_objects`) of one file of VOLUME_SLICES.

    Only slices that hold the object count, of settings with a prompted slice, before any click and after the last one.
    """
    names = ["dataset", "task", "case_id", *VOLUME_SETTING, "distance_mm", "distance_slices", "area", "dice", "iou"]
    rows = last_steps(read_rows([file], VOLUME_SLICES, names))
    known = rows["distance_mm"].notna()
    rows = rows.assign(
        distance=rows["distance_mm"].where(known, rows["distance_slices"]).astype(float),
        distance_unit=np.where(known, "mm", "slices"),
    )
    rows = rows[(rows["area"] > 0) & rows["distance"].notna()]
    rows = rows.assign(bin=0)
    for unit in EDGES:
        own = rows["distance_unit"] == unit
        rows.loc[own, "bin"] = bins_of(rows.loc[own, "distance"].to_numpy(), unit)
    return sums_of_objects(rows, _METRICS, [*_CURVE, "bin"])


def retention(files: Iterable[str | Path], resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """RETENTION, without provenance.

    Intervals resample patients. At long distances only long objects have slices, so the points of a curve are not of
    the same objects.

    Args:
        files: of VOLUME_SLICES, read one at a time.
        resamples, seed: see `bootstrap.bootstrap_means`.
    """
    sums = [found for file in sorted(map(str, files)) if len(found := slice_sums(file))]
    if not sums:
        return pd.DataFrame(columns=made(RETENTION))
    setting = [*_CURVE, "bin"]
    every = pd.concat(sums, ignore_index=True)
    parts = [
        cautious(patient_means(own, _METRICS, setting, resamples, seed), setting) for _, own in every.groupby("method")
    ]
    table = pd.concat(parts, ignore_index=True)
    for unit, edges in EDGES.items():
        own, low = table["distance_unit"] == unit, np.array([0, *edges], float)
        place = table.loc[own, "bin"].to_numpy()
        table.loc[own, "bin_low"] = low[place]
        table.loc[own, "bin_high"] = np.array([*edges, np.nan], float)[place]
    curves = table.groupby(["level", "dataset", "task", *_CURVE])
    halves = curves[["distance", "dice"]].apply(lambda own: half_distance(*own.to_numpy(float).T))
    table = table.merge(halves.rename("half_distance").reset_index())
    return table.rename(columns={"dice_ci_low": "ci_low", "dice_ci_high": "ci_high"})[made(RETENTION)]
