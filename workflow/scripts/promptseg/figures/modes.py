"""The study's figure 2: the five prompt modes, task by task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv
from promptseg.figures import style

MEAN = "Mean over tasks"
_ROW = 0.235  # inches a task
_GRID_ROW = {1: 0.15, 2: 0.19}  # in a grid of panels, by the lines of its labels


def published_rows(published: pd.DataFrame) -> pd.DataFrame:
    """Rows of the published table as `modes_figure` takes them (label, method, mode, selection, iou, note)."""
    rows = published[published["mode"] != "iterative"].rename(columns={"task": "label"})
    means = rows.groupby(["method", "mode", "selection"], as_index=False)["iou"].mean().assign(label=MEAN)
    return pd.concat([rows, means], ignore_index=True).assign(note="")


def measured_rows(measured: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of `statistics.csv` as `modes_figure` takes them (label, method, mode, selection, iou, note)."""
    rows = measured[measured["level"].isin(["task", "all"]) & measured["mode"].isin(style.MODES)]
    rows = rows[rows["selection"].isin(style.SELECTIONS)]
    rows = rows[rows["level"] != "all_unseen"]
    pairs = list(dict.fromkeys(zip(rows["dataset"], rows["task"], strict=True)))
    labels = style.task_labels([pair for pair in pairs if pair[0]], datasets) | {("", ""): MEAN}
    label = [labels[pair] for pair in zip(rows["dataset"], rows["task"], strict=True)]
    return rows.assign(label=label, note=rows["no_interval"])


def task_order(rows: pd.DataFrame, methods: Sequence[str]) -> list[str]:
    """Labels by falling mean of mode 4 (first mask) over the methods, as in the study; then the mean of all tasks."""
    tasks = rows[rows["label"] != MEAN]
    own = tasks[tasks["method"].isin(methods)]
    plain = own[own["selection"] == "first"]
    wide = plain.pivot_table(index="label", columns="mode", values="iou", aggfunc="mean")
    key = wide["mode4"] if "mode4" in wide else pd.Series(dtype=float)
    key = key.reindex(sorted(tasks["label"].unique())).sort_values(ascending=False, kind="stable", na_position="last")
    return [*key.index, MEAN]


def _panel(axis: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    """Draw one method: a row for each task, and in it a line for each mode, from the first mask to the oracle."""
    place = {label: index for index, label in enumerate(order)}
    style.stripes(axis, len(order))
    for offset, (mode, look) in zip(style.offsets(len(style.MODES)), style.MODES.items(), strict=True):
        wide = rows[(rows["mode"] == mode) & rows["iou"].notna()].pivot(
            index="label", columns="selection", values="iou"
        )
        y = np.array([place[label] for label in wide.index]) + offset
        if "oracle" in wide:
            axis.hlines(y, wide["first"], wide["oracle"], color=look.colour, linewidth=0.6, zorder=2)
            axis.plot(
                wide["oracle"], y, look.marker, markersize=2.6, color=look.colour, markerfacecolor="white",
                markeredgewidth=0.6, label=f"{mode} oracle", zorder=3,
            )  # fmt: skip
        if "first" in wide:
            axis.plot(wide["first"], y, look.marker, markersize=2.6, color=look.colour, label=f"{mode} first", zorder=4)
    axis.axhline(len(order) - 1.5, color=style.GREY, linewidth=0.6)
    style.unit_axis(axis, "x")


def _remark(rows: pd.DataFrame) -> str:
    """What a panel lacks: modes that the method does not take, and the oracle of a method that gives one mask."""
    known = rows[rows["iou"].notna()]
    absent = [mode for mode in style.MODES if mode not in set(known["mode"])]
    numbers = ", ".join(mode[-1] for mode in absent)
    parts = [f"mode{'s' if len(absent) > 1 else ''} {numbers}: n/a"] if absent else []
    if "oracle" not in set(known["selection"]):
        parts.append("one mask, no oracle")
    return "\n".join(parts)


def modes_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look], title: str, methods: Sequence[str]) -> Figure:
    """A dot plot of the IoU in the five modes: filled the first mask, hollow the oracle.

    Args:
        rows: columns label, method, mode, selection (first or oracle), iou (NaN where there is none).
        looks: see `style.method_looks`; a panel for each of them that has rows, in this order.
        methods: those whose mode 4 orders the tasks (all but the controls).
    """
    names = [name for name in looks if name in set(rows["method"])]
    if rows["iou"].notna().sum() == 0:
        return style.message(title, "No method of this run was prompted in modes 1 to 5.")
    style.use()
    order = task_order(rows, methods)
    labels = [style.wrap(label, 30) for label in order]
    down = -(-len(names) // (4 if len(names) <= 8 else 5))
    across = -(-len(names) // down)
    width = style.PAGE if across > 1 else 0.75 * style.PAGE
    row = _ROW if down == 1 else _GRID_ROW[2 if any("\n" in label for label in labels) else 1]
    height = down * (len(order) * row + 0.6) + 0.9
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(style.wrap(title, int(17 * width)))
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axis, name in zip(axes, names, strict=False):
        own = rows[rows["method"] == name]
        _panel(axis, own, order)
        if len(names) > 1:
            axis.set_title(style.wrap(looks[name].title, 80 // across), fontweight="bold", loc="left", pad=18)
            axis.text(0, 1.005, _remark(own), transform=axis.transAxes, fontsize=5.5, color=style.GREY, va="bottom")
    size = 6.5 if down == 1 else 5.8
    axes[0].set_yticks(range(len(order)), labels, fontsize=size, linespacing=0.95)
    for index, axis in enumerate(axes):
        if index % across == 0:
            for label in axis.get_yticklabels():
                label.set(fontsize=size, linespacing=0.95, fontweight="bold" if label.get_text() == MEAN else "normal")
        if index >= len(names):
            axis.set_visible(False)
        if index + across >= len(names):
            axis.tick_params(axis="x", labelbottom=True)
            axis.set_xlabel("IoU")
    handles = [style.handle(look) for look in style.MODES.values()]
    neutral = style.Look("", style.GREY, "o")
    handles.append(style.handle(neutral, label="filled: first mask"))
    if "oracle" in set(rows["selection"]):
        handles.append(style.handle(neutral, hollow=True, label="hollow: oracle, the candidate closest to the truth"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3 if across > 1 else 2)
    return figure


def draw_published(published: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure from the published table (`resources/published`); methods as for `style.method_looks`."""
    looks = {"sam": style.study_looks(methods)["sam"]}
    title = "SAM in five prompt modes, as published (Mazurowski et al. 2023)"
    return modes_figure(published_rows(read_published(published)), looks, title, ["sam"])


def draw_measured(
    statistics: str | Path, datasets: Mapping[str, Mapping[str, Any]], methods: Mapping[str, Mapping[str, Any]]
) -> Figure:
    """The figure from `statistics.csv`: a panel for each method."""
    rows = measured_rows(read_csv(statistics, STATISTICS), datasets)
    return modes_figure(rows, style.method_looks(methods), "Five prompt modes, this run", style.rivals(methods))
