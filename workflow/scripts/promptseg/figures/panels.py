"""Small multiples: panels of one figure in rows, with a title above, a legend below and labels at the outer edges."""

import math
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.figures import style

TALL = 9.0  # inches of a page that a figure and its caption may take


@dataclass(frozen=True)
class Legend:
    """The legend below all panels.

    Attributes:
        handles: its entries.
        columns: at most as many side by side.
        line: inches for each line of them.
        title: lines above its entries.
    """

    handles: Sequence[Line2D]
    columns: int
    line: float = 0.15
    title: str = ""


@dataclass(frozen=True)
class Size:
    """Inches of a figure: its width, each row of panels, and what else there is but the legend."""

    width: float
    row: float | Sequence[float]
    margin: float


@dataclass(frozen=True)
class Grid:
    """Panels in rows of `across`.

    Attributes:
        axes: one for each panel, row by row; (panels, parts) where panels have several parts, from the top.
    """

    figure: Figure
    axes: np.ndarray
    across: int

    def label(self, x: str, y: str) -> None:
        """Label the lowest panels along x, with numbers where they share an axis, and the leftmost along y."""
        for axis in self.axes[-self.across :]:
            axis.tick_params(axis="x", labelbottom=True)
            axis.set_xlabel(x)
        for axis in self.axes[:: self.across]:
            axis.set_ylabel(y)


def lines(entries: Sized, across: int) -> int:
    """How many lines or rows some entries take, `across` side by side."""
    return math.ceil(len(entries) / across)


def across(count: int, row: float, wide: float, least: float, labels: float = 0) -> int:
    """How many of `count` panels stand side by side on a page.

    As many as have `wide` inches each, and more, of at least `least` inches, until all rows of them fit a page.

    Args:
        row: inches of a row of panels.
        labels: inches left of them.
    """
    room = style.page() - labels
    fewest, most = (max(1, min(count, int(room / inches))) for inches in (wide, least))
    return next((number for number in range(fewest, most) if math.ceil(count / number) * row <= TALL), most)


def _columns(legend: Legend, width: float) -> int:
    """Entries side by side, as far as the longest of them has room."""
    longest = max((len(str(entry.get_label())) for entry in legend.handles), default=1)
    return max(1, min(legend.columns, int(width / (0.34 + 0.05 * longest))))


def grid(
    count: int, across: int, title: str, size: Size, legend: Legend | None = None, parts: Sequence[float] = (1,),
    **subplots: Any,
) -> Grid:  # fmt: skip
    """A figure in the house style with `count` panels.

    Args:
        across: panels in a row.
        parts: heights of the parts of a panel, relative to one another.
        subplots: as for `Figure.subplots`.
    """
    style.use()
    across = min(count, across)
    down = lines(range(count), across)
    heights = [size.row] * down if isinstance(size.row, float) else list(size.row)
    columns = _columns(legend, size.width) if legend else 1
    note = "\n".join(style.wrap(line, int(19 * size.width)) for line in legend.title.splitlines()) if legend else ""
    below = legend.line * (lines(legend.handles, columns) + len(note.splitlines())) if legend else 0
    figure = Figure(figsize=(size.width, sum(heights) + size.margin + below), layout="constrained")
    figure.suptitle(style.wrap(title, int(17 * size.width)))
    ratios = [height * part for height in heights for part in parts]
    axes = figure.subplots(down * len(parts), across, squeeze=False, height_ratios=ratios, **subplots)
    axes = axes.reshape(down, len(parts), across).transpose(0, 2, 1).reshape(-1, len(parts))
    for axis in axes[count:].ravel():
        axis.set_visible(False)
    if legend:
        figure.legend(handles=list(legend.handles), loc="outside lower center", ncols=columns, title=note or None)
    return Grid(figure, axes[:count, 0] if len(parts) == 1 else axes[:count], across)


def fills(oracle: str = "") -> list[Line2D]:
    """Legend entries for what filled and hollow marks are, the latter where something is drawn hollow."""
    neutral = style.Look("", style.GREY, "o")
    filled = style.handle(neutral, label=style.words("filled: first mask"))
    hollow = style.handle(neutral, hollow=True, label=style.words("hollow: {what}", what=oracle))
    return [filled, hollow] if oracle else [filled]


def band(axis: Axes, x: Any, rows: Any, look: style.Look, alpha: float = 0.13) -> None:
    """The band between `ci_low` and `ci_high` of some rows, if any has an interval."""
    if rows["ci_low"].notna().any():
        axis.fill_between(x, rows["ci_low"], rows["ci_high"], color=look.colour, alpha=alpha, linewidth=0)
