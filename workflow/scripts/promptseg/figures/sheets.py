"""Figures of image panels: rows and columns that fit a page, with words above, below and beside, never on an image."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from promptseg.figures import style

T = TypeVar("T")

TALLEST = 8.9  # inches of panels and the words around them, so that a figure fits a page with its caption
WITHOUT_METHOD = "Without one further method.", "Without {count} further methods."
LEAST, _LARGEST = 0.8, 1.3  # inches, the width of a panel
UPWARDS = 0.3  # inches for what is written upwards beside the first panel of a row
_SMALL, _HEADING = 5.5, 6.5  # points
_LINE, _HEAD = 0.092, 0.3  # inches of a small line, of headings
_CHARACTERS = 21  # small ones that fit an inch


class _Panel(Axes):
    """Axes without ticks.

    An axis makes its first ticks when somebody looks for them: to draw no grid, to find the place of its line, to clip
    them. That takes half of the time of making a panel.
    """

    def grid(self, *_: Any, **__: Any) -> None:
        """No grid, and no ticks to draw it at: this is called before anything else looks for them."""
        for spine in self.spines.values():
            spine.get_position()  # which sets it; its ticks would have it set else
            spine.set_in_layout(False)  # it lies on the edge of the panel
        for axis in (self.xaxis, self.yaxis):
            axis.majorTicks, axis.minorTicks = [], []
            axis.set_major_locator(NullLocator())
            axis._update_ticks = list  # type: ignore[union-attr]  # asked for a dozen times


@dataclass(frozen=True)
class Sheet:
    """A figure of panels.

    Attributes:
        axes: (rows, columns).
        panel: width of a panel in inches.
        height: height of a panel in inches.
        margin: inches for what is written beside the first panel of a row: upwards, or from left to right if wider.
    """

    figure: Figure
    axes: np.ndarray
    panel: float
    height: float
    margin: float = UPWARDS

    def head(self, row: int, headings: Sequence[str]) -> None:
        """Write headings above the panels of a row."""
        for axis, heading in zip(self.axes[row], headings, strict=False):
            axis.set_title(lines_of(heading, self.panel * _SMALL / _HEADING, 4), fontsize=_HEADING, pad=3)

    def beside(self, row: int, words: Sequence[str], column: int = 0) -> None:
        """Write some words beside a panel, each in lines of its own, two at most (three from left to right)."""
        axis, upwards = self.axes[row, column], self.margin <= UPWARDS
        length, most = (self.height, 2) if upwards else (self.margin, 3)
        text = "\n".join(lines_of(word, length, most) for word in words)
        turned = {} if upwards else {"rotation": 0, "ha": "right", "va": "center"}
        axis.set_ylabel(text, fontsize=_SMALL, **turned)

    def below(self, axis: Axes, *words: str) -> None:
        """Write words below a panel, each in two lines at most as long as it is wide, names without spaces in one."""
        lines = [lines_of(word, self.panel, 2 if " " in word else 1) for word in words]
        axis.set_xlabel("\n".join(lines), fontsize=_SMALL, labelpad=1.5)

    def leave_out(self, axes: Iterable[Axes]) -> None:
        """Show nothing in panels that hold nothing."""
        for axis in axes:
            axis.set_visible(False)

    def finished(self) -> Figure:
        """The figure, as high as its panels and all that is written need."""
        height = _height(self.figure.get_suptitle(), 0.14) + _height(self.figure.get_supxlabel(), _LINE) + 0.12
        for axes in self.axes:
            above = max(_height(axis.get_title(), _LINE) for axis in axes)
            below = max(_height(axis.get_xlabel(), _LINE) for axis in axes)
            height += above * _HEADING / _SMALL + self.height + below + 0.06
        self.figure.set_size_inches(self.figure.get_figwidth(), height)
        return self.figure


def lines_of(text: str, inches: float, most: int = 1) -> str:
    """A text in at most so many small lines of this length; its own line breaks are kept.

    Of words that need more the beginning is shown, of a name without spaces the end, which tells slices apart.
    """
    width = max(6, int(_CHARACTERS * inches))
    found = [line for part in text.split("\n") for line in textwrap.wrap(part, width)] or [""]
    if len(found) <= most:
        return "\n".join(found)
    if " " in text:
        return "\n".join([*found[: most - 1], f"{found[most - 1][: width - 3]}..."])
    rest = f"...{text[3 - most * width :]}"
    return "\n".join(rest[start : start + width] for start in range(0, len(rest), width))


def _height(text: str, line: float) -> float:
    """Inches of a text in lines of this height."""
    return line * (text.count("\n") + 1) + 0.02 if text else 0.0


def across(most: int, least: float = LEAST, margin: float = UPWARDS) -> int:
    """How many panels of a width in inches, or wider, fit side by side, `most` at most."""
    return max(1, min(most, int((style.page() - margin) / least)))


def _width(columns: int, margin: float) -> float:
    return min(_LARGEST, (style.page() - margin) / columns)


def rows_that_fit(
    columns: int, lines: int, shape: float = 1.0, heads: int = 1, margin: float = UPWARDS, least: float = LEAST
) -> int:
    """How many rows of panels fit a page, where these are not narrower than they must be.

    Args:
        columns: panels in a row.
        lines: below each of them.
        shape: height of a panel divided by its width.
        heads: rows with headings.
        margin: as for `Sheet`.
        least: width of a panel in inches.
    """
    least = min(least, _width(columns, margin))
    return max(1, int((TALLEST - _HEAD * heads) / (least * shape + _LINE * lines + 0.06)))


def parts(items: Sequence[T], most: int) -> list[list[T]]:
    """The items in order, in as few parts of at most `most` as will do, about as many in each."""
    if not items:
        return []
    return [part.tolist() for part in np.array_split(np.array(items, object), -(-len(items) // most))]


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, the first and the last among them, at even distances."""
    places = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)
    return [items[place] for place in places]


def left_out(count: int, one: str, more: str) -> str:
    """What of a figure has no room, for the legend: `one` or `more`, which holds {count}; nothing if all has."""
    return f" {style.words(one if count == 1 else more, count=count)}" if count > 0 else ""


def sheet(
    rows: int, columns: int, title: str, legend: str, *, lines: int = 1, heads: Mapping[int, Sequence[str]],
    shape: float = 1.0, margin: float = UPWARDS,
) -> Sheet:  # fmt: skip
    """A figure of panels that fits a page, to be `finished`.

    Args:
        title: what is shown, above all panels.
        legend: how to read it, below all panels.
        lines: of words below each panel, about.
        heads: row -> headings of its panels.
        shape: height of a panel divided by its width.
        margin: as for `Sheet`.
    """
    style.use()
    around = _LINE * lines + 0.06
    panel = min(_width(columns, margin), max(0.3, ((TALLEST - _HEAD * len(heads)) / rows - around) / shape))
    width = max(style.column(), panel * columns + margin)
    words, note = textwrap.fill(title, int(16 * width)), textwrap.fill(legend, int(23 * width))
    figure = Figure(figsize=(width, 1), layout="constrained")  # as high as it must be once it is finished
    figure.get_layout_engine().set(w_pad=0.015, h_pad=0.015, wspace=0, hspace=0)  # type: ignore[union-attr, call-arg]
    figure.suptitle(words, fontsize=7.5)
    figure.supxlabel(note, fontsize=_SMALL, color=style.GREY)
    axes = figure.subplots(rows, columns, squeeze=False, subplot_kw={"axes_class": _Panel})
    made = Sheet(figure, axes, panel, panel * shape, margin)
    for row, texts in heads.items():
        made.head(row, texts)
    return made


def frame(axis: Axes, look: style.Look, width: float = 1.2) -> None:
    """A frame in the colour of a method."""
    for spine in axis.spines.values():
        spine.set(visible=True, color=look.colour, linewidth=width)
