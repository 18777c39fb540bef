"""lesions.csv and lesions_by_size.csv: which of the single components of a task a route finds."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.columns import N_PATIENTS, N_TASKS, PROVENANCE, N, ends, made
from promptseg.analysis.objects import object_means
from promptseg.core.columns import DATASET, TASK
from promptseg.core.tables import FLOAT, INTEGER, Column, Table
from promptseg.volumes.analysis.intervals import cautious
from promptseg.volumes.analysis.routes import LEVEL_OF_VOLUMES
from promptseg.volumes.analysis.rows import last_steps, read_rows, scored
from promptseg.volumes.columns import VOLUME_SETTING, VOLUME_SETTING_COLUMNS
from promptseg.volumes.scores.tables import DICE, VOLUME_DETECTION, VOLUME_LESIONS

QUANTILES = (0.25, 0.5, 0.75)
_PER_VOLUME = [
    Column("recall_any", FLOAT, "mean over volumes of the share of lesions of which the mask holds any voxel"),
    Column("precision_any", FLOAT, "mean over volumes of the share of components of the mask that touch a lesion"),
    Column("recall_iou50", FLOAT, "mean over volumes of the share of lesions that are matched, with an IoU of 0.5"),
    Column("precision_iou50", FLOAT, "mean over volumes of the share of components of the mask that are matched"),
    Column("rq", FLOAT, "mean recognition quality of the volumes"),
    Column("sq", FLOAT, "mean segmentation quality of the volumes: mean IoU of the matches"),
    Column("pq", FLOAT, "mean panoptic quality of the volumes: the product of both"),
    Column("pq_dsc", FLOAT, "the same with Dice in the place of IoU"),
    Column("fp_ml", FLOAT, "mean volume of components of the mask that touch no lesion", "ml"),
    Column("fn_ml", FLOAT, "mean volume of lesions of which the mask holds no voxel", "ml"),
]
_COUNTS = {
    "n_lesions": "lesions: components of the truth",
    "n_predicted": "components of the mask",
    "n_found": "lesions of which the mask holds any voxel",
    "tp": "lesions that are matched",
    "fp": "components of the mask that are not matched",
    "fn": "lesions that are not matched",
}
_OF_VOLUMES = [column.name for column in _PER_VOLUME]
_PER_LESION = [
    Column("found", FLOAT, "share of these lesions of which the mask holds any voxel"),
    Column("matched", FLOAT, "share of these lesions that are matched, with an IoU of 0.5"),
    DICE.but(meaning="mean Dice of these lesions with their match, 0 for those without one"),
    Column("covered", FLOAT, "mean share of their voxels that the mask holds"),
]
_OF_LESIONS = [column.name for column in _PER_LESION]

LESIONS = Table(
    "lesions.csv",
    "Components of a task, found and invented: means over volumes, and over lesions.",
    [
        LEVEL_OF_VOLUMES.but(meaning="`task`: one task; `all`: mean over the tasks' means, sums of the counts"),
        *(DATASET, TASK, *VOLUME_SETTING_COLUMNS, N_TASKS),
        Column("n_volumes", INTEGER, "volumes"),
        *(N_PATIENTS, *(Column(name, INTEGER, meaning) for name, meaning in _COUNTS.items())),
        *(part for column in _PER_VOLUME for part in (column, *ends(column))),
        PROVENANCE,
    ],
)
LESIONS_BY_SIZE = Table(
    "lesions_by_size.csv",
    "Lesions found, by quarters of a task's lesions in the order of their volume.",
    [
        *(LEVEL_OF_VOLUMES, DATASET, TASK, *VOLUME_SETTING_COLUMNS),
        Column("quarter", INTEGER, "1 the smallest quarter of the lesions of each task, 4 the largest"),
        Column("ml_low", FLOAT, "the smallest lesion in it; empty at level `all`", "ml"),
        Column("ml_high", FLOAT, "the largest one", "ml"),
        *(N_TASKS, N.but(meaning="lesions"), N_PATIENTS),
        *(part for column in _PER_LESION for part in (column, *ends(column))),
        PROVENANCE,
    ],
)


def lesions(files: Iterable[str | Path], resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """LESIONS, without provenance; intervals resample patients.

    Args:
        files: of VOLUME_DETECTION.
        resamples, seed: see `bootstrap.bootstrap_means`.
    """
    rows = last_steps(scored(read_rows(files, VOLUME_DETECTION)))
    if rows.empty:
        return pd.DataFrame(columns=made(LESIONS))
    rows = rows.astype(dict.fromkeys(_OF_VOLUMES, float))
    parts = [
        cautious(object_means(own, _OF_VOLUMES, VOLUME_SETTING, resamples, seed), VOLUME_SETTING)
        for _, own in rows.groupby("method")
    ]
    keys = ["dataset", "task", *VOLUME_SETTING]
    counts = rows.groupby(keys)[list(_COUNTS)].sum()
    pooled = counts.groupby(level=VOLUME_SETTING).sum().reset_index().assign(dataset="", task="")
    every = pd.concat([counts.reset_index(), pooled], ignore_index=True)
    table = pd.concat(parts, ignore_index=True).merge(every, on=keys, how="left")
    return table.rename(columns={"n": "n_volumes"})[made(LESIONS)]


def lesions_by_size(files: Iterable[str | Path], resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """LESIONS_BY_SIZE, without provenance; lesions of unknown volume in ml are ordered by their voxels.

    Args: as for `lesions`, but files of VOLUME_LESIONS.
    """
    rows = last_steps(read_rows(files, VOLUME_LESIONS))
    if rows.empty:
        return pd.DataFrame(columns=made(LESIONS_BY_SIZE))
    rows = rows.assign(quarter=_quarters(rows)).astype(dict.fromkeys(_OF_LESIONS, float))
    setting = [*VOLUME_SETTING, "quarter"]
    parts = [
        cautious(object_means(own, _OF_LESIONS, setting, resamples, seed), setting) for _, own in rows.groupby("method")
    ]
    ends_of = rows.groupby(["dataset", "task", "quarter"])["ml"].agg(ml_low="min", ml_high="max").reset_index()
    table = pd.concat(parts, ignore_index=True).merge(ends_of, on=["dataset", "task", "quarter"], how="left")
    return table[made(LESIONS_BY_SIZE)]


def _quarters(rows: pd.DataFrame) -> pd.Series:
    """The quarter of each lesion among those of its task, of which each counts once; equal ones are in the same."""
    quarter = pd.Series(0, index=rows.index)
    for _, own in rows.groupby(["dataset", "task"]):
        size = own["ml"].fillna(own["voxels"])
        edges = np.quantile(size[~own.duplicated(["volume_id", "lesion"])], QUANTILES)
        quarter[own.index] = 1 + np.searchsorted(edges, size, side="left")
    return quarter
