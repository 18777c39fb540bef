"""Clicks that are fixed beforehand in lesions and in hot spots."""

from typing import Any

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.protocols.showing import Scene
from promptseg.protocols.user import User

Rows = list[list[int]]


def clicks(truth: np.ndarray, pixels: np.ndarray | None = None, seed: int = 42, **plan: Any) -> tuple[Rows, Rows]:
    """(z, y, x) of the clicks on the object and beside it, in order."""
    scene = Scene("a", truth, pixels=np.zeros(truth.shape) if pixels is None else pixels)
    user = User({}, {"rule": "planned", "seed": seed, "planned": {"foreground": 3, "background": 3, **plan}}, scene, 0)
    assert user.start() is None
    found: tuple[Rows, Rows] = ([], [])
    while shown := user.next(np.zeros_like(truth)):
        for place, label in zip(shown.points.tolist(), shown.labels.tolist(), strict=True):
            found[1 - label].append(place)
    return found


CUBE = np.zeros((9, 9, 9), bool)
CUBE[1:4, 1:4, 1:4] = True


def test_first_the_centre_then_voxels_on_the_rim() -> None:
    inside, outside = clicks(CUBE, foreground=4)
    assert outside == []
    assert inside[0] == [2, 2, 2]
    # The rim are the 26 voxels around the centre; draws go through them with z fastest.
    rim = [[z, y, x] for x in (1, 2, 3) for y in (1, 2, 3) for z in (1, 2, 3) if [z, y, x] != [2, 2, 2]]
    random = np.random.RandomState(42)
    random.choice([1], size=1, replace=False)
    assert inside[1:] == [rim[random.choice(26)] for _ in range(3)]
    forwards = [place[::-1] for place in rim]
    random.seed(42)
    random.choice([1], size=1, replace=False)
    assert clicks(CUBE, voxels="zyx", components="xyz")[0][1:] == [forwards[random.choice(26)] for _ in range(2)]


def test_the_edge_of_the_volume_is_no_rim() -> None:
    corner = np.zeros((9, 9, 9), bool)
    corner[:3, :3, :3] = True
    assert clicks(corner)[0][0] == [0, 0, 0]
    assert clicks(np.ones((1, 4, 5), bool))[0][0] == [0, 0, 0]


def test_components_are_drawn_in_a_random_order_without_repetition() -> None:
    truth = np.zeros((1, 3, 20), bool)
    truth[0, 1, ::2] = True
    random = np.random.RandomState(42)
    order = random.choice(np.arange(1, 11), size=3, replace=False)
    inside, _ = clicks(truth)
    assert inside == [[0, 1, 2 * (number - 1)] for number in order]
    assert len(clicks(truth, foreground=30)[0]) == 30
    assert sorted(clicks(truth, foreground=10)[0]) == [[0, 1, x] for x in range(0, 20, 2)]


def test_the_order_of_components_follows_the_axes() -> None:
    truth = np.zeros((1, 9, 9), bool)
    truth[0, 0, 8] = truth[0, 8, 0] = True
    first = {name: clicks(truth, components=name, foreground=1)[0][0] for name in ("zyx", "xyz")}
    number = int(np.random.RandomState(42).choice([1, 2], size=1, replace=False)[0])
    places = [[0, 0, 8], [0, 8, 0]]
    assert first == {"zyx": places[number - 1], "xyz": places[2 - number]}


def test_clicks_beside_the_object_lie_in_hot_spots() -> None:
    pixels = np.zeros((9, 20, 20))
    pixels[4, 10:15, 10:15] = 5
    pixels[4, 12, 12] = 6
    pixels[0:2] = 9  # hot, but on the object
    truth = np.zeros(pixels.shape, bool)
    truth[0:2] = True
    _, outside = clicks(truth, pixels, percentile=99, background=1)
    assert outside == [[4, 10, 10]]  # all are as deep: the first one, with z fastest
    assert all(pixels[tuple(place)] >= 5 for place in clicks(truth, pixels, percentile=99, thin="component")[1])
    with pytest.raises(PromptsegError, match="the official program stops here"):
        for seed in range(40):
            clicks(truth, pixels, seed, percentile=99, background=6)


def test_a_thick_hot_spot_is_clicked_inside_and_none_gives_no_clicks() -> None:
    pixels = np.zeros((9, 9, 20))
    pixels[2:7, 2:7, 12:17] = 5
    _, outside = clicks(CUBE.repeat(3, axis=2)[:, :, :20] & (np.arange(20) < 9), pixels, percentile=50, background=5)
    assert outside[0] == [4, 4, 14]
    assert all(pixels[tuple(place)] == 5 for place in outside)
    assert clicks(CUBE)[1] == []


def test_a_thin_hot_spot_lets_clicks_go_anywhere_outside_it() -> None:
    pixels = np.zeros((1, 30, 30))
    pixels[0, 5, 5:20] = 1
    truth = np.zeros(pixels.shape, bool)
    truth[0, 29, 29] = True
    _, outside = clicks(truth, pixels, percentile=90, background=8)
    # The hot voxels stand at places of their own among all; what is drawn is counted without them.
    others = [[0, y, x] for x in range(30) for y in range(30) if pixels[0, y, x] == 0]
    random = np.random.RandomState(42)
    random.choice([1], size=1, replace=False)  # the object
    for _ in range(2):
        random.choice(1)
    random.choice([1], size=1, replace=False)
    assert outside == [[0, 5, 5], *(others[random.choice(len(others))] for _ in range(7))]


def test_each_step_shows_what_is_left_of_both() -> None:
    user = User({}, {"rule": "planned", "planned": {"foreground": 1, "background": 0}}, Scene("a", CUBE), 0)
    first = user.next(CUBE)
    assert first is not None
    assert (first.points.tolist(), first.labels.tolist()) == ([[2, 2, 2]], [1])
    assert user.next(CUBE) is None
