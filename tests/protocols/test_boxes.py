"""Boxes of the first prompt."""

from typing import Any

import numpy as np
import pytest

from promptseg.protocols.blocks import Start
from promptseg.protocols.boxes import moved, tight
from promptseg.protocols.draws import Draws

BOX = np.array([10, 20, 30, 40])  # y0, x0, y1, x1


def given(seed: int = 2025, size: tuple[int, int] = (512, 256), **keys: Any) -> list[int]:
    """The box as the user gives it in a slice."""
    return moved(BOX, size, Start(**keys), Draws(seed, 0, "")).tolist()


def test_a_tight_box_is_inclusive() -> None:
    mask = np.zeros((5, 6, 7), bool)
    mask[1:3, 2, 3:6] = True
    assert tight(mask).tolist() == [1, 2, 3, 2, 2, 5]
    assert tight(mask[1]).tolist() == [2, 3, 2, 5]


def test_ends() -> None:
    assert given() == [10, 20, 30, 40]
    assert given(ends="exclusive") == [10, 20, 31, 41]


@pytest.mark.parametrize("seed", [2025, 1, 2])
def test_one_draw_enlarges_all_sides_in_proportion_to_the_slice(seed: int) -> None:
    drawn = int(np.random.RandomState(seed).randint(0, 6, 1)[0])
    along = given(seed, enlarge={"most": 5, "of": 256})
    assert along == [max(0, 10 - 2 * drawn), 20 - drawn, 30 + 2 * drawn, 40 + drawn]
    # In a small slice nothing is left of it: int(5 * 32 / 256) is 0.
    assert given(seed, size=(50, 50), enlarge={"most": 5, "of": 256}) == [10, 20, 30, 40]


def test_enlarged_by_pixels_and_clipped() -> None:
    drawn = int(np.random.RandomState(2024).randint(0, 21, 1)[0])
    assert drawn == 8
    assert given(2024, size=(35, 45), enlarge={"most": 20}) == [2, 12, 34, 44]
    assert given(size=(35, 45), shift=12) == [0, 8, 34, 44]
    assert given(size=(35, 45), shift=12, ends="exclusive") == [0, 8, 35, 45]


def test_each_side_is_shaken_by_its_own_draw() -> None:
    x0, y0, x1, y1 = np.random.RandomState(1).randint(-5, 6, size=4)
    assert given(1, jitter=5, ends="exclusive") == [10 + y0, 20 + x0, 31 + y1, 41 + x1]
    # Sides that meet are moved apart by a pixel each.
    one = np.array([10, 20, 10, 20])
    noise = np.random.RandomState(3).randint(-9, 10, size=4).tolist()
    assert noise == [1, -6, -1, -9]
    assert moved(one, (50, 50), Start(jitter=9), Draws(3, 0, "")).tolist() == [3, 20, 2, 20]
