"""Which slices are prompted at first."""

import numpy as np
import pytest

from promptseg.protocols.slices import prompted


def body(*areas: int) -> np.ndarray:
    """A volume whose slices have so many pixels of the object."""
    return np.array([[[x < area for x in range(9)]] for area in areas])


# Slices 1, 2, 4, 5, 6 and 9 hold the object.
GAPS = body(0, 1, 5, 0, 5, 2, 1, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("rule", "count", "slices"),
    [
        ("first", 1, [1]),
        ("middle", 1, [5]),
        ("largest", 1, [2]),
        ("every_fourth", 1, [2, 4, 5]),
        ("median", 1, [4]),
        ("middle_of_range", 1, [5]),
        ("all", 1, [1, 2, 4, 5, 6, 9]),
        ("range", 1, list(range(1, 10))),
        ("linspace", 1, [1]),
        ("linspace", 2, [1, 9]),
        ("linspace", 3, [1, 5, 9]),
        # 1, 3.67, 6.33, 9: 3 has no object, and of 2 and 4 the lower one is taken.
        ("linspace", 4, [1, 2, 6, 9]),
        ("linspace", 100, [1, 2, 4, 5, 6, 9]),
    ],
)
def test_rules(rule: str, count: int, slices: list[int]) -> None:
    assert prompted(GAPS, rule, count) == slices


def test_a_slice_in_a_gap_gives_way_to_the_nearest() -> None:
    assert prompted(body(1, 0, 0, 0, 0, 1, 1), "middle_of_range", 1) == [5]
    assert prompted(body(1, 0, 0, 0, 1), "median", 1) == [0]
