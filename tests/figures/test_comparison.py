"""One click, the methods task by task; and the house style, which this figure shows."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images

from promptseg.figures import comparison, source, style
from support.figures import LOOKS, METHODS, PUBLISHED, lines, rows, source_of, texts

BASELINE = Path(__file__).parent / "baseline" / "style.png"


CLICKED = pd.DataFrame(
    [
        ("A", "fill", "first", 1.0),
        ("A", "cut", "first", 0.5),
        ("A", "sam_x", "first", 0.4),
        ("A", "sam_x", "oracle", 0.6),
        ("B", "fill", "first", 1.0),
        ("B", "cut", "first", 0.7),
        ("B", "sam_x", "first", 0.9),
        ("B", "sam_x", "oracle", 0.9),
    ],
    columns=["label", "method", "selection", "iou"],
).assign(mode="iterative", step=1, ci_low=np.nan, ci_high=np.nan)


def note(figure: Figure) -> list[str]:
    """The sentences above the legend."""
    (box,) = figure.legends
    return box.get_title().get_text().replace(":\n", ": ").splitlines()


def test_comparison():
    figure = comparison.draw(source_of(CLICKED))
    (axis,) = figure.axes
    assert rows(axis) == ["B", "A", "Mean over tasks"]
    assert lines(axis)["cut first"][:, 0].tolist() == pytest.approx([0.5, 0.7, 0.6])
    assert "cut oracle" not in lines(axis)  # its only mask is there once
    assert lines(axis)["sam_x first"][:, 0].tolist() == pytest.approx([0.4, 0.9, 0.65])
    assert lines(axis)["sam_x oracle"][:, 0].tolist() == pytest.approx([0.6, 0.9, 0.75])
    fills = {line.get_label(): to_hex(line.get_markerfacecolor()) for line in axis.lines}
    assert fills["sam_x oracle"] == "#ffffff"
    assert fills["cut first"].upper() == LOOKS["cut"].colour
    assert axis.get_xlim() == pytest.approx((-0.02, 1.02))
    assert note(figure) == [
        "Highest in tasks, first mask: Cut 1, SAM X 1",
        "Highest in tasks, with the oracle where there is one: SAM X 2",
    ]


def test_wins_need_two_methods_and_leave_ties_out():
    tied = CLICKED.assign(iou=[1, 0.5, 0.5, 0.6, 1, 0.7, 0.9, 0.9])
    assert comparison.wins(tied[tied["selection"] == "first"], ["cut", "sam_x"]) == {"sam_x": 1}
    assert comparison.wins(CLICKED[CLICKED["selection"] == "first"], ["cut"]) == {}


def test_comparison_published():
    figure = comparison.draw(source.published(PUBLISHED, METHODS))
    (axis,) = figure.axes
    assert len(rows(axis)) == 29
    assert note(figure) == [
        "Highest in tasks, first mask: SAM 24, FocalClick 4",
        "Highest in tasks, with the oracle where there is one: SAM 26, FocalClick 2",
    ]
    assert set(lines(axis)) == {"sam first", "sam oracle", "ritm first", "simpleclick first", "focalclick first"}


def test_comparison_of_nothing():
    figure = comparison.draw(source_of(CLICKED[:0]))
    assert "clicked iteratively under the protocol corrected" in texts(figure)


def difference(figure: Figure, folder: Path) -> str | None:
    """How a figure differs from the baseline, None where it does not."""
    figure.suptitle("House style")
    made, expected = folder / "style.png", folder / "expected.png"
    figure.savefig(made, dpi=100)
    shutil.copy(BASELINE, expected)
    return compare_images(str(expected), str(made), tol=2)


def test_house_style_looks_as_before(tmp_path):
    """After a wanted change of the style the baseline is replaced by the `style.png` that this test leaves behind."""
    shown = source_of(CLICKED)
    figure = comparison.draw(shown)
    assert difference(figure, tmp_path) is None
    looks = {name: style.Look(look.title, "#000000", "P") for name, look in LOOKS.items()}
    assert difference(comparison.draw(replace(shown, looks=looks)), tmp_path)
