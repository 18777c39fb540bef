"""Where zoom-in looks, by hand."""

import numpy as np
import pytest
import torch

from promptseg.methods.regions import (
    ZoomIn,
    candidate_roi,
    clamped,
    contains,
    expanded,
    moved_roi,
    occupied,
    overlap,
    with_clicks,
    zoomed_size,
)

NOWHERE = np.zeros((0, 2))


def mask(shape, roi):
    empty = torch.zeros(shape, dtype=torch.bool)
    empty[roi[0] : roi[1] + 1, roi[2] : roi[3] + 1] = True
    return empty


def test_the_tight_regions_of_masks():
    masks = [mask((6, 8), (1, 3, 2, 7)), torch.zeros(4, 4, dtype=torch.bool), mask((5, 3), (4, 4, 0, 0))]
    assert occupied(masks) == [(1, 3, 2, 7), None, (4, 4, 0, 0)]
    assert occupied([]) == []


def test_clicks_extend_a_region_and_lose_their_fractions():
    assert with_clicks((10, 20, 30, 40), np.array([(5.9, 35.0), (15.0, 44.7)])) == (5, 20, 30, 44)
    assert with_clicks((10, 20, 30, 40), NOWHERE) == (10, 20, 30, 40)


@pytest.mark.parametrize(
    ("roi", "min_size", "expected"),
    [
        ((100, 199, 50, 149), 10, (80, 220, 30, 170)),  # 149.5 -+ 70 = 79.5, 219.5: halves to even
        ((101, 200, 49, 148), 10, (80, 220, 28, 168)),  # 80.5 and 220.5, 28.5 and 168.5
        ((0, 9, 0, 9), 10, (-2, 12, -2, 12)),  # -2.5 and 11.5
        ((50, 50, 50, 50), 200, (-50, 150, -50, 150)),  # a least size of 200 gives 201 pixels
        ((0, 4, 0, 299), 200, (-98, 102, -60, 360)),
    ],
)
def test_regions_grow_around_their_centre_with_pythons_rounding(roi, min_size, expected):
    assert expanded(roi, 1.4, min_size) == expected


def test_regions_stay_in_the_image():
    assert clamped((-98, 102, -60, 360), (90, 300)) == (0, 89, 0, 299)
    assert clamped((3, 4, 5, 6), (90, 300)) == (3, 4, 5, 6)


def test_overlap_is_the_product_over_the_axes():
    assert overlap((0, 9, 0, 9), (0, 9, 0, 9)) == 1
    assert overlap((0, 9, 0, 9), (5, 14, 0, 9)) == pytest.approx(1 / 3)
    assert overlap((0, 9, 0, 9), (5, 14, 5, 14)) == pytest.approx(1 / 9)  # of the areas it would be 1 / 7
    assert overlap((0, 9, 0, 9), (10, 19, 0, 9)) == 0
    assert overlap((0, 9, 0, 9), (40, 49, 0, 9)) == 0


def test_the_last_row_and_column_of_a_region_count_as_outside():
    roi = (10, 20, 30, 40)
    assert contains(roi, np.array([(10, 30), (19, 39)]))
    for click in ((9, 35), (20, 35), (15, 29), (15, 40)):
        assert not contains(roi, np.array([(15, 35), click])), click
    assert contains(roi, NOWHERE)


def test_where_zoom_in_would_look():
    zoom = ZoomIn()
    assert candidate_roi((50, 249, 60, 259), NOWHERE, (400, 400), zoom) == (10, 290, 20, 300)
    # The click is part of the object: 50..299 has its centre at 174.5 and reaches 175 to either side.
    assert candidate_roi((50, 249, 60, 259), np.array([(299, 60)]), (400, 400), zoom) == (0, 350, 20, 300)
    assert candidate_roi((0, 3, 12, 15), NOWHERE, (16, 16), zoom) == (0, 15, 0, 15)
    assert candidate_roi(None, np.array([(5, 5)]), (16, 20), zoom) is None
    assert candidate_roi(None, np.array([(5, 5)]), (16, 20), ZoomIn(skip_clicks=-1)) == (0, 15, 0, 19)


def test_when_the_region_moves():
    zoom, stored = ZoomIn(), (0, 99, 0, 99)
    half = (0, 49, 0, 99)
    assert moved_roi(None, half, NOWHERE, zoom) == half
    assert moved_roi(stored, half, NOWHERE, zoom) == stored  # an overlap of exactly a half
    assert moved_roi(stored, (0, 48, 0, 99), NOWHERE, zoom) == (0, 48, 0, 99)
    assert moved_roi(stored, half, np.array([(98, 98)]), zoom) == stored
    assert moved_roi(stored, half, np.array([(10, 10), (99, 10)]), zoom) == half
    assert moved_roi(stored, half, NOWHERE, ZoomIn(recompute_thresh_iou=None)) == half


def test_the_size_of_a_zoomed_crop():
    assert zoomed_size((201, 201), 400) == (400, 400)
    assert zoomed_size((201, 300), 400) == (268, 400)
    assert zoomed_size((7, 3), 400) == (400, 171)
    assert zoomed_size((1, 2000), 400) == (1, 400)  # 0.2 rows
    assert zoomed_size((201, 300), (448, 448)) == (448, 448)
    assert zoomed_size((201, 300), None) == (201, 300)
