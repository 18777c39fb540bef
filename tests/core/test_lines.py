import numpy as np
import pytest

from promptseg.core.lines import Scribble, along, brush, closed, drawn, filled, pixels, points_of

CORNER = np.array([[1, 1], [4, 1], [4, 3]], np.int32)  # three to the right, two down


def test_the_pixels_of_a_line_are_neighbours():
    assert pixels(CORNER).tolist() == [[1, 1], [2, 1], [3, 1], [4, 1], [4, 2], [4, 3]]
    assert pixels(np.array([[0, 0], [4, 2]], np.int32)).tolist() == [[0, 0], [1, 1], [2, 1], [3, 2], [4, 2]]
    assert pixels(np.array([[2, 5]], np.int32)).tolist() == [[2, 5]]
    assert pixels(np.array([[2, 5], [2, 5]], np.int32)).tolist() == [[2, 5]]


def test_a_brush_is_round():
    assert brush(1).tolist() == [[1]]
    assert brush(3).tolist() == [[1, 1, 1]] * 3
    assert brush(5).tolist() == [[0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0]]


def test_scribbles_are_drawn_by_label_and_width_and_cut_at_the_border():
    lines = [Scribble(CORNER), Scribble(np.array([[0, 4]], np.int32), 0, 3)]
    thin = drawn(lines, (6, 7))
    assert np.argwhere(thin).tolist() == [[1, 1], [1, 2], [1, 3], [1, 4], [2, 4], [3, 4]]
    assert np.argwhere(drawn(lines, (6, 7), 0)).tolist() == [[3, 0], [3, 1], [4, 0], [4, 1], [5, 0], [5, 1]]
    assert drawn(lines, (6, 7), 0, width=1).sum() == 1
    assert drawn([], (6, 7)).sum() == 0


def test_the_inside_of_a_lasso_has_its_curve():
    square = np.array([[1, 1], [4, 1], [4, 3], [1, 3]], np.int32)
    inside = filled(square, (5, 6))
    assert inside[1:4, 1:5].all()
    assert inside.sum() == 12
    assert filled(np.array([[2, 2]], np.int32), (5, 6)).sum() == 1
    assert closed(square).tolist()[-1] == [1, 1]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [[3, 1]]),  # the middle of five steps, the first of two
        (2, [[2, 1], [4, 2]]),
        (100, [[1, 1], [2, 1], [3, 1], [4, 1], [4, 2], [4, 3]]),
        (0, []),
    ],
)
def test_points_along_a_line_are_the_middles_of_its_parts(count, expected):
    assert along(CORNER, count).tolist() == expected


def test_a_pixel_is_taken_once_where_a_line_comes_back():
    back = np.array([[0, 0], [2, 0], [0, 0]], np.int32)
    assert along(back, 4).tolist() == [[0, 0], [1, 0], [2, 0]]


def test_points_of_tables():
    row = {"line": [[1, 2], [3, 4]], "label": 0, "width": 5}
    scribble = Scribble.of(row)
    assert (scribble.line.tolist(), scribble.label, scribble.width) == ([[1, 2], [3, 4]], 0, 5)
    assert points_of([]).shape == (0, 2)
    assert points_of(np.array([[1, 2]])).dtype == np.int32
