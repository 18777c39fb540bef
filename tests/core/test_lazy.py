"""Arrays whose parts are made when they are asked for."""

import numpy as np
import pytest

from promptseg.core.lazy import LazyArray


def counted():
    made = []

    def part(number):
        made.append(number)
        return np.array([number > 0, True])

    return LazyArray(part, (3, 2), bool), made


def test_only_what_is_asked_for_is_made_and_once():
    array, made = counted()
    assert (len(array), array.shape, array.dtype) == (3, (3, 2), bool)
    assert made == []
    assert array[1].tolist() == [True, True]
    assert array[-2] is array[1]
    assert made == [1]
    assert [part.tolist() for part in array] == [[False, True], [True, True], [True, True]]
    assert made == [1, 0, 2]
    with pytest.raises(IndexError):
        array[3]


def test_it_does_what_an_array_does():
    array, _ = counted()
    whole = np.array([[0, 1], [1, 1], [1, 1]], bool)
    np.testing.assert_array_equal(array, whole)
    np.testing.assert_array_equal(~array, ~whole)
    np.testing.assert_array_equal(array & whole[0], whole & whole[0])
    np.testing.assert_array_equal(array[:, 1], whole[:, 1])
    np.testing.assert_array_equal(np.logical_or.reduce([array, ~whole]), np.ones((3, 2)))
    assert array.sum() == 5
    assert array.any(axis=1).tolist() == [True] * 3
    assert np.asarray(array, np.uint8).dtype == np.uint8
    with pytest.raises(AttributeError):
        array.no_such_thing  # noqa: B018
    empty = LazyArray(lambda number: number, (0,), np.float32)
    assert np.asarray(empty).tolist() == []
