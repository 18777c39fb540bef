"""Polygons as masks."""

import numpy as np
import pytest

from promptseg.preprocess import polygons

OUTER = np.array([(1, 1), (7, 1), (7, 7), (1, 7)], float)
INNER = np.array([(3, 3), (5, 3), (5, 5), (3, 5)], float)


def fill(shape, contours, exclusive):
    return polygons.fill(shape, contours, exclusive)[0]


def shown(mask):
    """Rows of a mask whose first axis are the columns."""
    return ["".join("#" if pixel else "." for pixel in row) for row in mask.T]


def square(low, high):
    mask = np.zeros((9, 9), bool)
    mask[low : high + 1, low : high + 1] = True
    return mask


def test_centres_decide():
    triangle = np.array([(0.5, 0.5), (4.5, 0.5), (0.5, 3.6)])
    assert shown(fill((6, 5), [triangle], False)) == ["......", ".###..", ".##...", ".#....", "......"]
    # First axis and second axis are not mixed up.
    assert shown(fill((5, 6), [triangle[:, ::-1]], False)) == [".....", ".###.", ".##..", ".#...", ".....", "....."]


def test_the_path_belongs_to_the_region():
    assert np.array_equal(fill((9, 9), [OUTER], False), square(1, 7))
    diagonal = np.array([(0, 0), (3, 0), (0, 3)], float)
    assert shown(fill((4, 4), [diagonal], False)) == ["####", "###.", "##..", "#..."]


def test_thin_objects_are_a_path_alone():
    """As programs draw the contour of a mask through the centres of its outermost pixels, there and back."""
    line = np.array([(1, 2), (3, 2), (5, 4), (3, 2)], float)
    assert shown(fill((7, 6), [line], False)) == [".......", ".......", ".###...", "....#..", ".....#.", "......."]
    spur = np.array([(1, 1), (3, 1), (3, 2), (5, 2), (3, 2), (3, 3), (1, 3)], float)
    assert shown(fill((7, 5), [spur], False)) == [".......", ".###...", ".#####.", ".###...", "......."]
    assert shown(fill((3, 3), [np.array([(1, 1), (1, 1), (1, 1)], float)], True)) == ["...", ".#.", "..."]


@pytest.mark.parametrize("noise", [-0.007, 1e-9, 0.007])
def test_few_decimals_do_not_move_the_path(noise):
    centre = OUTER.mean(axis=0)
    assert np.array_equal(fill((9, 9), [centre + (OUTER - centre) * (1 + noise / 3)], False), square(1, 7))


@pytest.mark.parametrize("exclusive", [False, True])
def test_holes(exclusive):
    hole = square(4, 4)
    for order in ([OUTER, INNER], [INNER, OUTER], [OUTER[::-1], INNER]):
        assert np.array_equal(fill((9, 9), order, exclusive), square(1, 7) & ~hole)
    assert polygons.fill((9, 9), [OUTER, INNER], exclusive)[1] == (0 if exclusive else 1)
    # An island in the hole, and in the wider hole of another region.
    large = np.array([(0, 0), (8, 0), (8, 8), (0, 8)], float)
    wide = np.array([(1, 1), (7, 1), (7, 7), (1, 7)], float)
    island = np.array([(3.5, 3.5), (4.5, 3.5), (4.5, 4.5), (3.5, 4.5)])
    expected = square(0, 8) & ~square(2, 6) | square(4, 4)
    assert np.array_equal(fill((9, 9), [island, wide, large], exclusive), expected)


def test_key_holes():
    """An inner contour that hangs on the outer one by a channel without width, or by a narrow one."""
    none = np.array(
        [(1, 1), (4, 1), (4, 3), (3, 3), (3, 5), (5, 5), (5, 3), (4, 3), (4, 1), (7, 1), (7, 7), (1, 7)], float
    )
    narrow = none.copy()
    narrow[[7, 8], 0] += 0.1
    for polygon in (none, narrow, none[::-1], narrow[::-1]):
        assert np.array_equal(fill((9, 9), [polygon], False), square(1, 7) & ~square(4, 4))


def test_regions_add_up():
    apart = [np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float), INNER]
    assert np.array_equal(fill((9, 9), apart, False), square(0, 1) | square(3, 5))
    # Two that overlap in a part, which only the XOR type takes away.
    left, right = OUTER - np.array([1, 0]), OUTER + np.array([1, 0])
    both = fill((10, 9), [left, right], False)
    assert both[0:9, 1:8].all()
    assert both.sum() == 9 * 7
    assert np.array_equal(fill((9, 9), [OUTER, OUTER], False), square(1, 7))
    assert fill((10, 9), [left, right], True).sum() == 9 * 7 - 3 * 5
    # A hole that reaches a little over the edge is no region of its own.
    long = np.array([(2, 3), (7.2, 3), (7.2, 5), (2, 5)])
    assert fill((9, 9), [OUTER, long], False)[:, 4].tolist() == [False, True, True] + [False] * 4 + [True, False]


def test_beyond_the_picture():
    assert fill((4, 3), [OUTER - 5], False).sum() == 9
    assert not fill((4, 3), [OUTER + 20], False).any()
    assert not fill((4, 3), [OUTER - 20], False).any()
    assert fill((4, 3), [(OUTER - 4) * 100], False).all()
    assert fill((4, 3), [(OUTER - 1) * 1e9], False).all()
    # Between the centres of pixels lies none.
    assert not fill((4, 3), [np.array([(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)])], False).any()
