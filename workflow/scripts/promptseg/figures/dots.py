"""Dot plots of one table: a row for each method or setting, a panel for each quantity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from promptseg.figures import style


@dataclass(frozen=True)
class Panel:
    """One quantity.

    Attributes:
        title: heading.
        label: of the axis.
        columns: column -> how it looks; None for the look of the row.
        scale: `share` from 0 to 1, `clicks` from 1 to the most, `count` from 0 to the most.
    """

    title: str
    label: str
    columns: Mapping[str, style.Look | None]
    scale: Literal["share", "clicks", "count"] = "share"


def _axis(axis: Axes, panel: Panel, rows: pd.DataFrame) -> None:
    if panel.scale == "share":
        style.unit_axis(axis, "x")
        axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    else:
        most = float(np.nanmax(rows[list(panel.columns)].to_numpy(float), initial=1))
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
    axis.set_xlabel(panel.label)
    axis.set_title(panel.title, loc="left", fontweight="bold")


def dots_figure(
    rows: pd.DataFrame,
    labels: Sequence[str],
    looks: Sequence[style.Look],
    hollow: Sequence[bool],
    panels: Sequence[Panel],
    title: str,
) -> Figure:
    """Draw the panels side by side.

    Args:
        rows: from the top; columns of the panels, and {column}_ci_low and {column}_ci_high where there are intervals.
        labels: of the rows.
        looks: of the rows.
        hollow: rows with hollow markers.
        panels: from the left.
        title: above them.
    """
    style.use()
    kinds = {look.title: look for panel in panels for look in panel.columns.values() if look}
    figure = Figure(figsize=(style.PAGE, 0.27 * len(rows) + 0.95 + (0.2 if kinds or any(hollow) else 0)))
    figure.set_layout_engine("constrained")
    figure.suptitle(title)
    widths = [1.3 if panel.scale == "clicks" else 1 for panel in panels]
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False, width_ratios=widths)[0]
    for axis, panel in zip(axes, panels, strict=True):
        style.stripes(axis, len(rows))
        for (column, own), shift in zip(panel.columns.items(), style.offsets(len(panel.columns), 0.24), strict=True):
            for index, row in enumerate(rows.to_dict("records")):
                look = own or looks[index]
                if pd.isna(row[column]):
                    continue
                if pd.notna(row.get(f"{column}_ci_low")):
                    ends = (row[f"{column}_ci_low"], row[f"{column}_ci_high"])
                    axis.hlines(index + shift, *ends, color=look.colour, linewidth=0.9, alpha=0.6, zorder=2)
                axis.plot(
                    row[column], index + shift, look.marker, color=look.colour, label=f"{index} {column}",
                    markerfacecolor="white" if hollow[index] else look.colour, markersize=3.2, markeredgewidth=0.7,
                    clip_on=False, zorder=3,
                )  # fmt: skip
        _axis(axis, panel, rows)
    axes[0].set_yticks(range(len(rows)), [style.wrap(label, 26) for label in labels], linespacing=0.95)
    handles: list[Line2D] = [style.handle(look) for look in kinds.values()]
    if any(hollow):
        handles.append(style.handle(style.Look("hollow: oracle", style.GREY, "o"), hollow=True))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=min(5, len(handles)))
    return figure
