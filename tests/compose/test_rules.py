"""Who has a pixel that several masks hold, on masks of a few pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from promptseg.compose.rules import by_order, compose, layered
from promptseg.core.stacks import MaskStack

# One row: a holds pixels 0 to 3, b 2 to 5, c 5 to 6.
ROWS = {"a": [1, 1, 1, 1, 0, 0, 0], "b": [0, 0, 1, 1, 1, 1, 0], "c": [0, 0, 0, 0, 0, 1, 1]}
ALL = {name: [other for other in ROWS if other != name] for name in ROWS}


def stacks(rows=ROWS):
    return {name: MaskStack.of(np.array(row, bool)[None, None]) for name, row in rows.items()}


def shown(masks):
    return {name: "".join(map(str, mask.dense()[0, 0].astype(int))) for name, mask in masks.items()}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("first_wins", {"a": "1111000", "b": "0000110", "c": "0000001"}),
        ("last_wins", {"a": "1100000", "b": "0011100", "c": "0000011"}),
    ],
)
def test_by_order(rule, expected):
    masks = stacks()
    assert shown(compose(masks, ALL, by_order(masks, rule))) == expected


def test_a_number_for_each_object_and_the_first_of_equals():
    numbers = {"a": 0.25, "b": 0.5, "c": 0.5}
    found = compose(stacks(), ALL, lambda name, _: numbers[name])
    assert shown(found) == {"a": "1100000", "b": "0011110", "c": "0000001"}


def test_a_number_for_each_pixel():
    values = {"a": [9, 9, 3, 1, 0, 0, 0], "b": [0, 0, 2, 2, 2, 2, 0], "c": [0, 0, 0, 0, 0, 2, 2]}
    found = compose(stacks(), ALL, lambda name, _: np.array([values[name]], float))
    assert shown(found) == {"a": "1110000", "b": "0001110", "c": "0000001"}


def test_objects_that_truly_overlap_take_nothing_from_one_another():
    others = {"a": [], "b": ["c"], "c": ["b"]}
    masks = stacks()
    found = compose(masks, others, by_order(masks, "last_wins"))
    assert shown(found) == {"a": "1111000", "b": "0011100", "c": "0000011"}


def test_an_object_without_an_answer_takes_nothing():
    masks = stacks()
    del masks["b"]
    assert shown(compose(masks, ALL, by_order(masks, "last_wins"))) == {"a": "1111000", "c": "0000011"}


def test_a_mask_that_loses_everything_is_empty_and_slices_are_told_apart():
    cube = np.zeros((3, 2, 2), bool)
    cube[0] = cube[2] = True
    masks = {"a": MaskStack.of(cube), "b": MaskStack.of(np.roll(cube, 1, axis=0))}
    found = compose(masks, {"a": ["b"], "b": ["a"]}, lambda name, z: {"a": 0, "b": 1}[name] if z == 0 else 0)
    assert (found["a"].slices, found["b"].slices) == ([2], [0, 1])


def test_a_label_map_has_the_larger_value_on_top():
    found = layered(stacks(), {"a": 2, "b": 1, "c": 300}, 0)
    assert (found.dtype, found.tolist()) == (np.uint16, [[2, 2, 2, 2, 1, 300, 300]])
    assert layered(stacks(), {"a": 2, "b": 1, "c": 3}, 0).dtype == np.uint8


@given(arrays(bool, (3, 2, 4, 5)), arrays(np.int8, (3, 2, 4, 5)))
def test_each_pixel_of_the_union_goes_to_exactly_one_object(cubes, numbers):
    masks = {str(number): MaskStack.of(cube) for number, cube in enumerate(cubes)}
    others = {name: [other for other in masks if other != name] for name in masks}
    found = compose(masks, others, lambda name, z: numbers[int(name), z])
    counts = np.sum([mask.dense() for mask in found.values()], axis=0)
    np.testing.assert_array_equal(counts, cubes.any(axis=0))
    winner = np.where(cubes, numbers.astype(int), -999).argmax(axis=0)
    for name, mask in found.items():
        np.testing.assert_array_equal(mask.dense(), cubes.any(axis=0) & (winner == int(name)))
