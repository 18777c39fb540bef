"""What a mask does at the ends of an object, on bodies whose ends are known; slices are 5 mm apart."""

import numpy as np
import pytest

from promptseg.volumes.scores.ends import slice_dice
from support.bodies import FIRST, LAST, at_border, cone, cylinder, two_parts
from support.scored_bodies import compared, ends, values

BODY = cylinder()
DISK = int(BODY[FIRST].sum())
OVERRUN = ("overrun_low_mm", "overrun_high_mm", "overrun_mm", "overrun_slices")


def of(row, *names):
    return [row[name] for name in names]


def test_a_mask_that_goes_on_beyond_both_ends():
    row = ends(cylinder(first=FIRST - 3, last=LAST + 4), BODY)
    assert of(row, *OVERRUN) == [15, 20, 35, 7]  # 3 and 4 slices, exactly
    assert row["overrun_ml"] == pytest.approx(7 * DISK * 5 / 1000, rel=1e-12)
    assert of(row, "short_mm", "short_slices", "false_slices", "n_empty") == [0, 0, 7, 16]
    assert of(row, "slice_dice", "end_slice_dice") == [1, 1]  # which is why these do not show it
    assert row["truncated"] is False


def test_three_dimensional_dice_shows_what_the_mean_of_slices_hides():
    long = cylinder(first=0, last=48)
    assert ends(long, BODY)["slice_dice"] == 1
    assert values(long, BODY)["dice"] == pytest.approx(2 * 33 / (33 + 49), rel=1e-12)


def test_a_mask_that_ends_early():
    row = ends(cylinder(first=FIRST + 2, last=LAST - 1), BODY)
    assert of(row, *OVERRUN, "overrun_ml") == [0, 0, 0, 0, 0]
    assert of(row, "short_mm", "short_slices", "false_slices") == [15, 3, 0]
    assert row["slice_dice"] == pytest.approx(30 / 33, rel=1e-12)
    assert row["end_slice_dice"] == 0


def test_nothing_found_is_short_by_the_whole_object():
    row = ends(np.zeros_like(BODY), BODY)
    assert of(row, "short_mm", "short_slices", "overrun_mm", "truncated") == [33 * 5, 33, 0, False]


def test_only_found_beyond_the_object():
    row = ends(cylinder(first=LAST + 2, last=LAST + 3), BODY)
    assert of(row, *OVERRUN) == [0, 15, 15, 3]
    assert of(row, "short_slices", "slice_dice", "false_slices") == [33, 0, 2]


def test_no_overrun_where_the_object_leaves_the_volume():
    body = at_border()  # from slice 0 on
    row = ends(at_border(last=FIRST + 2), body)
    assert of(row, *OVERRUN) == [None, 10, 10, 2]
    through = cylinder(first=0, last=48)
    assert of(ends(through, through), *OVERRUN, "overrun_ml") == [None] * 5


def test_a_gap_is_no_end():
    body = two_parts()  # slices 20 to 28 are empty
    row = ends(BODY, body)
    assert of(row, *OVERRUN, "short_mm", "false_slices", "n_empty") == [0, 0, 0, 0, 0, 9, 25]
    part = body.copy()
    part[20:] = False
    assert of(ends(part, body), "short_mm", "short_slices") == [(LAST - 19) * 5, LAST - 19]


def test_slices_of_a_cone():
    """One disk on all slices: the Dice of a slice falls evenly towards the tip, the overlap is known."""
    body = cone()
    disk = body[FIRST]
    masks = compared(disk & body.any(axis=(1, 2), keepdims=True), body)
    dice = slice_dice(masks)[FIRST : LAST + 1]
    areas = body[FIRST : LAST + 1].sum(axis=(1, 2))
    assert dice == pytest.approx(2 * areas / (areas + disk.sum()), rel=1e-12)
    assert (np.diff(dice) < 0).all()
    z = np.arange(LAST - FIRST + 1)
    radii = 30 - 28 * z / 32
    assert dice[:20] == pytest.approx((2 * radii**2 / (radii**2 + 30**2))[:20], abs=0.01)


def test_a_window_cuts_the_mask_and_says_so():
    """With a margin of 3 slices the overrun is at least that; with none it vanishes, and only `truncated` tells."""
    window = FIRST - 3, LAST + 3
    row = ends(cylinder(first=window[0], last=window[1]), BODY, window=window)
    assert of(row, "overrun_mm", "n_empty", "truncated") == [30, 6, True]
    none = ends(BODY, BODY, window=(FIRST, LAST))
    assert of(none, "overrun_mm", "n_empty", "truncated") == [0, 0, True]
    assert ends(BODY, BODY, window=(FIRST, LAST), given=True)["truncated"] is None
    whole = cylinder(first=0, last=48)
    assert ends(whole, BODY, window=(0, 48))["truncated"] is False  # it ends with the volume


def test_lengths_follow_the_positions_of_slices():
    positions = np.arange(49) * 2.0
    positions[LAST + 1 :] += 10
    row = ends(cylinder(first=FIRST - 1, last=LAST + 1), BODY, (2.0, 1.0, 1.0), tuple(positions))
    assert of(row, *OVERRUN) == [2, 12, 14, 2]
    # A slice reaches half of the way to its neighbours: 12 and 2 mm on either side of slice LAST + 1.
    assert row["overrun_ml"] == pytest.approx(DISK * (2 + 7) / 1000, rel=1e-12)


def test_without_a_spacing_slices_are_counted():
    row = ends(cylinder(first=FIRST - 3, last=LAST - 1), BODY, None)
    assert of(row, "overrun_slices", "short_slices") == [3, 1]
    assert of(row, "overrun_low_mm", "overrun_mm", "overrun_ml", "short_mm") == [None] * 4
