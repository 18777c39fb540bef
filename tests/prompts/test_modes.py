import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from promptseg.core import masks
from promptseg.prompts.modes import PromptSettings, applies, deepest_in, deepest_pixels, depth, make_prompts, pick
from support.objects import MODES

filled_masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30)).filter(np.any)


@given(filled_masks)
def test_depth_equals_the_transform_of_the_whole_padded_image(mask):
    """The reference pads the whole image; we transform the object's box only."""
    whole = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    np.testing.assert_array_equal(depth(mask), whole)


@given(filled_masks, st.sampled_from(["exact", "chamfer5"]), st.integers(1, 6), st.data())
def test_the_deepest_pixels_are_those_of_the_map_of_depths(mask, distance, scale, data):
    mask = np.kron(mask, np.ones((scale, scale), bool))
    height, width = mask.shape
    pixel = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    without = data.draw(st.lists(pixel, max_size=4))
    depths = depth(mask, distance)
    for x, y in without:
        depths[y, x] = 0
    found = deepest_in(mask, distance, without)
    assert found.depth == depths.max()
    assert found.pixels.tolist() == (deepest_pixels(depths).tolist() if depths.max() > 0 else [])


def test_exact_distances_decide_where_approximate_ones_mislead():
    rows, columns = np.ogrid[:120, :400]
    disk = (rows - 60) ** 2 + (columns - 60) ** 2 < 55**2
    square = (abs(rows - 60) < 55) & (abs(columns - 300) < 55)
    assert deepest_in(disk | square, "exact").pixels.tolist() == [[60, 60], [300, 60]]
    assert deepest_in(disk | square, "exact").depth == 55
    assert deepest_in(disk | square, "chamfer5").pixels.tolist() == [[300, 60]]


def test_depth_of_literal_shapes():
    assert depth(np.ones((5, 5), bool)).max() == 3
    assert depth(np.zeros((3, 4), bool)).max() == 0
    np.testing.assert_array_equal(depth(np.array([[1, 1, 0]], bool)), [[1, 1, 0]])


@given(filled_masks)
def test_the_exact_distance_is_that_to_the_nearest_pixel_outside(mask):
    outside = np.argwhere(~np.pad(mask, 1)) - 1
    squared = ((np.indices(mask.shape)[:, :, :, None] - outside.T[:, None, None]) ** 2).sum(axis=0).min(axis=-1)
    np.testing.assert_array_equal(depth(mask, "exact"), np.sqrt(squared.astype(np.float32)))


def disk_and_square(disk_x, square_x):
    """A disk and a square whose deepest pixels lie 5 pixels from the outside, in the disk by 5 by 5 steps 4.9969."""
    rows, columns = np.ogrid[:13, :24]
    disk = (rows - 5) ** 2 + (columns - disk_x) ** 2 < 25
    square = (abs(rows - 6) < 5) & (abs(columns - square_x) < 5)
    return disk, square


def test_the_first_click_by_either_distance():
    disk, square = disk_and_square(6, 18)
    assert [depth(part, "exact").max() for part in (disk, square)] == [5, 5]
    assert [depth(part).max() for part in (disk, square)] == pytest.approx([4.9969, 5])
    prompts = by_mode(disk | square, tie_break="first")
    assert prompts["iterative"]["points"] == [(18, 6)]
    assert prompts["iterative"]["exact_points"] == [(6, 5)]
    assert prompts["mode1"]["points"] == [(18, 6)]  # modes 1 and 2 are those of the study
    assert prompts["mode1"]["exact_points"] is None
    assert by_mode(disk, tie_break="first")["mode1"]["points"] == [(6, 5)]


def test_ties_are_row_major_and_random_ties_depend_on_object_alone():
    pixels = deepest_pixels(depth(np.ones((2, 3), bool)))
    assert pixels.tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
    assert pick(pixels, "first", 1, "a") == (0, 0)
    drawn = {pick(pixels, "random", 1, name) for name in "abcdefghijklmnop"}
    assert len(drawn) > 2
    assert pick(pixels, "random", 1, "a") == pick(pixels, "random", 1, "a")


def by_mode(mask, **settings):
    return {row["mode"]: row for row in make_prompts("object", mask, MODES, PromptSettings(**settings))}


def test_five_modes_of_an_object_in_four_parts():
    mask = np.zeros((20, 30), bool)
    mask[2:9, 2:9] = True  # 49 pixels, centre (5, 5)
    mask[2:7, 15:20] = True  # 25 pixels, centre (17, 4)
    mask[14:17, 4:7] = True  # 9 pixels, centre (5, 15)
    mask[18, 28] = True  # 1 pixel: the fourth, left out
    prompts = by_mode(mask)
    assert prompts["mode1"]["points"] == [(5, 5)]
    assert prompts["mode2"]["points"] == [(5, 5), (17, 4), (5, 15)]
    assert prompts["mode2"]["point_labels"] == [1, 1, 1]
    assert prompts["mode3"]["boxes"] == [(2, 2, 8, 8)]
    assert prompts["mode4"]["boxes"] == [(2, 2, 8, 8), (15, 2, 19, 6), (4, 14, 6, 16)]
    assert prompts["mode5"]["boxes"] == [(2, 2, 28, 18)]
    assert prompts["iterative"]["points"] == [(5, 5)]
    assert by_mode(mask, max_components=1)["mode4"]["boxes"] == [(2, 2, 8, 8)]


def test_which_of_equally_large_parts_comes_first():
    mask = np.zeros((20, 30), bool)
    for x in (2, 12, 22):
        mask[3:8, x : x + 5] = True  # 25 pixels each, centres (4, 5), (14, 5), (24, 5)
    mask[12:19, 12:19] = True  # 49 pixels
    assert by_mode(mask)["mode2"]["points"] == [(15, 15), (4, 5), (14, 5)]
    last = by_mode(mask, equal_components="last")
    assert last["mode2"]["points"] == [(15, 15), (24, 5), (14, 5)]
    assert last["mode4"]["boxes"] == [(12, 12, 18, 18), (22, 3, 26, 7), (12, 3, 16, 7)]
    mask[12:19] = False
    assert by_mode(mask)["mode1"]["points"] == [(4, 5)]
    assert by_mode(mask, equal_components="last")["mode1"]["points"] == [(24, 5)]
    assert by_mode(mask, equal_components="last")["mode3"]["boxes"] == [(22, 3, 26, 7)]


def test_the_mode_without_prompts_has_a_row():
    (row,) = make_prompts("object", np.ones((3, 3), bool), ["everything"], PromptSettings())
    empty = {"points": [], "point_labels": [], "boxes": [], "exact_points": None}
    assert row == {"object_id": "object", "mode": "everything", **empty}


def test_one_pixel_at_the_corner():
    mask = np.zeros((4, 4), bool)
    mask[3, 3] = True
    prompts = by_mode(mask)
    assert prompts["mode1"]["points"] == prompts["iterative"]["points"] == [(3, 3)]
    assert prompts["mode5"]["boxes"] == [(3, 3, 3, 3)]


@given(filled_masks, st.sampled_from(["random", "first"]), st.integers(0, 5))
def test_prompts_lie_on_the_object_and_boxes_hold_it(mask, tie_break, seed):
    prompts = by_mode(mask, tie_break=tie_break, seed=seed)
    for mode in ("mode1", "mode2", "iterative"):
        assert all(mask[y, x] for x, y in prompts[mode]["points"])
    assert prompts["mode2"]["points"][0] == prompts["mode1"]["points"][0]
    assert len(prompts["mode4"]["boxes"]) == min(3, len(masks.components(mask)))
    x0, y0, x1, y1 = prompts["mode5"]["boxes"][0]
    assert mask[y0 : y1 + 1, x0 : x1 + 1].sum() == mask.sum()
    assert by_mode(mask, tie_break=tie_break, seed=seed) == prompts


@pytest.mark.parametrize(
    ("mode", "types", "expected"),
    [
        ("mode1", {"box"}, False),
        ("mode4", {"box"}, True),
        ("iterative", {"point"}, True),
        ("mode5", {"point"}, False),
        ("everything", {"point", "box"}, False),
        ("everything", {"everything"}, True),
    ],
)
def test_modes_apply_to_methods_that_take_their_prompts(mode, types, expected):
    assert applies(mode, types) is expected
