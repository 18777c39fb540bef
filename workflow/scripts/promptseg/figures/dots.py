"""Dot plots of one table: a row for each method or setting, a panel for each quantity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from promptseg.figures import panels, style

_PANEL, _NAMES = 0.95, 1.4  # inches of the narrowest panel, and of the names of the rows


@dataclass(frozen=True)
class Panel:
    """One quantity.

    Attributes:
        title: heading.
        label: of the axis.
        columns: column -> how it looks; None for the look of the row.
        scale: `share` from 0 to 1, `clicks` from 1 to the most, `count` from 0 to the most, `length` from 0 to the end
            of the longest interval.
    """

    title: str
    label: str
    columns: Mapping[str, style.Look | None]
    scale: Literal["share", "clicks", "count", "length"] = "share"


@dataclass(frozen=True)
class Rows:
    """The rows of all panels, from the top.

    Attributes:
        values: columns of the panels, and {column}_ci_low and {column}_ci_high where there are intervals.
        labels, looks: of the rows.
        hollow: rows with hollow markers; none if it is empty.
    """

    values: pd.DataFrame
    labels: Sequence[str]
    looks: Sequence[style.Look]
    hollow: Sequence[bool] = ()


def _axis(axis: Axes, panel: Panel, rows: pd.DataFrame) -> None:
    if panel.scale == "share":
        style.unit_axis(axis, "x")
        axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    else:
        names = list(panel.columns)
        if panel.scale == "length":
            names += [end for name in names if (end := f"{name}_ci_high") in rows]
        most = float(np.nanmax(rows[names].to_numpy(float), initial=1))
        if panel.scale == "clicks":
            last = max(2, int(np.ceil(most)))
            axis.set_xlim(0.7, last + 0.3)
            axis.set_xticks(range(1, last + 1))
        else:
            axis.set_xlim(-0.03 * most, 1.06 * most)
            axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)


def _panel(axis: Axes, panel: Panel, rows: Rows) -> None:
    """Draw one quantity, with its intervals."""
    style.stripes(axis, len(rows.labels))
    hollow = rows.hollow or [False] * len(rows.labels)
    for (column, own), shift in zip(panel.columns.items(), style.offsets(len(panel.columns), 0.24), strict=True):
        for index, row in enumerate(rows.values.to_dict("records")):
            look = own or rows.looks[index]
            if pd.isna(row[column]):
                continue
            if pd.notna(row.get(f"{column}_ci_low")):
                ends = (row[f"{column}_ci_low"], row[f"{column}_ci_high"])
                axis.hlines(index + shift, *ends, color=look.colour, linewidth=0.9, alpha=0.6, zorder=2)
            axis.plot(
                row[column], index + shift, linestyle="none", markersize=3.2, markeredgewidth=0.7, clip_on=False,
                zorder=3, label=f"{index} {column}", **style.mark(look, hollow[index]),
            )  # fmt: skip
    _axis(axis, panel, rows.values)


def draw(rows: Rows, shown: Sequence[Panel], title: str) -> Figure:
    """Draw the panels side by side, below a title."""
    kinds = {look.title: look for panel in shown for look in panel.columns.values() if look}
    handles = [style.handle(look) for look in kinds.values()]
    if any(rows.hollow):
        handles.append(
            style.handle(
                style.Look(style.words("hollow: {what}", what=style.words("oracle")), style.GREY, "o"), hollow=True
            )
        )
    labels = [style.wrap(label, 26) for label in rows.labels]
    across = max(1, min(len(shown), int((style.page() - _NAMES) / _PANEL)))
    ratios = [1.3 if panel.scale == "clicks" else 1 for panel in shown] if across == len(shown) else [1] * across
    width, row = (style.page() - _NAMES) / across, 0.27 * len(rows.labels) + (0.55 if across < len(shown) else 0)
    grid = panels.grid(
        len(shown), across, title, panels.Size(style.page(), row, 0.95 if across == len(shown) else 0.4),
        panels.Legend(handles, max(1, int(style.page() / 1.3)), line=0.2) if handles else None, sharey=True,
        width_ratios=ratios,
    )  # fmt: skip
    for place, (axis, panel) in enumerate(zip(grid.axes, shown, strict=True)):
        _panel(axis, panel, rows)
        axis.set_title(style.wrap(panel.title, int(15 * width)), loc="left", fontweight="bold")
        axis.set_xlabel(style.wrap(panel.label, int(17 * width)))
        if place % across == 0:
            axis.set_yticks(range(len(labels)), labels, linespacing=0.95)
    return grid.figure
