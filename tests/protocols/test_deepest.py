"""One click where the error is deepest, or where people are likely to click."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptseg.protocols.deepest import between
from promptseg.protocols.showing import Scene, Shown, together
from promptseg.protocols.user import User

RITM = {"rule": "deepest", "sign": "depth", "nothing": "corner"}
CVPR = {
    "rule": "deepest",
    "region": "joint",
    "component": "largest",
    "ties": "random",
    "seed": 42,
    "reseed": "click",
    "repeat": True,
}


def image(*rows: str) -> np.ndarray:
    """A volume of one slice: 1 where a character is no dot."""
    return np.array([[letter != "." for letter in row] for row in rows])[None]


def clicks_on(truth: np.ndarray, prediction: np.ndarray, block: dict[str, Any], n: int = 1, **scene: Any) -> list[Any]:
    """n clicks in a row on one prediction, as (z, y, x, label); None where nothing is said."""
    user = User({}, block, Scene("a", truth, **scene), seed=1)
    assert user.start() is None
    shown = [user.next(prediction) for _ in range(n)]
    return [None if one is None else (*one.points[0].tolist(), int(one.labels[0])) for one in shown]


NOTHING = image(".......", ".......", ".......", ".......", ".......")
SQUARE = image(".......", ".xxx...", ".xxx...", ".xxx...", ".......")


def test_ritm_clicks_the_middle_then_the_first_of_equals_and_no_pixel_twice() -> None:
    assert clicks_on(SQUARE, NOTHING, RITM, 3) == [(0, 2, 2, 1), (0, 1, 1, 1), (0, 1, 2, 1)]


def test_of_equally_deep_regions_the_false_positives_are_clicked() -> None:
    truth, wrong = image(".xxx.....", ".xxx.....", ".xxx....."), image(".....xxx.", ".....xxx.", ".....xxx.")
    assert clicks_on(truth, wrong, RITM) == [(0, 1, 6, 0)]
    assert clicks_on(truth, wrong, RITM | {"region": "joint"}) == [(0, 1, 2, 1)]


def test_a_perfect_mask_ends_or_is_clicked_in_the_corner() -> None:
    assert clicks_on(SQUARE, SQUARE, RITM, 2) == [(0, 0, 0, 0)] * 2
    assert clicks_on(SQUARE, SQUARE, RITM | {"nothing": "stop"}) == [None]


def test_where_all_was_clicked_nothing_is_left() -> None:
    one = image("..", ".x")
    assert clicks_on(one, np.zeros_like(one), RITM | {"nothing": "stop"}, 2) == [(0, 1, 1, 1), None]


def test_the_edge_of_the_image_is_background_or_open() -> None:
    strip = image("xxxxx.", "xxxxx.", "xxxxx.")
    assert clicks_on(strip, np.zeros_like(strip), RITM) == [(0, 1, 1, 1)]
    assert clicks_on(strip, np.zeros_like(strip), RITM | {"border": "object"}) == [(0, 0, 0, 1)]
    assert clicks_on(strip, np.zeros_like(strip), RITM | {"border": "object", "component": "largest"}) == [(0, 0, 0, 1)]


def test_ignored_pixels_are_no_errors() -> None:
    ignored = image(".......", ".......", ".......", ".xxx...", ".......")
    assert clicks_on(SQUARE, NOTHING, RITM, ignored=ignored) == [(0, 1, 1, 1)]
    assert clicks_on(NOTHING, ignored, RITM, ignored=ignored) == [(0, 0, 0, 0)]


def test_the_largest_component_counts_voxels_and_a_thin_sheet_beats_a_lump() -> None:
    truth = image("xxxxxxxxxxxx", "............", "..xxx.......", "..xxx.......", "..xxx.......")
    nothing = np.zeros_like(truth)
    assert clicks_on(truth, nothing, CVPR | {"component": "any"}) == [(0, 3, 3, 1)]
    assert clicks_on(truth, nothing, CVPR | {"ties": "first"}) == [(0, 0, 0, 1)]


def test_draws_begin_anew_with_each_click_or_go_on() -> None:
    truth = image("xxxxxxxxxxxx")
    first = int(np.random.RandomState(42).choice(12))
    assert clicks_on(truth, np.zeros_like(truth), CVPR, 2) == [(0, 0, first, 1)] * 2
    random = np.random.RandomState(42)
    drawn = [(0, 0, int(random.choice(12)), 1) for _ in range(3)]
    assert clicks_on(truth, np.zeros_like(truth), CVPR | {"reseed": "object"}, 3) == drawn


def test_connectivity_decides_what_hangs_together() -> None:
    truth = image("xx......", "xx......", "..xx....", "..xx....", ".....xxx", ".....xxx")
    assert clicks_on(truth, np.zeros_like(truth), CVPR | {"ties": "first"}) == [(0, 0, 0, 1)]
    assert clicks_on(truth, np.zeros_like(truth), CVPR | {"ties": "first", "connectivity": 6}) == [(0, 4, 5, 1)]


def test_the_sign_is_that_of_the_voxel_or_of_the_region() -> None:
    # One joint component: its deepest pixel is a false positive, although more are missed.
    truth, wrong = image("xxxx...", "xxxx...", "xxxx..."), image("....xxx", "....xxx", "....xxx")
    assert clicks_on(truth, wrong, CVPR | {"ties": "first"}) == [(0, 1, 1, 1)]
    labels = [click[3] for click in clicks_on(truth, wrong, CVPR | {"ties": "first", "repeat": False}, 5)]
    assert labels == [1, 1, 1, 0, 0]


def test_a_slice_of_a_volume_has_neighbours_and_an_image_has_none() -> None:
    volume = np.zeros((3, 5, 5), bool)
    volume[1] = True
    # In the volume all pixels of the slice are one voxel deep.
    assert clicks_on(volume, np.zeros_like(volume), RITM) == [(1, 0, 0, 1)]
    assert clicks_on(volume[1:2], np.zeros((1, 5, 5), bool), RITM) == [(0, 2, 2, 1)]


def test_depth_in_mm() -> None:
    volume = np.zeros((5, 9, 16), bool)
    volume[1:4, 1:4, 1:4] = True
    volume[2, 1:8, 8:15] = True
    nothing = np.zeros_like(volume)
    assert clicks_on(volume, nothing, RITM) == [(2, 2, 2, 1)]
    assert clicks_on(volume, nothing, RITM | {"distance": "mm"}, spacing=(4.0, 1.0, 1.0)) == [(2, 4, 11, 1)]


def test_depth_in_mm_in_an_image() -> None:
    truth = image("xxx.....", "xxx.....", "xxx.....", "...xxxxx")
    nothing = np.zeros_like(truth)
    assert clicks_on(truth, nothing, RITM) == [(0, 1, 1, 1)]
    assert clicks_on(truth, nothing, RITM | {"distance": "mm"}, spacing=(1.0, 9.0, 1.0)) == [(0, 3, 5, 1)]


def test_points_of_the_first_prompt_are_not_clicked_again() -> None:
    start = {"prompt": "point", "place": "deepest"}
    user = User(start, RITM, Scene("a", SQUARE), seed=1)
    first = user.start()
    assert first is not None
    assert first.points.tolist() == [[0, 2, 2]]
    again = user.next(NOTHING)
    assert again is not None
    assert again.points.tolist() == [[0, 1, 1]]


def test_likely_clicks_follow_the_map() -> None:
    likelihood = np.zeros((1, 5, 7), np.float32)
    likelihood[0, 3, 1:4] = 0.1, 0.7, 0.2
    likelihood[0, 0, 0] = 9  # no error there
    block = RITM | {"rule": "likely", "seed": 7}
    # G1 are the improbable pixels: up to where a tenth of the sum is passed.
    assert clicks_on(SQUARE, NOTHING, block | {"high": 0.05}, click_map=likelihood) == [(0, 3, 1, 1)]
    assert clicks_on(SQUARE, NOTHING, block | {"low": 0.5}, click_map=likelihood) == [(0, 3, 2, 1)]
    drawn = clicks_on(SQUARE, NOTHING, block, 3, click_map=likelihood)
    assert {click[:2] for click in drawn} == {(0, 3)}
    assert len(set(drawn)) == 3
    assert clicks_on(SQUARE, NOTHING, block, click_map=np.zeros_like(likelihood)) == [(0, 2, 2, 1)]
    assert clicks_on(SQUARE, NOTHING, block) == [(0, 2, 2, 1)]


@pytest.mark.parametrize(
    ("low", "high", "kept"),
    [
        (0, 1, [4, 3, 0, 1, 2]),
        (0, 0.05, [0, 0, 0, 1, 0]),
        (0.9, 1, [4, 0, 0, 0, 0]),
        (0.3, 0.5, [0, 3, 0, 0, 2]),
    ],
)
def test_shares_of_the_sum(low: float, high: float, kept: list[int]) -> None:
    # Sorted, they sum up to 0, 1, 3, 6 and 10.
    assert between(np.array([4, 3, 0, 1, 2], np.float32), low, high).tolist() == kept


masks = arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)))


@given(masks, st.data())
def test_a_click_lies_in_the_error_and_tells_the_truth(truth: np.ndarray, data: st.DataObject) -> None:
    prediction = data.draw(arrays(bool, truth.shape))
    block = data.draw(st.sampled_from([CVPR, RITM | {"nothing": "stop"}]))
    block = block | {"border": data.draw(st.sampled_from(["background", "object"]))}
    (click,) = clicks_on(truth, prediction, block)
    if (truth == prediction).all():
        assert click is None
    else:
        assert truth[click[:3]] != prediction[click[:3]]
        assert click[3] == truth[click[:3]]


def test_what_a_method_gets_at_a_step() -> None:
    box = Shown(boxes=np.array([[1, 0, 0, 1, 3, 3]], np.int32), extent=(0, 2))
    one, two = Shown.clicks(np.array([[1, 1, 1]]), 1), Shown.clicks(np.array([[2, 2, 2]]), 0)
    before = together([box, one, two], "before")
    assert before.points.tolist() == [[1, 1, 1], [2, 2, 2]]
    assert before.labels.tolist() == [1, 0]
    assert before.boxes.tolist() == [[1, 0, 0, 1, 3, 3]]
    assert before.extent == (0, 2)
    assert before.slices == [1, 2]
    assert together([box, one, two], "after").points.tolist() == [[2, 2, 2], [1, 1, 1]]
    alone = together([box, one, two], "dropped")
    assert alone.points.tolist() == [[2, 2, 2]]
    assert not len(alone.boxes)
    assert alone.extent is None
