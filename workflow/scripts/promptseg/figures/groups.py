"""IoU by groups of patients, such as sex, age or scanner."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.groups import GROUPS, order_of
from promptseg.core.tables import read_csv
from promptseg.figures import panels, style

MODES = ("mode1", "mode4")  # one point, and a box for each component
_ROW = 0.3  # inches of a group
_WIDE = 4.5  # inches of a page on which both modes stand side by side


def _panel(axis: Axes, rows: pd.DataFrame, groups: list[str], looks: Mapping[str, style.Look]) -> None:
    """One column of the metadata in one mode: a row for each group, a mark with interval for each method."""
    style.stripes(axis, len(groups))
    for (name, look), shift in zip(looks.items(), style.offsets(len(looks), 0.3), strict=True):
        own = rows[rows["method"] == name].set_index("group").reindex(groups)
        for place, row in enumerate(own.itertuples()):
            if pd.notna(row.ci_low):
                axis.hlines(
                    place + shift, row.ci_low, row.ci_high, color=look.colour, linewidth=0.9, alpha=0.6, zorder=2
                )
        axis.plot(
            own["iou"], [place + shift for place in range(len(groups))], linestyle="none", clip_on=False, label=name,
            zorder=3, markersize=2.6, markeredgewidth=0.5, **style.mark(look),
        )  # fmt: skip
    style.unit_axis(axis, "x")


def draw(groups: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A row of panels for each column of the metadata, a panel for one point and one for boxes: first mask, all tasks.

    Args:
        groups: `groups.csv`.
        methods: as for `style.method_looks`.
    """
    title, rows = style.words("IoU by groups of patients, first mask"), read_csv(groups, GROUPS)
    rivals = style.rivals(methods)
    rows = rows[(rows["level"] == "all") & (rows["selection"] == "first") & rows["method"].isin(rivals)]
    rows = rows[rows["mode"].isin(MODES)]
    if rows.empty:
        return style.message(title, style.words("No object with metadata was scored in mode 1 or 4."))
    modes = [mode for mode in MODES if mode in set(rows["mode"])]
    columns = list(dict.fromkeys(rows["column"]))
    looks = {name: look for name, look in style.method_looks(methods).items() if name in set(rows["method"])}
    names = {column: order_of(list(rows.loc[rows["column"] == column, "group"].unique())) for column in columns}
    beside = style.page() >= _WIDE
    heights = [0.55 + max(_ROW, 0.04 * len(looks)) * len(names[column]) for column in columns]
    legend = panels.Legend([style.handle(look) for look in looks.values()], 4)
    across = len(modes) if beside else 1
    heights = [height for height in heights for _ in range(len(modes) // across)]
    size = panels.Size(style.page() if len(modes) > 1 else style.column(), heights, 0.4)
    grid = panels.grid(len(columns) * len(modes), across, title, size, legend, sharex=True)
    for index, axis in enumerate(grid.axes):
        column, mode = columns[index // len(modes)], modes[index % len(modes)]
        here = rows[(rows["column"] == column) & (rows["mode"] == mode)]
        _panel(axis, here, names[column], looks)
        heading = style.words("{column}, mode {title}", column=column, title=style.modes()[mode].title)
        axis.set_title(style.wrap(heading, 40), loc="left", fontsize=6.5)
        patients = here.groupby("group")["n_patients"].max()
        labels = [f"{style.wrap(group, 24)} ({patients.get(group, 0)})" for group in names[column]]
        axis.set_yticks(range(len(labels)), labels if index % across == 0 else [], fontsize=6, linespacing=0.9)
    grid.label("IoU", "")
    return grid.figure
