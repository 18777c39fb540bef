"""Rows of the tables of scores: what a route answered about the objects of one volume beside the truth."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from promptseg.volumes.data.stack import VolumeObject
from promptseg.volumes.routes.answers import Answered
from promptseg.volumes.scores.comparison import VolumeComparison
from promptseg.volumes.scores.ends import end_scores, slice_dice
from promptseg.volumes.scores.grid import Grid
from promptseg.volumes.scores.metrics import VOLUME_METRICS

Row = dict[str, Any]
_COUNTS = ("k", "n_interactions", "n_contours", "dropped")
_OF_OBJECT = ("voxels", "ml", "n_slices", "n_gaps", "length_mm")


def setting_of(answer: Answered) -> Row:
    """Columns of the setting, but for the method."""
    return {**asdict(answer.setting), "step": answer.step}


def about(item: VolumeObject, answer: Answered) -> Row:
    """What a row of VOLUME_SCORES says whether there is a score or not."""
    prompted = answer.facts["prompted"]
    return {
        **item.keys,
        **setting_of(answer),
        **{name: _known(answer.facts[name]) for name in _COUNTS},
        "n_prompted": None if prompted is None else len(set(prompted)),
        **{name: _known(getattr(item.row, name)) for name in _OF_OBJECT},
        "status": answer.facts["status"],
    }


def _known(value: Any) -> Any:
    return None if pd.isna(value) else value


def window_of(answer: Answered) -> tuple[int, int]:
    """First and last slice that were to be answered."""
    return int(answer.facts["first"]), int(answer.facts["last"])


def metrics_row(masks: VolumeComparison) -> Row:
    """The metrics of a mask."""
    return {metric.name: float(metric.values(masks)[0]) for metric in VOLUME_METRICS}


def score_row(masks: VolumeComparison, answer: Answered, conflict_voxels: int) -> Row:
    """What `about` and `metrics_row` leave open, of an answer whose status is ok."""
    grid, voxels = masks.truth.grid, int(masks.areas[0])
    return {
        "distance_unit": grid.unit,
        "coarse": bool(grid.gaps.max() > masks.tolerance),
        "uneven": grid.uneven,
        **end_scores(masks, window_of(answer), answer.setting.given),
        "conflict_voxels": conflict_voxels,
        "predicted_voxels": voxels,
        "predicted_ml": grid.millilitres(masks.by_slice),
    }


def slice_rows(masks: VolumeComparison, answer: Answered, keys: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of VOLUME_SLICES: slices that were to be answered, or have object or mask.

    Args:
        keys: what is the same in all of them.
    """
    truth = masks.truth
    first, last = window_of(answer)
    here = (truth.areas > 0) | (masks.by_slice > 0)
    here[first : last + 1] = True
    z = np.flatnonzero(here)
    z0, z1 = truth.mask.slices[0], truth.mask.slices[-1]
    prompted = np.array(sorted(set(answer.facts["prompted"])), int)
    union = truth.areas + masks.by_slice - masks.common_by_slice
    with np.errstate(invalid="ignore"):
        iou = masks.common_by_slice / np.where(union > 0, union, np.nan)
    return pd.DataFrame({
        **dict.fromkeys(keys),
        "z": z,
        "beyond": np.maximum(np.maximum(z0 - z, z - z1), 0),
        **_distances(z, prompted, truth.grid),
        "dice": slice_dice(masks)[z],
        "iou": iou[z],
        "area": truth.areas[z],
        "predicted_area": masks.by_slice[z],
    }).assign(**keys)  # fmt: skip


def _distances(z: np.ndarray, prompted: np.ndarray, grid: Grid) -> Row:
    """To the nearest of the prompted slices, of which there is at least one; in mm and in slices it may be another."""
    lengths = [[grid.along(int(a), int(b)) for b in prompted] for a in z]
    known = all(length is not None for row in lengths for length in row)
    return {
        "distance_mm": np.array(lengths, float).min(axis=1) if known else np.full(len(z), np.nan),
        "distance_slices": np.abs(z[:, None] - prompted).min(axis=1),
    }
