"""Scores of arrays, without tables."""

import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.geometry import Geometry
from promptseg.volumes.scores.comparison import Truth, VolumeComparison
from promptseg.volumes.scores.ends import end_scores
from promptseg.volumes.scores.grid import Grid
from promptseg.volumes.scores.metrics import VOLUME_METRICS

DEFAULT = Tolerance()


def grid_of(shape, spacing=None, positions=None):
    """The grid of a volume; with positions its slices are not equally far apart."""
    if spacing is None:
        return Grid(shape, Geometry((None, None, None), None, None, None))
    places = tuple(positions if positions is not None else (spacing[0] * np.arange(shape[0])).tolist())
    return Grid(shape, Geometry(spacing, places, positions is None, None))


def compared(prediction, truth, spacing=None, positions=None, tolerance=DEFAULT):
    """A (d, h, w) bool prediction beside the truth."""
    grid = grid_of(truth.shape, spacing, positions)
    return VolumeComparison(MaskStack.of(prediction), Truth(MaskStack.of(truth), grid, tolerance))


def values(prediction, truth, spacing=None, positions=None, tolerance=DEFAULT):
    """Every metric by name."""
    masks = compared(prediction, truth, spacing, positions, tolerance)
    return {metric.name: float(metric.values(masks)[0]) for metric in VOLUME_METRICS}


def ends(prediction, truth, spacing=(5.0, 1.0, 1.0), positions=None, window=None, given=False):
    """Columns of VOLUME_SCORES about the ends of an object; the whole volume is to be answered by default."""
    masks = compared(prediction, truth, spacing, positions)
    return end_scores(masks, window or (0, len(truth) - 1), given)
