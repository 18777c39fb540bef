"""Prompts of people who miss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.randomness import generator
from promptseg.prompts.noise import Noise, mapped_point, noisy_box, noisy_point, shares


def disk(shape: tuple[int, int], x: int, y: int, radius: int) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def _rng(*keys: int) -> np.random.Generator:
    return generator(1, *keys)


def test_shares_go_from_the_deepest_pixel_to_the_border() -> None:
    mask = np.zeros((7, 9), bool)
    mask[1:6, 1:6] = True  # 5 by 5: depths 1, 2, 3
    found = shares(mask)
    assert found[3, 1:6].tolist() == [1.0, 0.5, 0.0, 0.5, 1.0]
    assert np.isnan(found[~mask]).all()
    assert np.isnan(shares(np.eye(4, dtype=bool))).all(), "nowhere deeper than a pixel"
    assert np.isnan(shares(np.zeros((3, 3), bool))).all()


def test_without_noise_prompts_are_ideal() -> None:
    truth = disk((40, 40), 20, 20, 9)
    assert Noise().none
    assert noisy_point((17, 21), truth, truth, Noise(), _rng()) == (17, 21), "even where it is not the deepest"
    assert noisy_box((3, 4, 30, 20), Noise(), (40, 40), _rng()) == (3, 4, 30, 20)


def test_a_bias_without_spread_is_the_way_to_the_border() -> None:
    truth = np.zeros((21, 21), bool)
    truth[5:16, 5:16] = True  # depths 1 to 6
    for bias, depth in ((0.2, 5), (0.6, 3), (1.0, 1)):
        x, y = noisy_point((10, 10), truth, truth, Noise(bias=bias), _rng())
        assert min(x - 4, y - 4, 16 - x, 16 - y) == depth


def test_points_stay_in_the_component_of_the_ideal_one() -> None:
    truth = disk((40, 80), 20, 20, 9) | disk((40, 80), 60, 20, 12)
    points = [noisy_point((20, 20), truth, truth, Noise(0.7, 0.2), _rng(k)) for k in range(50)]
    assert max(x for x, _ in points) < 40
    assert len(set(points)) > 20


def test_a_wrong_side_is_the_nearest_pixel_of_the_other() -> None:
    truth = np.zeros((9, 9), bool)
    truth[2:7, 2:7] = True
    always = Noise(wrong_side=1.0)
    point = noisy_point((3, 4), truth, truth, always, _rng())
    assert point == (1, 4)
    assert noisy_point((8, 4), ~truth, ~truth, always, _rng()) == (6, 4)
    full = np.ones((4, 4), bool)
    assert noisy_point((1, 1), full, full, always, _rng()) == (1, 1), "there is no other side"


def test_sides_of_boxes_move_outwards_by_their_share() -> None:
    noise = Noise(enlarge=(0.1, 0.2, 0.3, -0.1))
    assert noisy_box((20, 20, 39, 29), noise, (100, 100), _rng()) == (18, 18, 45, 28)
    assert noisy_box((0, 0, 9, 9), Noise(enlarge=(1, 1, 0, 0)), (10, 10), _rng()) == (0, 0, 9, 9), "clipped"
    inwards = noisy_box((10, 10, 19, 19), Noise(enlarge=(-0.8, 0, -0.8, 0)), (40, 40), _rng())
    assert inwards == (11, 10, 18, 19), "sides that cross are exchanged"


def test_a_clickability_map_draws_in_the_region() -> None:
    chances = np.zeros((3, 4))
    chances[1, 2], chances[0, 0] = 0.3, 0.7
    region = np.ones((3, 4), bool)
    found = [mapped_point(chances, region, _rng(k)) for k in range(400)]
    assert 0.22 < np.mean([point == (2, 1) for point in found]) < 0.38
    region[0, 0] = False
    assert mapped_point(chances, region, _rng()) == (2, 1)
    assert mapped_point(chances, np.zeros((3, 4), bool), _rng()) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"bias": 0.5, "spread": 0.5}, "give less than 0.5"),
        ({"bias": 0.0, "spread": 0.1}, "cannot have a `spread`"),
        ({"bias": 1.2}, "from 0 to 1"),
        ({"wrong_side": -0.1}, "from 0 to 1"),
        ({"enlarge_spread": (0, 0, -1, 0)}, "no spread is negative"),
    ],
)
def test_impossible_noise_is_refused(values: dict, said: str) -> None:
    with pytest.raises(PromptsegError, match=said):
        Noise(**values)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.05, 0.95),
    st.floats(0, 0.9),
    st.floats(-1, 1),
    st.floats(0, 1),
)
def test_noisy_prompts_are_in_the_image_and_points_in_the_object(
    seed: int, bias: float, spread: float, enlarge: float, enlarge_spread: float
) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.random((12, 15)) < 0.6
    truth[5, 5] = True
    noise = Noise(
        bias, spread * np.sqrt(bias * (1 - bias)), enlarge=(enlarge,) * 4, enlarge_spread=(enlarge_spread,) * 4
    )
    x, y = noisy_point((5, 5), truth, truth, noise, generator(seed))
    assert truth[y, x]
    assert (x, y) == noisy_point((5, 5), truth, truth, noise, generator(seed))
    x0, y0, x1, y1 = noisy_box(masks.tight_box(truth), noise, truth.shape, generator(seed))
    assert 0 <= x0 <= x1 < 15
    assert 0 <= y0 <= y1 < 12


@pytest.mark.parametrize(
    ("enlarge", "box"), [(1e19, (0, 0, 79, 59)), (1e300, (0, 0, 79, 59)), (-1e300, (0, 0, 79, 59))]
)
def test_boxes_of_any_size_are_clipped(enlarge: float, box: tuple) -> None:
    noise = Noise(enlarge=(enlarge,) * 4)
    assert noisy_box((10, 10, 20, 20), noise, (60, 80), np.random.default_rng(1)) == box
