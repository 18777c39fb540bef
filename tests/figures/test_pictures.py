"""The part of an image that is shown, and which objects."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.core.tables import read_table
from promptseg.figures import pictures
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.tables import OBJECTS


def test_choice_of_objects(shapes):
    table = read_table(shapes.objects, OBJECTS)
    assert pictures.choose(table, ["small dot", "both"]) == ["case1:small dot", "case1:both"]
    assert pictures.choose(table, ["left disk"]) == ["case0:left disk", "case1:left disk"]
    assert pictures.choose(table, ["absent"]) == []


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


@pytest.mark.parametrize(("rows", "columns"), [(4, 12), (4, 3), (14, 2)])
def test_labels_of_neighbouring_rows_do_not_touch(rows, columns):
    pixels = np.zeros((5, 5), np.uint8)
    names = ["case_7", "LIDC-IDRI-0001", "patient_0123456789_series_4_slice_0042"]
    names += ["BRAIN_TUMOUR_MRI_GADOLINIUM_0042_SLICE_0117"]
    figure, grid = pictures.grid(rows, "Title", "Legend", ["x"] * columns)
    for index, axes in enumerate(grid):
        image = LabelledImage(names[index % 4], "case", pixels, pixels, None)
        example = pictures.Example("o", "inferior_mesenteric_vein", image, pixels > 0, (1, 1), (-0.5, 4.5, 4.5, -0.5))
        pictures.show(axes[0], example)
        pictures.label(axes[0], example)
    figure.savefig(io.BytesIO(), format="png")
    boxes = [axis.yaxis.label.get_window_extent() for axis in grid[:, 0]]
    assert all(above.y0 > below.y1 for above, below in pairwise(boxes))
    texts = [axis.get_ylabel().replace("\n", "") for axis in grid[:4, 0]]
    assert texts[1].endswith("LIDC-IDRI-0001")
    assert texts[2].endswith("_slice_0042")
    assert "inferior" in texts[2]


def test_whole_image_in_the_middle_of_a_square():
    assert pictures.whole((100, 50), (1.0, 1.0)) == (-25.5, 74.5, 99.5, -0.5)
    assert pictures.whole((100, 50), (1.0, 2.0)) == (-0.5, 49.5, 99.5, -0.5)
