"""The part of an image that is shown, and which objects."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from promptseg.core.tables import read_table
from promptseg.figures import pictures
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.tables import OBJECTS


def test_choice_of_objects(shapes):
    table = read_table(shapes.objects, OBJECTS)
    assert pictures.choose(table, ["small dot", "both"]) == ["case1:small dot", "case1:both"]
    assert pictures.choose(table, ["left disk"]) == ["case0:left disk", "case1:left disk"]
    assert pictures.choose(table, ["absent"]) == []
    assert pictures.choose(table, ["small dot", "both"], 1) == ["case1:small dot"]
    assert pictures.choose(table, ["left disk"], 1) == ["case1:left disk"]
    assert pictures.choose(table, ["left disk"], 2) == ["case0:left disk", "case1:left disk"]


def test_window_is_square_in_millimetres_and_holds_the_object():
    left, right, bottom, top = pictures.window((60, 40, 69, 49), (100, 200), (2.0, 1.0))
    assert (bottom - top) * 2.0 == pytest.approx(right - left)
    assert left < 60
    assert right > 69
    assert top < 40
    assert bottom > 49
    assert left >= -0.5
    assert right <= 199.5
    assert top >= -0.5
    assert bottom <= 99.5


@given(
    st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60),
    st.floats(0.3, 3), st.floats(0.3, 3),
)  # fmt: skip
def test_window_always_holds_the_object(x0, y0, across, down, sy, sx):
    shape = (150, 150)
    x1, y1 = min(x0 + across, 149), min(y0 + down, 149)
    left, right, bottom, top = pictures.window((x0, y0, x1, y1), shape, (sy, sx))
    assert (bottom - top) * sy == pytest.approx((right - left) * sx)
    slack = 1e-6
    assert left - slack <= x0 - 0.5 < x1 + 0.5 <= right + slack
    assert top - slack <= y0 - 0.5 < y1 + 0.5 <= bottom + slack


def test_whole_image_in_the_middle_of_a_square():
    assert pictures.whole((100, 50), (1.0, 1.0)) == (-25.5, 74.5, 99.5, -0.5)
    assert pictures.whole((100, 50), (1.0, 2.0)) == (-0.5, 49.5, 99.5, -0.5)


def test_body_is_the_largest_part_that_differs_from_what_lies_around():
    pixels = np.zeros((40, 60), np.uint8)
    pixels[10:30, 5:45] = 100
    pixels[35:37, 50:55] = 200  # a table
    assert pictures.body(pixels) == (5, 10, 44, 29)
    assert pictures.body(255 - pixels) == (5, 10, 44, 29)  # on white
    assert pictures.body(np.stack([pixels] * 3, axis=-1)) == (5, 10, 44, 29)
    assert pictures.body(np.full((4, 7), 9, np.uint8)) == (0, 0, 6, 3)
    assert pictures.body(np.random.default_rng(1).integers(0, 255, (20, 30), np.uint8)) == (0, 0, 29, 19)  # no margin


def test_window_stays_within_the_body():
    left, right, bottom, top = pictures.window((10, 12, 40, 28), (40, 60), (1.0, 1.0), (5, 10, 44, 29))
    assert (left, right) == (4.5, 44.5)  # as wide as the body
    assert (top, bottom) == (-0.5, 39.5)  # and a square around it


def _example(view):
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    truth = np.zeros((40, 60), bool)
    truth[10:20, 30:45] = True
    image = LabelledImage("i", "c", pixels, truth.astype(np.uint8), None)
    return pictures.Example("o", "t", image, truth, (1.0, 1.0), view)


@pytest.mark.parametrize("view", [(20.5, 50.5, 33.0, 3.0), (-0.5, 59.5, 49.5, -10.5), (29.25, 46.75, 24.0, 6.5)])
def test_only_what_is_seen_is_painted_and_looks_like_all(view):
    example = _example(view)
    layer = np.zeros((40, 60, 4))
    layer[example.truth] = to_rgba(pictures.MASK, 0.5)
    drawn = []
    for whole in (False, True):
        figure = Figure(figsize=(2, 2), dpi=150)
        axis = figure.subplots()
        pictures.show(axis, example)
        if whole:
            axis.images[0].remove()
            for picture in (example.image.pixels, layer):
                axis.imshow(picture, interpolation="nearest")
            axis.set(xlim=view[:2], ylim=view[2:])
        else:
            pictures.overlay(axis, example.truth)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn.append(np.array(canvas.buffer_rgba()))
    assert (drawn[0] == drawn[1]).all()
    assert len(np.unique(drawn[0].reshape(-1, 4), axis=0)) > 100


def test_outline_runs_around_the_mask_wherever_it_lies():
    axis = Figure().subplots()
    mask = np.zeros((40, 60), bool)
    mask[0:2, 55:60] = True
    pictures.outline(axis, mask)
    (path,) = axis.collections[0].get_paths()
    assert path.get_extents().extents.tolist() == [54.5, -0.5, 59.5, 1.5]
    pictures.outline(axis, np.zeros((4, 4), bool))
    assert len(axis.collections) == 1
