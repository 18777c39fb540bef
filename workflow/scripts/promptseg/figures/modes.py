"""The study's figure 2: the five prompt modes, task by task."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.figures import panels, style
from promptseg.figures.source import Source

MEAN = "Mean over tasks"
_ROW = 0.235  # inches per task
_GRID_ROW = {1: 0.15, 2: 0.19}  # in a grid of panels, by the lines of its labels


def task_order(rows: pd.DataFrame, methods: Sequence[str]) -> list[str]:
    """Labels by falling mean of mode 4 (first mask) over the methods, as in the study; then the mean of all tasks."""
    own = rows[rows["method"].isin(methods) & (rows["selection"] == "first")]
    wide = own.pivot_table(index="label", columns="mode", values="iou", aggfunc="mean")
    key = wide["mode4"] if "mode4" in wide else pd.Series(dtype=float)
    key = key.reindex(sorted(rows["label"].unique())).sort_values(ascending=False, kind="stable", na_position="last")
    return [*key.index, MEAN]


def _panel(axis: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    """Draw one method: a row for each task, and in it a line for each mode, from the first mask to the oracle."""
    place = {label: index for index, label in enumerate(order)}
    style.stripes(axis, len(order))
    for offset, (mode, look) in zip(style.offsets(len(style.modes())), style.modes().items(), strict=True):
        known = rows[(rows["mode"] == mode) & rows["iou"].notna()]
        wide = known.pivot(index="label", columns="selection", values="iou")
        y = np.array([place[label] for label in wide.index]) + offset
        if "oracle" in wide:
            axis.hlines(y, wide["first"], wide["oracle"], color=look.colour, linewidth=0.6, zorder=2)
            axis.plot(
                wide["oracle"], y, linestyle="none", markersize=2.6, markeredgewidth=0.6, zorder=3,
                label=f"{mode} oracle", **style.mark(look, hollow=True),
            )  # fmt: skip
        if "first" in wide:
            axis.plot(wide["first"], y, look.marker, markersize=2.6, color=look.colour, label=f"{mode} first", zorder=4)
    axis.axhline(len(order) - 1.5, color=style.GREY, linewidth=0.6)
    style.unit_axis(axis, "x")


def _remark(rows: pd.DataFrame) -> str:
    """What a panel lacks: modes that the method does not take, and the oracle of a method that gives one mask."""
    known = rows[rows["iou"].notna()]
    absent = [mode for mode in style.modes() if mode not in set(known["mode"])]
    numbers = ", ".join(mode[-1] for mode in absent)
    parts = [f"mode{'s' if len(absent) > 1 else ''} {numbers}: n/a"] if absent else []
    if "oracle" not in set(known["selection"]):
        parts.append("one mask, no oracle")
    return "\n".join(parts)


def draw(source: Source) -> Figure:
    """A dot plot of the IoU in the five modes, a panel for each method: filled the first mask, hollow the oracle."""
    tasks, means = (rows[rows["mode"].isin(style.modes())] for rows in (source.tasks, source.means))
    if tasks["iou"].notna().sum() == 0:
        return style.message(
            f"Five prompt modes, {source.words}", "No method of this run was prompted in modes 1 to 5."
        )
    rows = pd.concat([tasks, means.assign(label=MEAN)], ignore_index=True)
    names = [name for name in source.looks if name in set(rows["method"])]
    title = f"{source.looks[names[0]].title} in five" if len(names) == 1 else "Five"
    order = task_order(tasks, source.rivals)
    labels = [style.wrap(label, 30) for label in order]
    down = panels.lines(names, 4 if len(names) <= 8 else 5)
    across = panels.lines(names, down)
    row = _ROW if down == 1 else _GRID_ROW[2 if any("\n" in label for label in labels) else 1]
    oracle = "oracle, the candidate closest to the truth" if "oracle" in set(rows["selection"]) else ""
    handles = [*map(style.handle, style.modes().values()), *panels.fills(oracle)]
    grid = panels.grid(
        len(names), across, f"{title} prompt modes, {source.words}",
        panels.Size(style.page() if across > 1 else 0.75 * style.page(), len(order) * row + 0.6, 0.9),
        panels.Legend([], 3 if across > 1 else 2, notes=handles), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, name in zip(grid.axes, names, strict=True):
        own = rows[rows["method"] == name]
        _panel(axis, own, order)
        if len(names) > 1:
            axis.set_title(style.wrap(source.looks[name].title, 80 // across), fontweight="bold", loc="left", pad=18)
            axis.text(0, 1.005, _remark(own), transform=axis.transAxes, fontsize=5.5, color=style.GREY, va="bottom")
    size = 6.5 if down == 1 else 5.8
    grid.axes[0].set_yticks(range(len(order)), labels, fontsize=size, linespacing=0.95)
    for axis in grid.axes[::across]:
        for label in axis.get_yticklabels():
            label.set(fontsize=size, linespacing=0.95, fontweight="bold" if label.get_text() == MEAN else "normal")
    grid.label("IoU", "")
    return grid.figure
