"""ambiguity.csv and calibration.csv: what three masks for one prompt share, and what their predicted IoU is worth.

The study says that the masks of which SAM is most confident resemble region growing; `grown_best_score` beside
`grown_others` measures it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import draw_patients, interval
from promptseg.analysis.columns import (
    BIN_HIGH,
    BIN_LOW,
    CI_HIGH,
    CI_LOW,
    LEVEL,
    N_OBJECTS,
    N_PATIENTS,
    N_TASKS,
    PROVENANCE,
    SPEARMAN,
    N,
    ends,
    made,
)
from promptseg.analysis.objects import object_means
from promptseg.analysis.size import correlations
from promptseg.core.columns import DATASET, METHOD, MODE, TASK
from promptseg.core.randomness import generator
from promptseg.core.tables import FLOAT, Column, Table, read_table
from promptseg.score.tables import AMBIGUITY

SETTING = ["method", "mode"]
_KEYS = [LEVEL, DATASET, TASK, METHOD, MODE]
_MEANS = [
    Column("agreement", FLOAT, "mean IoU of the three pairs of masks"),
    Column("iou_first", FLOAT, "mean IoU of the first mask"),
    Column("iou_best_score", FLOAT, "mean IoU of the mask with the highest predicted IoU"),
    Column("iou_oracle", FLOAT, "mean IoU of the best mask"),
    Column("gap_best_score", FLOAT, "iou_best_score - iou_first"),
    Column("gap_oracle", FLOAT, "iou_oracle - iou_first"),
    *(
        Column(f"grown_{k}", FLOAT, f"mean IoU of mask {k} with the region grown from the same point (mode 1)")
        for k in range(3)
    ),
    Column(
        "grown_best_score", FLOAT, "mean IoU of the most confident mask with the region grown from its point (mode 1)"
    ),
    Column("grown_others", FLOAT, "the same of the other two masks"),
]
_QUALITIES = [
    Column(
        "ece",
        FLOAT,
        "expected calibration error: mean distance of predicted and true IoU over bins, see calibration.csv",
    ),
    SPEARMAN.but(meaning="rank correlation of predicted and true IoU"),
]
MEANS = [column.name for column in _MEANS]
AMBIGUITY_MEANS = Table(
    "ambiguity.csv",
    "Methods that give three masks for one prompt: how these differ, and what their predicted IoU is worth.",
    [
        *_KEYS,
        *(N_TASKS, N_OBJECTS, N_PATIENTS),
        *(part for value in [*_MEANS, *_QUALITIES] for part in (value, *ends(value))),
        PROVENANCE,
    ],
)
CALIBRATION = Table(
    "calibration.csv",
    "Reliability of the predicted IoU: true IoU of masks in bins of predicted IoU.",
    [
        *_KEYS,
        *(BIN_LOW, BIN_HIGH),
        N.but(meaning="masks in the bin"),
        N_OBJECTS.but(meaning="objects with a mask in the bin"),
        Column("predicted", FLOAT, "mean predicted IoU"),
        Column("true", FLOAT, "mean true IoU"),
        CI_LOW.but(meaning="lower end of the 95 % interval of `true`: percentile bootstrap over patients"),
        CI_HIGH,
        PROVENANCE,
    ],
)
BINS = 10


def measures(rows: pd.DataFrame) -> pd.DataFrame:
    """MEANS of each object and mode.

    agreement: mean IoU of the three pairs of masks. iou_first, iou_best_score, iou_oracle: true IoU of the first mask,
    of the one with the highest predicted IoU, and of the best; gap_best_score and gap_oracle: by how much the latter
    two are better than the first. grown_0, grown_1, grown_2, grown_best_score: IoU of a mask with the region grown from
    the same point; grown_others: mean of the two masks that are not the most confident.

    Args:
        rows: of score.tables.AMBIGUITY.

    Returns:
        dataset, task, case_id, method, mode and MEANS, float64; NaN where a method predicts no IoU or nothing was
        grown.
    """
    predicted, true, grown = (
        rows[[f"{name}_{k}" for k in range(3)]].to_numpy(float) for name in ("predicted", "true", "grown")
    )
    known = ~np.isnan(predicted).all(axis=1)
    place = np.arange(len(rows)), np.where(known, np.nan_to_num(predicted, nan=-np.inf).argmax(axis=1), 0)
    confident = np.where(known, true[place], np.nan)
    similarity = np.where(known, grown[place], np.nan)
    found = {
        "agreement": rows[["iou_01", "iou_02", "iou_12"]].mean(axis=1),
        "iou_first": true[:, 0],
        "iou_best_score": confident,
        "iou_oracle": true.max(axis=1),
        "gap_best_score": confident - true[:, 0],
        "gap_oracle": true.max(axis=1) - true[:, 0],
        **{f"grown_{k}": grown[:, k] for k in range(3)},
        "grown_best_score": similarity,
        "grown_others": (grown.sum(axis=1) - similarity) / 2,
    }
    return rows[["dataset", "task", "case_id", *SETTING]].assign(**found)


def masks_of(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each mask whose IoU was predicted: dataset, task, case_id, method, mode, object, predicted, true.

    `object` is the same number for the masks of one row.
    """
    keys = ["dataset", "task", "case_id", *SETTING, "object"]
    numbered = rows.assign(object=np.arange(len(rows)))
    parts = [
        numbered[[*keys, f"predicted_{k}", f"true_{k}"]].set_axis([*keys, "predicted", "true"], axis=1)
        for k in range(3)
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset=["predicted", "true"]).astype({"predicted": float})


def expected_error(counts: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Expected calibration error (Guo et al., ICML 2017) from the sums in each bin, (..., bins) -> (...)."""
    with np.errstate(invalid="ignore"):
        return np.abs(predicted - true).sum(axis=-1) / counts.sum(axis=-1)


def reliability(masks: pd.DataFrame, resamples: int, seed: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """How predicted and true IoU go together, over all masks given.

    Intervals are 95 % percentile bootstraps over patients, drawn within each dataset; there is none where a dataset
    (for a bin, the bin) has only one. The resamples keep the ranks of the whole sample.

    Args:
        masks: see `masks_of`, of one method and mode.

    Returns:
        The bins that are not empty (bin_low, bin_high, n, n_objects, mean predicted and true IoU, ci_low and ci_high of
        the latter; predictions outside [0, 1] are in the outer bins), and ece, spearman and their intervals.
    """
    from scipy import stats

    values = masks[["predicted", "true"]].to_numpy()
    # Rounded, because 0.9 in single precision is a little less than 0.9.
    bins = np.clip(np.floor(np.round(values[:, 0] * BINS, 5)), 0, BINS - 1).astype(int)
    held = np.eye(BINS)[bins]
    x, y = (stats.rankdata(values, axis=0) - (len(values) + 1) / 2).T * (2 / len(values))
    moments = np.column_stack([np.ones(len(x)), x, y, x * x, y * y, x * y])
    summands = np.hstack([held, held * values[:, :1], held * values[:, 1:], moments])
    sample, drawn = np.zeros(summands.shape[1]), np.zeros((resamples, summands.shape[1]))
    objects = np.array([masks.loc[bins == k, "object"].nunique() for k in range(BINS)])
    patients, too_few = np.zeros(BINS), False
    for dataset, at in masks.groupby("dataset", sort=True).indices.items():
        sums = pd.DataFrame(summands[at]).groupby(masks["case_id"].to_numpy()[at]).sum().to_numpy()
        sample += sums.sum(axis=0)
        drawn += draw_patients(len(sums), resamples, generator(seed, "bootstrap", dataset)) @ sums
        patients += (sums[:, :BINS] > 0).sum(axis=0)
        too_few |= len(sums) < 2
    counts, predicted, true, own = np.split(sample, [BINS, 2 * BINS, 3 * BINS])
    drawn_counts, drawn_predicted, drawn_true, drawn_own = np.split(drawn, [BINS, 2 * BINS, 3 * BINS], axis=1)
    with np.errstate(invalid="ignore"):
        low, high = interval(drawn_true / drawn_counts)
        table = pd.DataFrame(
            {
                "bin_low": np.arange(BINS) / BINS,
                "bin_high": np.arange(1, BINS + 1) / BINS,
                "n": counts.astype(int),
                "n_objects": objects,
                "predicted": predicted / counts,
                "true": true / counts,
                "ci_low": np.where((patients > 1) & (not too_few), low, np.nan),
                "ci_high": np.where((patients > 1) & (not too_few), high, np.nan),
            }
        )
    quality: dict[str, float] = {}
    for name, value, resampled in (
        ("ece", expected_error(counts, predicted, true), expected_error(drawn_counts, drawn_predicted, drawn_true)),
        ("spearman", correlations(own), correlations(drawn_own)),
    ):
        ends = (np.nan, np.nan) if too_few else (end[0] for end in interval(resampled[:, None]))
        quality |= dict(zip((name, f"{name}_ci_low", f"{name}_ci_high"), (float(value), *ends), strict=True))
    return table[table["n"] > 0], quality


def ambiguity_tables(rows: pd.DataFrame, resamples: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """AMBIGUITY_MEANS and CALIBRATION.

    At level `task` the means are over the objects of a task, at level `all` they are means over tasks; see
    `objects.object_means`. The reliability (ece, spearman, calibration) is that of all masks of a task, and at level
    `all` that of the masks of all tasks together.

    Args:
        rows: of score.tables.AMBIGUITY.
        resamples, seed: of the bootstrap.
    """
    if rows.empty:
        return pd.DataFrame(columns=made(AMBIGUITY_MEANS)), pd.DataFrame(columns=made(CALIBRATION))
    table = object_means(measures(rows), MEANS, SETTING, resamples, seed).rename(columns={"n": "n_objects"})
    bins, qualities = [pd.DataFrame(columns=made(CALIBRATION))], []
    masks = masks_of(rows)
    levels = {"task": masks, "all": masks.assign(task="")}
    keys = ["dataset", "task", *SETTING]
    for level, content in levels.items():
        by: list[str] = keys if level == "task" else ["task", *SETTING]
        for key, group in content.groupby(by, sort=True):
            about: dict[str, Any] = {"level": level, "dataset": "", **dict(zip(by, key, strict=True))}
            curve, quality = reliability(group, resamples, seed)
            bins.append(curve.assign(**about))
            qualities.append({**about, **quality})
    names = [part.name for value in _QUALITIES for part in (value, *ends(value))]
    table = table.merge(pd.DataFrame(qualities, columns=["level", *keys, *names]), on=["level", *keys], how="left")
    curves = pd.concat([part for part in bins if len(part)] or bins)
    return table[made(AMBIGUITY_MEANS)], curves[made(CALIBRATION)]


def read_ambiguity(files: Iterable[Path]) -> pd.DataFrame:
    """The rows of several files of score.tables.AMBIGUITY."""
    return pd.concat([read_table(file, AMBIGUITY) for file in files], ignore_index=True)
