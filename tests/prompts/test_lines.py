import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptseg.core import masks
from promptseg.core.lines import Scribble, drawn, filled, pixels, points_of
from promptseg.core.randomness import generator
from promptseg.core.vocabulary import LASSO, LINE_MODES, SCRIBBLE_MODES
from promptseg.prompts.lines import LineSettings, centre, contour, draw, lasso, walk


def empty(height=40, width=50):
    return np.zeros((height, width), bool)


def bar():
    """21 pixels wide and 5 high."""
    mask = empty()
    mask[10:15, 20:41] = True
    return mask


def ring():
    y, x = np.ogrid[:40, :50]
    squares = (y - 20) ** 2 + (x - 24) ** 2
    return (squares <= 15**2) & (squares > 7**2)


def dot():
    mask = empty()
    mask[7, 9] = True
    return mask


def vessel():
    """One pixel wide, askew."""
    mask = empty().astype(np.uint8)
    cv2.polylines(mask, [np.array([[3, 3], [20, 30], [45, 33]])], False, 1)
    return mask > 0


def cornered():
    """Fills a corner of the image, and a second part."""
    mask = empty()
    mask[:12, 30:] = True
    mask[30:34, 3:9] = True
    return mask


OBJECTS = {"bar": bar(), "ring": ring(), "dot": dot(), "vessel": vessel(), "cornered": cornered()}
OBJECTS["all of the image"] = ~empty()


def scribbles(mask, mode, **changed):
    row = draw("object", mask, mode, LineSettings(**changed), 1, "first")
    return [Scribble.of(one) for one in row["scribbles"]]


@pytest.mark.parametrize("mode", SCRIBBLE_MODES)
@pytest.mark.parametrize("name", OBJECTS)
def test_all_of_a_stroke_lies_on_the_largest_component(name, mode):
    mask = OBJECTS[name]
    part = masks.components(mask, 1)[0].mask
    for width in (1, 3, 7):
        lines = scribbles(mask, mode, width=width)
        covered = drawn(lines, mask.shape)
        assert covered.any()
        assert not (covered & ~part).any()
        assert all(one.width <= width and one.label == 1 for one in lines)
        for one in lines:
            assert np.array_equal(pixels(one.line), one.line)  # each pixel a neighbour of the next


@pytest.mark.parametrize("name", OBJECTS)
def test_a_lasso_encloses_the_object(name):
    mask = OBJECTS[name]
    curve = lasso(mask, 0.1)
    assert not (mask & ~filled(curve, mask.shape)).any()
    assert np.abs(np.diff(curve, axis=0, append=curve[:1])).max() <= 1  # a closed curve of neighbours
    x, y = curve.T
    inside = (x > 0) & (x < 49) & (y > 0) & (y < 39)
    assert not mask[y[inside], x[inside]].any()  # it touches the object nowhere but at the border of the image


def test_the_centre_line_of_a_bar():
    middle = centre(bar())[3:-3]
    assert middle[:, 1].tolist() == [12] * len(middle)
    assert len(middle) >= 10
    (line,) = scribbles(bar(), "scribble_centre")
    assert line.width == 3
    assert scribbles(bar(), "scribble_centre", width=7)[0].width == 3  # a wider brush leaves the bar at the ends


def test_the_centre_line_of_a_vessel_is_the_vessel():
    assert {*map(tuple, centre(vessel()).tolist())} == {*map(tuple, np.argwhere(vessel())[:, ::-1].tolist())}
    (line,) = scribbles(vessel(), "scribble_centre")
    assert line.width == 1


def test_the_longest_path_leaves_side_branches_out():
    cross = empty()
    cross[20, 5:45] = True
    cross[15:20, 25] = True
    line = centre(cross)
    assert line[:, 1].tolist() == [20] * 40
    assert sorted(line[:, 0].tolist()) == list(range(5, 45))


def test_a_ring_has_half_of_itself_as_its_centre_line():
    length = 2 * np.pi * 11
    assert 0.4 * length < len(centre(ring())) < 0.6 * length


def test_a_single_pixel_has_itself():
    for mode in SCRIBBLE_MODES:
        (line,) = scribbles(dot(), mode)
        assert (line.line.tolist(), line.width) == ([[9, 7]], 1)
    assert sorted(map(tuple, lasso(dot(), 0.1).tolist())) == [(8, 7), (9, 6), (9, 8), (10, 7)]


def test_a_walk_is_as_long_as_it_is_told_to_be():
    room = ~empty(100, 100)
    for length in (1, 10, 60):
        line = walk(room, length, generator(1, "walk"))
        gone = np.hypot(*np.diff(line, axis=0).T).sum()
        assert length - 1 - np.sqrt(2) <= gone <= length
    straight = np.hypot(*(walk(room, 40, generator(2, "walk"))[[0, -1]].T @ [-1, 1]))
    assert straight > 10  # it does not turn on the spot


def test_arcs_share_the_contour():
    room = empty()
    room[10:20, 10:30] = True  # a contour of 56 pixels
    arcs = contour(room, 2, 0.5, generator(1, "arcs"))
    assert [len(arc) for arc in arcs] == [14, 14]
    (whole,) = contour(room, 1, 1.0, generator(1, "arcs"))
    around = room & ~cv2.erode(room.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    assert {*map(tuple, whole.tolist())} == {*map(tuple, np.argwhere(around)[:, ::-1].tolist())}
    assert len(contour(dot(), 5, 0.5, generator(1, "arcs"))) == 1


def test_a_hole_has_no_contour():
    touched = drawn(scribbles(ring(), "scribble_contour", arc=1.0, arcs=1, width=1), (40, 50))
    y, x = np.nonzero(touched)
    assert ((y - 20) ** 2 + (x - 24) ** 2 > 12**2).all()


def test_a_lasso_keeps_its_distance():
    curve = lasso(bar(), 0.3)  # 0.3 of the root of 105 pixels: 3 pixels
    assert curve.min(axis=0).tolist() == [17, 7]
    assert curve.max(axis=0).tolist() == [43, 17]
    assert not filled(curve, (40, 50))[7, 17]  # round corners


def test_a_lasso_around_far_parts_is_their_hull():
    mask = empty()
    mask[5, 5] = mask[5, 40] = True
    assert filled(lasso(mask, 0.1), mask.shape)[5, 22]


def test_a_lasso_around_a_ring_has_no_hole():
    assert filled(lasso(ring(), 0.1), (40, 50))[20, 24]


@pytest.mark.parametrize("mode", LINE_MODES)
def test_what_is_drawn_depends_on_seed_and_object_alone(mode):
    def row(name, seed):
        return draw(name, bar(), mode, LineSettings(), seed, "first")

    assert row("a", 1) == row("a", 1)
    differs = [row("a", 1) != row("b", 1), row("a", 1) != row("a", 2)]
    assert differs == [mode in ("scribble_walk", "scribble_contour")] * 2


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 24), st.integers(1, 24)),
    st.floats(0.05, 0.9),
    st.sampled_from([1, 3, 5]),
    st.floats(0, 1),
)
def test_any_object(seed, size, share, width, margin):
    """Also of single pixels, diagonals, many parts and parts at the border."""
    mask = np.random.default_rng(seed).random(size) < share
    mask[0, 0] |= not mask.any()
    for mode in LINE_MODES:
        row, again = (draw("o", mask, mode, LineSettings(width=width, margin=margin), seed, "last") for _ in range(2))
        assert row == again
        if mode == LASSO:
            assert not (mask & ~filled(points_of(row["lasso"]), size)).any()
        else:
            covered = drawn([Scribble.of(one) for one in row["scribbles"]], size)
            assert covered.any()
            assert not (covered & ~mask).any()
