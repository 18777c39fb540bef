"""The longest diameter of a lesion, and what is cut from a line."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist

from promptseg.protocols.lines import centre_and_ends, ends_of, grid_in, longest_diameter, square_of


def drawn(*rows: str) -> np.ndarray:
    """A mask: 1 where a character is no dot."""
    return np.array([[letter != "." for letter in row] for row in rows])


def test_the_longest_diameter_joins_the_pixels_that_are_farthest_apart() -> None:
    lesion = drawn(".......", "..xx...", ".xxxxx.", "..xxxx.", ".......")
    assert np.array_equal(longest_diameter(lesion), drawn(".......", ".......", ".xxx...", "....xx.", "......."))
    assert np.array_equal(longest_diameter(drawn("...", ".x.")), drawn("...", ".x."))
    # Of two diagonals that whose ends come first.
    assert np.array_equal(longest_diameter(drawn("xxx", "xxx", "xxx")), drawn("x..", ".x.", "..x"))


def test_a_line_from_its_ends() -> None:
    line = drawn("......", ".....x", "...xx.", ".xx...")
    first, last = ends_of(line)
    assert (first.tolist(), last.tolist()) == ([1, 5], [3, 2])
    assert centre_and_ends(line).tolist() == [[2.0, 3.5], [1, 5], [3, 2]]
    # Half of 3.6 pixels, cut off, around (2, 3).
    assert square_of(line).tolist() == [1, 2, 3, 4]


def test_a_grid_goes_from_end_to_end() -> None:
    points = grid_in(np.array([0, 10, 5, 14]))
    assert points.tolist() == [[y, x] for y in (0, 2, 5) for x in (10, 12, 14)]


@given(arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))).filter(np.any))
def test_no_two_pixels_are_farther_apart_than_the_ends(mask: np.ndarray) -> None:
    line = longest_diameter(mask)
    apart = pdist(np.argwhere(mask))
    ends = pdist(np.argwhere(line & mask))
    assert ends.max(initial=0) == apart.max(initial=0)
