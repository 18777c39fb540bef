"""What a user of a preset shows, slice by slice."""

import numpy as np

from promptseg.protocols.showing import Shown
from promptseg.protocols.ways import by_slice, clicks_of, first_and_rest, several_boxes

NONE = np.zeros((0, 6), np.int32)


def shown(points=(), labels=(), boxes=NONE, masks=None):
    places = np.array(points, np.int32).reshape(-1, 3)
    return Shown(places, np.array(labels, np.int8), np.array(boxes, np.int32).reshape(-1, 6), masks or {})


def test_points_and_boxes_of_a_slice_in_x_and_y():
    found = by_slice(shown([[2, 5, 7], [4, 1, 3], [2, 6, 8]], [1, 1, 0], [[2, 3, 4, 2, 9, 10]]))
    assert list(found) == [2, 4]
    assert found[2].prompt.points.tolist() == [[7, 5], [8, 6]]
    assert found[2].prompt.labels.tolist() == [1, 0]
    assert found[2].prompt.box.tolist() == [4, 3, 10, 9]
    assert found[4].prompt.box is None


def test_a_box_over_several_slices_is_shown_on_each_of_them():
    found = by_slice(shown(boxes=[[2, 3, 4, 4, 9, 10]]))
    assert [(z, one.prompt.box.tolist()) for z, one in found.items()] == [(z, [4, 3, 10, 9]) for z in (2, 3, 4)]
    assert not several_boxes(shown(boxes=[[2, 3, 4, 4, 9, 10], [5, 3, 4, 5, 9, 10]]))
    assert several_boxes(shown(boxes=[[2, 3, 4, 4, 9, 10], [4, 3, 4, 5, 9, 10]]))


def test_a_contour_stands_alone():
    mask = np.ones((2, 2), bool)
    found = by_slice(shown([[1, 0, 0]], [1], masks={1: mask}))
    assert (found[1].prompt, found[1].mask is mask) == (None, True)


def test_slices_with_background_alone_are_no_beginning():
    first, rest = first_and_rest(shown([[2, 5, 7], [4, 1, 3], [2, 6, 8], [1, 0, 0]], [1, 0, 0, 0]))
    assert [one.z for one in first] == [2]
    assert first[0].prompt.labels.tolist() == [1, 0]
    assert [(one.z, one.prompt.points.tolist(), one.prompt.labels.tolist()) for one in rest] == [
        (4, [[3, 1]], [0]),
        (1, [[0, 0]], [0]),
    ]


def test_clicks_keep_their_order():
    assert [one.z for one in clicks_of(shown([[2, 0, 0], [1, 0, 0], [2, 1, 1]], [1, 1, 0]))] == [2, 1, 2]
