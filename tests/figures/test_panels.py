"""The grid of panels: places, labels, sizes and legend."""

import pytest

from promptseg.figures import panels, style
from support.figures import legend, visible


def test_panels_are_in_rows_and_none_is_left_over():
    grid = panels.grid(5, 3, "Title", panels.Size(style.page(), 2.0, 0.5), sharex=True)
    grid.label("x", "y")
    assert len(grid.axes) == len(visible(grid.figure)) == 5
    assert grid.figure.get_size_inches() == pytest.approx((style.page(), 4.5))
    assert [axis.get_xlabel() for axis in grid.axes] == ["", "", "x", "x", "x"]
    assert [axis.get_ylabel() for axis in grid.axes] == ["y", "", "", "y", ""]
    tops = [axis.get_position().y1 for axis in grid.axes]
    assert tops[0] == tops[2] > tops[3] == tops[4]
    third = grid.axes[2].xaxis.get_major_ticks()[0]
    assert third.label1.get_visible()  # nothing is below it that could show the numbers


def test_parts_of_a_panel_are_above_one_another():
    grid = panels.grid(3, 2, "Title", panels.Size(style.page(), 2.0, 0.5), parts=[3, 1])
    assert grid.axes.shape == (3, 2)
    for upper, lower in grid.axes:
        assert upper.get_position().x0 == lower.get_position().x0
        assert upper.get_position().y0 > lower.get_position().y1
        assert upper.get_position().height == pytest.approx(3 * lower.get_position().height)


def test_legend_has_room_for_its_lines_and_shows_the_notes():
    looks = [style.Look(f"m{index}", style.BLUE, "o") for index in range(5)]
    handles = [*map(style.handle, looks), *panels.fills("oracle")]
    entries = panels.Legend(handles, 3, line=0.25, title="A note.")
    grid = panels.grid(1, 1, "Title", panels.Size(style.column(), 2.0, 0.5), entries)
    assert grid.figure.get_size_inches()[1] == pytest.approx(
        3.75
    )  # two entries of this length side by side, and the note
    assert legend(grid.figure) == ["m0", "m1", "m2", "m3", "m4", "filled: first mask", "hollow: oracle"]
    assert panels.fills()[0].get_label() == "filled: first mask"
    assert len(panels.fills()) == 1


def test_panels_stand_side_by_side_until_all_rows_fit_a_page():
    style.configure(183)  # 7.2 inches
    assert panels.across(8, row=1.0, wide=1.7, least=0.9) == 4
    assert panels.across(3, row=1.0, wide=1.7, least=0.9) == 3
    assert panels.across(28, row=1.3, wide=1.7, least=0.9) == 5  # six rows of 1.3 inches
    assert panels.across(28, row=3.0, wide=1.7, least=0.9) == 8  # as many as can be
    assert panels.across(8, row=1.0, wide=1.7, least=0.9, labels=2.0) == 3


def test_rows_may_differ_in_height():
    grid = panels.grid(2, 1, "Title", panels.Size(style.column(), [3.0, 1.0], 0.0))
    first, second = (axis.get_position().height for axis in grid.axes)
    assert first == pytest.approx(3 * second)
