"""CPU seconds that scoring takes per object and setting: a tumour on 10 slices, and an organ on 120 of 200 slices.

PYTHONPATH=workflow/scripts:tests python tests/benchmarks/volume_scores.py

Beside it what the same distances take by maps of distances in the common box, as the 2-D scores and MONAI make them.
"""

import time
from functools import partial

import numpy as np
from scipy.ndimage import distance_transform_edt

from promptseg.core.stacks import MaskStack, around
from promptseg.score.compared import Tolerance
from promptseg.score.surfaces import edge_of
from promptseg.volumes.scores.comparison import Truth, VolumeComparison
from promptseg.volumes.scores.ends import end_scores
from promptseg.volumes.scores.lesions import Labelled, Lesions
from promptseg.volumes.scores.metrics import VOLUME_METRICS
from support.bodies import ellipsoid
from support.scored_bodies import grid_of

SIZES = {
    "tumour": ((40, 256, 256), (5.0, 0.9, 0.9), (27.0, 22.0, 25.0)),
    "organ": ((200, 512, 512), (2.5, 0.8, 0.8), (150.0, 110.0, 95.0)),
}
SETTINGS = 6


def maps_of_distances(mask, truth, spacing):
    """Distances of edges as the 2-D scores find them, in the box around both."""
    box = around(mask, truth)
    edges = [edge_of(stack.dense(box)) for stack in (mask, truth)]
    fields = [distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    return fields[1][edges[0]], fields[0][edges[1]]


def seconds(step):
    """CPU seconds of a call, and what it returns."""
    start = time.process_time()
    result = step()
    return time.process_time() - start, result


def measure(shape, spacing, radii):
    """By part, CPU seconds per setting, or once per object."""
    body, grid = ellipsoid(shape, radii=radii, spacing=spacing), grid_of(shape, spacing)
    mask = MaskStack.of(body)
    truth = Truth(mask, grid, Tolerance())
    found = {"once": seconds(lambda: (truth.edges, truth.elements, truth.areas))[0]}
    lesions = Labelled(mask, 26)
    for way in range(SETTINGS):
        other = MaskStack.of(np.roll(body, (way % 3 - 1, 3 * way, way), axis=(0, 1, 2)))
        compared = VolumeComparison(other, truth)
        steps = {
            "metrics": partial(lambda compared: [metric.values(compared) for metric in VOLUME_METRICS], compared),
            "ends": partial(end_scores, compared, (0, shape[0] - 1), False),
            "lesions": partial(lambda other: Lesions.of(lesions, Labelled(other, 26)).summary(grid), other),
            "two maps of distances": partial(maps_of_distances, other, mask, spacing),
        }
        for part, step in steps.items():
            found[part] = found.get(part, 0) + seconds(step)[0] / SETTINGS
    return found


if __name__ == "__main__":
    for name, size in SIZES.items():
        print(f"{name}: " + ", ".join(f"{part} {value:.3f} s" for part, value in measure(*size).items()))
