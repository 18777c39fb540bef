"""Masks of volumes as codes of their slices."""

import numpy as np
import pytest

from promptseg.core.stacks import MaskStack, around


def block(z0, y0, x0, z1, y1, x1, shape=(6, 8, 10)):
    mask = np.zeros(shape, bool)
    mask[z0 : z1 + 1, y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


def test_only_slices_with_a_mask_are_kept():
    stack = MaskStack.of(block(2, 1, 3, 4, 5, 6))
    assert (stack.shape, stack.slices, stack.voxels, stack.area(3), stack.area(0)) == ((6, 8, 10), [2, 3, 4], 60, 20, 0)
    assert stack.box() == (2, 1, 3, 4, 5, 6)
    np.testing.assert_array_equal(stack.dense(), block(2, 1, 3, 4, 5, 6))


def test_a_part_lies_where_it_belongs():
    stack = MaskStack.of(block(0, 0, 0, 1, 1, 1)[:2], start=3, slices=9)
    assert (stack.shape, stack.slices) == ((9, 8, 10), [3, 4])
    np.testing.assert_array_equal(stack.dense((4, 1, 0, 5, 2, 1)), [[[1, 1], [0, 0]], [[0, 0], [0, 0]]])


def test_slices_can_be_cut_off():
    assert MaskStack.of(block(0, 0, 0, 5, 3, 3)).between(1, 2).slices == [1, 2]


def test_an_empty_mask_has_no_box():
    with pytest.raises(ValueError, match="no box"):
        MaskStack((3, 4, 5)).box()


def test_the_box_around_several_leaves_out_empty_ones():
    a, b = MaskStack.of(block(1, 2, 3, 1, 2, 3)), MaskStack.of(block(4, 0, 7, 5, 1, 9))
    assert around(a, MaskStack((6, 8, 10)), b) == (1, 0, 3, 5, 2, 9)


def test_pixels_that_two_stacks_share():
    one, other = np.zeros((3, 4, 5), bool), np.zeros((3, 4, 5), bool)
    one[0:2, 1:3, 0:3] = other[1:3, 2:4, 2:5] = True
    first, second = MaskStack.of(one), MaskStack.of(other)
    assert [first.shared(second, z) for z in range(3)] == [0, 1, 0]
