"""The first prompt of a preset."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptseg.prompts.modes import depth
from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.starts import interpolated
from promptseg.protocols.user import User


def shown(truth: np.ndarray, **block: Any) -> Shown:
    """What is shown of a truth at first."""
    found = User(block, {}, Scene("a", truth), seed=5).start()
    assert found is not None
    return found


def drawn(*slices: str) -> np.ndarray:
    """A volume of slices whose rows are set apart by slashes: 1 where a character is no dot."""
    return np.array([[[letter != "." for letter in row] for row in rows.split("/")] for rows in slices])


TWO = drawn("......./.xx..../.xx.xx./....xx.")  # two components of four pixels in an image
EMPTY = "....../....../......"
TOWER = drawn(EMPTY, ".xx.../.xx.../......", "....../...xxx/...xxx", "....../....../.....x", EMPTY)


def test_nothing_is_shown_or_there_is_nothing_to_show() -> None:
    assert User({}, {}, Scene("a", TWO), seed=0).start() is None
    assert User({"prompt": "box"}, {}, Scene("a", np.zeros_like(TWO)), seed=0).start() is None


def test_points_in_parts_and_in_the_whole_of_a_slice() -> None:
    assert shown(TWO, prompt="point").points.tolist() == [[0, 1, 1]]
    assert shown(TWO, prompt="point", parts=1).points.tolist() == [[0, 1, 1]]
    assert shown(TWO, prompt="point", parts=1, equal="last").points.tolist() == [[0, 2, 4]]
    assert shown(TWO, prompt="point", parts=3, equal="last").points.tolist() == [[0, 2, 4], [0, 1, 1]]
    assert shown(TWO, prompt="point", place="centre").points.tolist() == [[0, 2, 2]]
    assert shown(TWO, prompt="point", place="centroid", parts=1).points.tolist() == [[0, 2, 2]]
    both = shown(TWO, prompt="point", parts=2)
    assert both.labels.tolist() == [1, 1]
    assert both.points.dtype == np.int32
    assert both.labels.dtype == np.int8


def test_boxes_of_parts_of_slices_and_of_the_volume() -> None:
    assert shown(TWO, prompt="box").boxes.tolist() == [[0, 1, 1, 0, 3, 5]]
    assert shown(TWO, prompt="box", parts=2).boxes.tolist() == [[0, 1, 1, 0, 2, 2], [0, 2, 4, 0, 3, 5]]
    assert shown(TOWER, prompt="box", slices="all").boxes[:, :3].tolist() == [[1, 0, 1], [2, 1, 3], [3, 2, 5]]
    assert shown(TOWER, prompt="box", slices="volume").boxes.tolist() == [[1, 0, 1, 3, 2, 5]]
    whole = shown(TOWER, prompt="box", slices="range", around="volume", ends="exclusive")
    assert whole.boxes.tolist() == [[z, 0, 1, z, 3, 6] for z in (1, 2, 3)]
    assert whole.slices == [1, 2, 3]


def test_a_contour_and_the_ends_of_the_object() -> None:
    contour = shown(TOWER, prompt="mask", extent=True)
    assert contour.slices == [2]
    assert np.array_equal(contour.masks[2], TOWER[2])
    assert contour.extent == (1, 3)
    assert shown(TOWER, prompt="mask", slices="volume").slices == [1, 2, 3]


def test_between_prompted_slices_prompts_are_interpolated() -> None:
    points = shown(TOWER, prompt="point", slices="linspace", count=2, place="centre", between="linear")
    # From (0, 1) over (1, 3) to (2, 5), each rounded half to even.
    assert points.points.tolist() == [[1, 0, 2], [2, 1, 4], [3, 2, 5]]
    boxes = shown(TOWER, prompt="box", slices="linspace", count=2, between="linear")
    assert boxes.boxes.tolist() == [[1, 0, 1, 1, 1, 2], [2, 1, 3, 2, 2, 4], [3, 2, 5, 3, 2, 5]]
    z, values = interpolated(np.array([0, 4]), np.array([[0, 10], [2, 8]]))
    assert (z.tolist(), values.tolist()) == ([0, 1, 2, 3, 4], [[0, 10], [0, 10], [1, 9], [2, 8], [2, 8]])


def test_random_points_are_those_of_the_legacy_generator() -> None:
    places = np.argwhere(TWO[0])
    chosen = np.random.RandomState(3).choice(8, size=5, replace=False)
    found = shown(TWO, prompt="point", place="random", points=5, seed=3)
    assert found.points[:, 1:].tolist() == places[chosen].tolist()
    again = np.random.RandomState(3).choice(8, size=2, replace=True)
    more = shown(TWO, prompt="point", place="random", points=10, seed=3)
    assert more.points[:, 1:].tolist() == [*places.tolist(), *places[again].tolist()]
    assert len(shown(TWO, prompt="point", place="random", points=10, few="fewer").points) == 8
    in_volume = shown(TOWER, prompt="point", slices="volume", place="random", points=3, seed=3)
    voxels = np.random.RandomState(3).choice(TOWER.sum(), size=3, replace=False)
    assert in_volume.points.tolist() == np.argwhere(TOWER)[voxels].tolist()


def test_points_beside_the_object_come_last_and_lie_three_to_five_pixels_away() -> None:
    truth = np.zeros((2, 30, 30), bool)
    truth[:, 12:18, 12:18] = True
    found = shown(truth, prompt="point", slices="all", place="random", points=2, background=30)
    assert found.labels.tolist() == [1] * 4 + [0] * 60
    away = depth(~truth[0], "exact")[tuple(found.points[4:, 1:].T)]
    assert (away.min() > 2, away.max() <= 5.4) == (True, True)


def test_deepest_point_of_a_volume_and_in_an_image() -> None:
    ball = np.zeros((7, 9, 9), bool)
    ball[1:6, 2:7, 2:7] = True
    assert shown(ball, prompt="point", slices="volume").points.tolist() == [[3, 4, 4]]
    assert shown(ball[3:4], prompt="point", slices="volume").points.tolist() == [[0, 4, 4]]


def test_distances_by_masks_of_five_differ_from_exact_ones() -> None:
    rng = np.random.RandomState(0)
    differs = 0
    for _ in range(20):
        mask = depth(rng.rand(1, 40, 40)[0] > 0.02, "exact")[None] > 1
        exact, near = (shown(mask, prompt="point", distance=distance).points for distance in ("exact", "chamfer5"))
        differs += not np.array_equal(exact, near)
    assert differs


def test_points_and_the_square_of_a_line() -> None:
    lesion = drawn("......../..xxxxx./..xxxxx./........")
    assert shown(lesion, prompt="point", target="line", place="ends").points.tolist() == [
        [0, 2, 4],
        [0, 1, 2],
        [0, 2, 6],
    ]
    assert shown(lesion, prompt="point", target="line", place="centre").points.tolist() == [[0, 2, 4]]
    five = shown(lesion, prompt="point", target="line", place="random", points=5, few="fewer")
    assert {z for z, _, _ in five.points.tolist()} == {0}
    assert len({tuple(point) for point in five.points.tolist()}) == 5
    assert shown(lesion, prompt="box", target="line").boxes.tolist() == [[0, 0, 2, 0, 3, 6]]
    grid = shown(lesion, prompt="point", target="line", place="grid").points
    assert grid.tolist() == [[0, y, x] for y in (0, 1, 3) for x in (2, 4, 6)]


def test_a_seed_of_the_run_differs_from_object_to_object() -> None:
    truth = np.ones((1, 20, 20), bool)
    block = {"prompt": "point", "place": "random", "seed": "run"}
    found = [
        User(block, {}, Scene(name, truth), seed).start() for name, seed in (("a", 1), ("b", 1), ("a", 2), ("a", 1))
    ]
    places = [one.points.tolist() for one in found if one]
    assert places[0] == places[3]
    assert len({str(place) for place in places}) == 3


volumes = arrays(bool, st.tuples(st.integers(1, 4), st.integers(2, 6), st.integers(2, 6))).filter(np.any)


@given(volumes, st.sampled_from(["first", "middle", "largest", "every_fourth", "median", "all", "linspace"]), st.data())
def test_points_lie_on_the_object_and_boxes_hold_it(truth: np.ndarray, slices: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(["deepest", "random", "centre", "centroid"]))
    found = shown(truth, prompt="point", slices=slices, place=place, parts=data.draw(st.integers(0, 2)), ties="random")
    assert truth[tuple(found.points.T)].all()
    for z, y0, x0, _, y1, x1 in shown(truth, prompt="box", slices=slices).boxes.tolist():
        assert truth[z, y0 : y1 + 1, x0 : x1 + 1].sum() == truth[z].sum()


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 1, 4)])
def test_the_smallest_objects(size: tuple[int, int, int]) -> None:
    truth = np.ones(size, bool)
    for block in ({"place": "ends"}, {"place": "grid"}, {"place": "random", "points": 5}):
        assert len(shown(truth, prompt="point", target="line", **block).points)
