"""Prompts that are a little off."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from promptseg.prompts.inexact import Changes, jittered_box, offset_point, variants
from promptseg.prompts.modes import PromptSettings, deepest_pixels, depth

FIRST = PromptSettings(tie_break="first")
CHANGES = Changes(["mode1", "mode2", "mode3", "mode4", "mode5"], [0.1, 0.2], [0.5], [1, 2])
filled_masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30)).filter(np.any)
amounts = st.floats(0, 0.5)


@st.composite
def boxes(draw):
    """(height, width) of an image and a box in it."""
    height, width = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return (height, width), (x0, y0, draw(st.integers(x0, width - 1)), draw(st.integers(y0, height - 1)))


@given(boxes(), amounts, st.integers(0, 9))
def test_a_moved_box_is_in_the_image_not_empty_and_near(box_in_image, amount, seed):
    (height, width), box = box_in_image
    x0, y0, x1, y1 = jittered_box(box, amount, (height, width), np.random.default_rng(seed))
    assert 0 <= x0 <= x1 < width
    assert 0 <= y0 <= y1 < height
    reach = [amount * (box[2] - box[0] + 1) + 0.5, amount * (box[3] - box[1] + 1) + 0.5]
    for found, exact, most in zip((x0, y0, x1, y1), box, reach * 2, strict=True):
        assert abs(found - exact) <= most
    assert jittered_box(box, 0, (height, width), np.random.default_rng(seed)) == box


def test_the_moves_of_a_seed_grow_with_the_amount():
    box = (100, 100, 299, 199)
    by_amount = [jittered_box(box, amount, (400, 400), np.random.default_rng(3)) for amount in (0.1, 0.2)]
    small, large = (np.array(moved) - box for moved in by_amount)
    np.testing.assert_allclose(large, 2 * small, atol=1)
    assert np.abs(large).max() > 10


@given(filled_masks, st.floats(0, 0.99), st.integers(0, 3), st.data())
def test_a_moved_point_stays_on_the_object(mask, amount, seed, data):
    pixels = np.argwhere(mask)[:, ::-1].tolist()
    point = tuple(data.draw(st.sampled_from(pixels)))
    x, y = offset_point(point, amount, mask, seed, "object")
    assert mask[y, x]
    assert offset_point(point, 0, mask, seed, "object") == point


def test_a_point_moves_to_the_nearest_border_by_the_share_of_the_way():
    mask = np.zeros((30, 60), bool)
    mask[5:16, 10:50] = True  # 11 rows, so the middle row 10 is 6 away from rows 4 and 16
    centre = (30, 10)
    found = {offset_point(centre, 0.5, mask, seed, "object") for seed in range(20)}
    assert found == {(30, 7), (30, 13)}
    assert offset_point((13, 10), 0.5, mask, 0, "object") == (11, 10)  # four away from column 9
    assert offset_point((3, 0), 0.9, np.ones((1, 7), bool), 0, "object") == (3, 0)  # the image's border is one away
    # The depth is what is left of the way.
    disk = np.hypot(*np.mgrid[-20:21, -20:21]) <= 18
    ((x, y),) = deepest_pixels(depth(disk))
    for amount in (0.25, 0.5, 0.75):
        moved = offset_point((x, y), amount, disk, 1, "object")
        assert depth(disk)[moved[1], moved[0]] == pytest.approx((1 - amount) * depth(disk).max(), abs=1)


def by_change(object_id, mask, changes):
    """(mode, kind, amount, seed) to the prompt."""
    return {(mode, *change): row for mode, change, row in variants(object_id, mask, changes, FIRST)}


def two_parts():
    mask = np.zeros((20, 30), bool)
    mask[2:9, 2:9] = True
    mask[2:7, 15:20] = True
    return mask


def test_variants_of_an_object():
    found = by_change("object", two_parts(), CHANGES)
    kinds = pd.Series([(mode, kind) for mode, kind, _, _ in found]).value_counts().to_dict()
    points = {("mode1", "point_offset"): 4, ("mode1", "seed"): 2, ("mode2", "point_offset"): 4, ("mode2", "seed"): 2}
    assert kinds == points | {(mode, "box_jitter"): 6 for mode in ("mode3", "mode4", "mode5")}
    assert found["mode4", "box_jitter", 0.0, 2]["boxes"] == [(2, 2, 8, 8), (15, 2, 19, 6)]
    assert found["mode2", "point_offset", 0.0, 1]["points"] == [(5, 5), (17, 4)]
    for seed in (1, 2):
        assert found["mode3", "box_jitter", 0.2, seed]["boxes"] == found["mode4", "box_jitter", 0.2, seed]["boxes"][:1]
        assert (
            found["mode1", "point_offset", 0.5, seed]["points"]
            == found["mode2", "point_offset", 0.5, seed]["points"][:1]
        )
    assert found["mode5", "box_jitter", 0.2, 1] != found["mode5", "box_jitter", 0.2, 2]
    assert by_change("object", two_parts(), CHANGES) == found


def test_points_move_inside_the_parts_that_they_lie_in():
    mask = np.zeros((11, 60), bool)
    mask[3:8, 2:7] = mask[3:8, 50:55] = True  # equally large
    changes = Changes(["mode2"], [], [0.4], [1])
    exact = PromptSettings(tie_break="first", equal_components="last")
    found = {change: row["points"] for _, change, row in variants("object", mask, changes, exact)}
    assert found["point_offset", 0.0, 1] == [(52, 5), (4, 5)]
    assert sorted(np.abs(np.subtract(found["point_offset", 0.4, 1], [(52, 5), (4, 5)])).sum(1)) == [1, 1]


def test_seeds_choose_among_equally_deep_pixels():
    bar = np.zeros((9, 40), bool)
    bar[4, 3:33] = True
    changes = Changes(["mode1"], [], [], list(range(8)))
    found = by_change("object", bar, changes)
    assert len({found["mode1", "seed", 0.0, seed]["points"][0] for seed in range(8)}) > 3
    assert found["mode1", "point_offset", 0.0, 0]["points"] == [(3, 4)]


def test_lines_move_as_a_whole_and_stay_in_the_image():
    mask = np.zeros((40, 50), bool)
    mask[10:30, 10:40] = True
    changes = Changes(["scribble_centre", "scribble_walk", "lasso"], [], [], [1, 2], [3, 100])
    found = list(variants("a", mask, changes, PromptSettings(seed=5)))
    kinds = [(mode, change.kind, change.amount, change.seed) for mode, change, _ in found]
    shifts = [("line_shift", amount, seed) for seed in (1, 2) for amount in (0.0, 3.0, 100.0)]
    seeds = [("scribble_walk", "seed", 0.0, seed) for seed in (1, 2)]  # the others have nothing that is drawn
    expected = {("scribble_centre", *one) for one in shifts} | {("scribble_walk", *one) for one in shifts}
    assert set(kinds) == expected | {("lasso", *one) for one in shifts} | set(seeds)
    lines = {
        (mode, change.amount, change.seed): np.array(row["lasso"] if mode == "lasso" else row["scribbles"][0]["line"])
        for mode, change, row in found
        if change.kind == "line_shift"
    }
    for mode in ("scribble_centre", "lasso"):
        move = np.unique(lines[mode, 3.0, 1] - lines[mode, 0.0, 1], axis=0)
        assert len(move) == 1
        assert 2 <= np.hypot(*move[0]) <= 4
        assert (move != np.unique(lines[mode, 3.0, 2] - lines[mode, 0.0, 2], axis=0)).any()
        far = lines[mode, 100.0, 1]
        assert (far >= 0).all()
        assert (far < [50, 40]).all()
    walks = {change: row["scribbles"] for mode, change, row in found if mode == "scribble_walk"}
    exact, others = walks["line_shift", 0.0, 1], [walks["seed", 0.0, seed] for seed in (1, 2)]
    assert all(other != exact for other in others)
