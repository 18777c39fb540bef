"""Mistakes that scores must show: if one of these bodies scored as the right one does, nothing could be believed."""

import numpy as np
import pytest

from support.bodies import cylinder, ellipsoid
from support.scored_bodies import values

SPACING, SHAPE = (4.0, 1.0, 1.0), (16, 60, 60)


def test_a_forgotten_spacing():
    """A body moved by one slice of 4 mm: two mm of tolerance forgive one voxel, but not one slice."""
    truth = ellipsoid(SHAPE, radii=(20.0, 20.0, 20.0), spacing=SPACING)
    moved = np.roll(truth, 1, axis=0)
    right, forgotten = values(moved, truth, SPACING), values(moved, truth, (1.0, 1.0, 1.0))
    assert right["nsd"] == pytest.approx(0.540, abs=5e-4)
    assert right["nsd_area"] == pytest.approx(0.738, abs=5e-4)
    assert right["hd95"] == 4
    assert (forgotten["nsd"], forgotten["nsd_area"], forgotten["hd95"]) == (1, 1, 1)
    assert right["dice"] == forgotten["dice"]


def test_swapped_axes():
    """Spacing given as (x, y, z) beside arrays of (z, y, x), as some files of the CVPR challenge have it."""
    truth = ellipsoid(SHAPE, radii=(20.0, 20.0, 20.0), spacing=SPACING)
    moved = np.roll(truth, 1, axis=0)
    swapped = values(moved, truth, SPACING[::-1])
    assert swapped["hd95"] == 1
    assert swapped["nsd"] > values(moved, truth, SPACING)["nsd"] + 0.2


def test_truth_moved_by_one_slice():
    """A cylinder of n slices loses one of them: Dice (n - 1) / n, exactly."""
    truth = cylinder((16, 60, 60), radius=15, first=3, last=12, centre=(29.5, 29.5))
    moved = np.roll(truth, 1, axis=0)
    assert values(truth, truth, SPACING)["dice"] == 1
    found = values(moved, truth, SPACING)
    assert found["dice"] == pytest.approx(9 / 10, rel=1e-12)
    assert found["hd95"] == 4
    assert found["nsd"] < 1
