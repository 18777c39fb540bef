"""The study's figures 3 and 4: IoU against the number of clicks, for each task and on average."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.figures import panels, style
from promptseg.figures.source import Source, after_clicks, not_clicked


def _lines(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look], markersize: float) -> None:
    """One line per method (solid the first mask, dashed and hollow the oracle), with its interval as a band."""
    for name, look in looks.items():
        for selection in style.selections():
            own = rows[(rows["method"] == name) & (rows["selection"] == selection)].sort_values("step")
            if own.empty:
                continue
            hollow = selection == "oracle"
            panels.band(axis, own["step"], own, look)
            axis.plot(
                own["step"], own["iou"], linestyle="--" if hollow else "-", markersize=markersize, markeredgewidth=0.6,
                label=f"{name} {selection}", **style.mark(look, hollow),
            )  # fmt: skip
    clicks = sorted(rows["step"].unique())
    axis.set_xticks(clicks)
    axis.set_xlim(clicks[0] - 0.4, clicks[-1] + 0.4)
    style.unit_axis(axis, "y")


def _handles(rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> list[Line2D]:
    """Legend entries of the lines that are there; of means those over fewer tasks than others say so."""
    found = set(zip(rows["method"], rows["selection"], strict=True))
    several = {method for method, selection in found if selection == "oracle"}
    counts = rows.groupby(["method", "selection"])["n_tasks"].max() if "n_tasks" in rows else None
    handles = []
    for name, look in looks.items():
        for selection, own in style.selections().items():
            if (name, selection) in found:
                label = f"{look.title}, {own.title}" if name in several else look.title
                if counts is not None and counts[name, selection] != counts.max():
                    label += f" ({counts[name, selection]} tasks)"
                oracle = selection == "oracle"
                handles.append(style.handle(look, hollow=oracle, line="--" if oracle else "-", label=label))
    return handles


def draw_tasks(source: Source) -> Figure:
    """A panel for each task."""
    title, rows = f"IoU against the number of clicks, {source.clicked}", after_clicks(source.tasks)
    if rows.empty:
        return not_clicked(title, source.protocol)
    rows = rows[["label", "method", "selection", "step", "iou", "ci_low", "ci_high"]]
    labels = list(dict.fromkeys(rows["label"]))
    width = style.page() if len(labels) > 2 else style.column()
    grid = panels.grid(
        len(labels), 4, title, panels.Size(width, 1.35, 0.55),
        panels.Legend(_handles(rows, source.looks), int(width / 1.75)), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, label in zip(grid.axes, labels, strict=True):
        _lines(axis, rows[rows["label"] == label], source.looks, markersize=2)
        axis.set_title(style.wrap(label, 30), fontsize=6.5)
    grid.label("Clicks", "IoU")
    return grid.figure


def draw_mean(source: Source) -> Figure:
    """The average over the tasks, one column wide."""
    title, rows = f"IoU against the number of clicks, {source.clicked}", after_clicks(source.means)
    if rows.empty:
        return not_clicked(title, source.protocol)
    legend = panels.Legend(_handles(rows, source.looks), 2, line=0.14)
    grid = panels.grid(1, 1, title, panels.Size(style.column(), 2.4, 0.5), legend)
    _lines(grid.axes[0], rows, source.looks, markersize=3)
    count = rows["n_tasks"].max()
    grid.label("Clicks", f"Mean IoU over {count} task{'s' if count != 1 else ''}")
    return grid.figure
