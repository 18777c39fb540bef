"""routes.csv: what every route brings and costs."""

import pandas as pd

from promptseg.analysis.columns import LEVEL, N_FAILED, N_OBJECTS, N_PATIENTS, N_TASKS, PROVENANCE, SEEN, ends, made
from promptseg.analysis.contamination import Seen, seen_answers
from promptseg.analysis.objects import object_means
from promptseg.core.columns import DATASET, TASK
from promptseg.core.tables import FLOAT, INTEGER, Column, Table
from promptseg.volumes.analysis.intervals import cautious
from promptseg.volumes.analysis.rows import scored
from promptseg.volumes.columns import VOLUME_SETTING, VOLUME_SETTING_COLUMNS
from promptseg.volumes.scores.tables import UNIT

LEVEL_OF_VOLUMES = LEVEL.but(meaning="`task`: mean over the objects of one task; `all`: mean over the tasks' means")
_SCORES = [
    Column("dice", FLOAT, "mean Dice over the whole volume, slices without object included"),
    Column("iou", FLOAT, "mean IoU over the whole volume"),
    Column("nsd", FLOAT, "mean surface Dice, by edges of voxels"),
    Column("nsd_area", FLOAT, "mean surface Dice, by surface elements weighted by their area"),
    Column("hd95", FLOAT, "mean 95th percentile of the Hausdorff distance", "`distance_unit`"),
    Column("slice_dice", FLOAT, "mean of the mean Dice of the slices that hold the object: blind to what lies beyond"),
    Column("end_slice_dice", FLOAT, "mean Dice of the object's first and last slice"),
    Column("overrun_mm", FLOAT, "mean length of what was predicted beyond both ends of the object", "mm"),
    Column("overrun_ml", FLOAT, "mean volume of it", "ml"),
    Column("short_mm", FLOAT, "mean length at the object's ends without a mask", "mm"),
    Column("false_slices", FLOAT, "mean number of slices with a mask and without the object"),
]
_EFFORT = [
    Column("n_prompted", FLOAT, "mean number of prompted slices"),
    Column(
        "n_interactions", FLOAT, "mean number of interactions: a point 1, a box 2, ends that are given 2, a click 1"
    ),
    Column("n_contours", FLOAT, "mean number of contours that the user drew"),
    Column("dropped", FLOAT, "mean number of clicks that the method took no notice of"),
]
SCORE_NAMES = [column.name for column in _SCORES]
_EFFORT_NAMES = [column.name for column in _EFFORT]

ROUTES = Table(
    "routes.csv",
    "What every route from prompts on some slices to a mask of the whole object brings, and what it costs the user.",
    [
        *(LEVEL_OF_VOLUMES, DATASET, TASK, *VOLUME_SETTING_COLUMNS, N_TASKS),
        *(N_OBJECTS, N_PATIENTS, N_FAILED.but(meaning="objects that should have a score and have none")),
        Column("n_not_applicable", INTEGER, "objects that the setting does not fit, as three slices of two"),
        *_EFFORT,
        *(part for column in _SCORES for part in (column, *ends(column))),
        Column("dice_mean_patients", FLOAT, "mean Dice over patients of their means over objects"),
        Column("dice_mean_objects", FLOAT, "mean Dice over all objects; that of level `task` once more there"),
        UNIT.but(meaning="unit of hd95: `mm`, or `voxels` where a spacing is unknown; `mixed` if both, without a mean"),
        *(SEEN, PROVENANCE),
    ],
)


def mixed_or_one(units: pd.Series) -> str:
    """The unit of a group of lengths; `mixed` where there are several."""
    found = sorted(set(units) - {""})
    return found[0] if len(found) == 1 else "mixed" if found else ""


def routes(rows: pd.DataFrame, resamples: int = 2000, seed: int = 0, seen: Seen | None = None) -> pd.DataFrame:
    """ROUTES, without provenance.

    Intervals are 95 % percentile bootstraps over patients (see `bootstrap.bootstrap_means`); there is none with fewer
    than two patients, nor for a mean over tasks of which one has only one, see `intervals`. Each method is resampled
    by itself, so that its numbers do not depend on which others a run has.

    Args:
        rows: of VOLUME_SCORES, see `rows.merge_scores`.
        seen: which datasets each method has seen.
    """
    known = scored(rows)
    names = [*SCORE_NAMES, *_EFFORT_NAMES]
    known = known.astype(dict.fromkeys(names, float))
    parts = [
        cautious(object_means(own, names, VOLUME_SETTING, resamples, seed), VOLUME_SETTING)
        for _, own in known.groupby("method")
    ]
    keys = {"task": ["dataset", "task", *VOLUME_SETTING], "all": VOLUME_SETTING}
    counted = pd.concat([_counts(rows, own).assign(level=level) for level, own in keys.items()], ignore_index=True)
    counted = counted.fillna({"dataset": "", "task": ""})
    of_level = ["level", *keys["task"]]
    table = counted
    if parts:
        further = pd.concat([_further(known, own).assign(level=level) for level, own in keys.items()])
        for more in (pd.concat(parts), further.fillna({"dataset": "", "task": ""})):
            table = table.merge(more, on=of_level, how="left")
    table = table.rename(columns={"n": "n_objects"}).reindex(columns=made(ROUTES))
    table = table.astype({"distance_unit": object}).fillna({"n_objects": 0, "n_patients": 0, "distance_unit": ""})
    distances = ["hd95", "hd95_ci_low", "hd95_ci_high"]
    table[distances] = table[distances].mask(table["distance_unit"] == "mixed")
    table = table.sort_values(of_level, key=lambda c: c != "task" if c.name == "level" else c, ignore_index=True)
    return table.assign(seen=seen_answers(table, seen or {}))


def _counts(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """How many rows of each group have no score, and why."""
    none = rows["status"] == "not_applicable"
    flags = pd.DataFrame({"n_failed": ~none & (rows["status"] != "ok"), "n_not_applicable": none})
    return flags.groupby([rows[key] for key in keys]).sum().reset_index()


def _further(known: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The other kinds of mean of the Dice, and the unit of lengths of each group."""
    by_patient = known.groupby([*dict.fromkeys([*keys, "dataset", "case_id"])])["dice"].mean()
    groups = known.groupby(keys)
    return pd.DataFrame(
        {
            "dice_mean_patients": by_patient.groupby(level=keys).mean(),
            "dice_mean_objects": groups["dice"].mean(),
            "distance_unit": groups["distance_unit"].agg(mixed_or_one),
        }
    ).reset_index()
