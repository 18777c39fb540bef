"""Sheets of image panels: what fits a page, and words that cover nothing."""

from itertools import pairwise

import numpy as np
import pytest

from promptseg.figures import sheets
from support.figures import clear


@pytest.mark.parametrize(
    ("text", "inches", "most", "lines"),
    [
        ("liver", 1.0, 1, "liver"),
        ("SimpleClick family, small", 0.9, 2, "SimpleClick\nfamily, small"),
        ("patient_0123456789_series_4_slice_0042", 1.0, 1, "...eries_4_slice_0042"),
        ("SimpleClick family, small", 0.5, 1, "SimpleC..."),
        ("one point:\nbest", 2.0, 4, "one point:\nbest"),
        ("", 1.0, 2, ""),
    ],
)
def test_lines_of(text, inches, most, lines):
    assert sheets.lines_of(text, inches, most) == lines


def test_parts_are_about_equal():
    assert sheets.parts(list("abcdefg"), 6) == [list("abcd"), list("efg")]
    assert sheets.parts(list("abc"), 6) == [list("abc")]
    assert sheets.parts([], 6) == []


def test_spread_keeps_first_and_last():
    assert sheets.spread([1, 2, 3, 5, 9], 3) == [1, 3, 9]
    assert sheets.spread([1, 2], 5) == [1, 2]


def test_what_fits_a_page(narrow):
    assert sheets.across(6) == 3
    assert sheets.rows_that_fit(3, 1) == 9
    assert sheets.rows_that_fit(3, 1, shape=0.5) == 15


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (10, 2)])
def test_labels_of_neighbouring_rows_do_not_touch(rows, columns):
    names = ["case_7", "LIDC-IDRI-0001", "patient_0123456789_series_4_slice_0042", "BRAIN_TUMOUR_MRI_GADOLINIUM_0117"]
    heads = {0: ["One word", *["A method whose name is rather long"] * (columns - 1)]}
    sheet = sheets.sheet(rows, columns, "Title", "Legend", lines=2, heads=heads)
    for row, axes in enumerate(sheet.axes):
        for axis in axes[:2]:
            axis.imshow(np.zeros((5, 5)))
            sheet.below(axis, "0.61 inferior_mesenteric_vein", names[row % 4])
        sheet.beside(row, ["inferior mesenteric vein", names[row % 4]])
    clear(sheet.finished())
    boxes = [axis.yaxis.label.get_window_extent() for axis in sheet.axes[:, 0]]
    assert all(above.y0 > below.y1 for above, below in pairwise(boxes))
    texts = [axis.get_ylabel().replace("\n", "") for axis in sheet.axes[:4, 0]]
    assert texts[1].endswith("LIDC-IDRI-0001")
    assert texts[2].endswith("_slice_0042")
    assert "inferior" in texts[2]
