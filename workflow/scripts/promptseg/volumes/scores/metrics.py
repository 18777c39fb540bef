"""The metrics of volumes: those of images over all voxels, and two whose surface is weighted by area.

NSD and HD95 exist twice because the field has both: by edges as in MONAI and in our two dimensions, by area as in the
CVPR challenges, RadioActive and MedSAM (package surface-distance). They differ by up to 0.2 for the same masks.
"""

from dataclasses import replace

import numpy as np

from promptseg.core.tables import FLOAT, Column
from promptseg.score.compared import Compared
from promptseg.score.metrics import DISTANCE, METRICS, Metric
from promptseg.volumes.scores.comparison import VolumeComparison, Weighted


def _nsd_area(masks: VolumeComparison) -> np.ndarray:
    return np.array([_share_within(directed, masks.tolerance) for directed in masks.weighted])


def _share_within(directed: tuple[Weighted, Weighted], tolerance: float) -> float:
    within = sum(areas[distances <= tolerance].sum() for distances, areas in directed)
    return float(within / sum(areas.sum() for _, areas in directed))


def _hd95_area(masks: VolumeComparison) -> np.ndarray:
    return np.array([max(_percentile(*one, 0.95) for one in directed) for directed in masks.weighted])


def _percentile(distances: np.ndarray, areas: np.ndarray, share: float) -> float:
    """The least of the distances within which that share of the area lies."""
    order = np.lexsort((areas, distances))
    reached = np.cumsum(areas[order]) / areas[order].sum()
    return float(distances[order][min(int(np.searchsorted(reached, share)), len(order) - 1)])


def _of_volumes(metric: Metric[Compared]) -> Metric[VolumeComparison]:
    return replace(metric, column=metric.column.but(meaning=metric.column.meaning.replace("image", "volume")))


AREA_METRICS: tuple[Metric[VolumeComparison], ...] = (
    Metric(
        Column(
            "nsd_area", FLOAT, "normalised surface Dice weighted by area, as of the package surface-distance, 0 to 1"
        ),
        "NSD (area)",
        "normalised surface Dice by area",
        _nsd_area,
    ),
    Metric(
        Column(
            "hd95_area",
            FLOAT,
            "95th percentile of the Hausdorff distance by area, the diagonal of the volume if the mask is empty",
            DISTANCE,
        ),
        "HD95 (area)",
        "Hausdorff distance (95th percentile) by area",
        _hd95_area,
        missed=lambda masks: masks.diagonal,
        agreed=0.0,
        higher_is_better=False,
        decimals=1,
    ),
)
VOLUME_METRICS: tuple[Metric[VolumeComparison], ...] = (*map(_of_volumes, METRICS), *AREA_METRICS)
