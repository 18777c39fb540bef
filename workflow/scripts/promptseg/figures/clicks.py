"""The study's figures 3 and 4: IoU against the number of clicks, for each task and on average."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv
from promptseg.figures import style

_PANELS = 4
NOTHING = "No method of this run was clicked iteratively{protocol}."


def published_rows(published: pd.DataFrame) -> pd.DataFrame:
    """Rows of the published table as the figures take them (label, method, step, selection, iou, ci_low, ci_high)."""
    rows = published[published["mode"] == "iterative"].rename(columns={"task": "label"})
    return rows.assign(ci_low=float("nan"), ci_high=float("nan"))


def mean_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over the tasks of rows that `published_rows` made, in the same columns without label, and n_tasks."""
    groups = rows.groupby(["method", "step", "selection"], as_index=False)
    return groups.agg(
        iou=("iou", "mean"), ci_low=("ci_low", "mean"), ci_high=("ci_high", "mean"), n_tasks=("iou", "size")
    )


def measured_rows(
    measured: pd.DataFrame, level: str, protocol: str, datasets: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """Rows of `statistics.csv` of one level and protocol as the figures take them."""
    rows = measured[
        (measured["level"] == level)
        & (measured["mode"] == "iterative")
        & (measured["protocol"] == protocol)
        & measured["selection"].isin(style.SELECTIONS)
        & measured["iou"].notna()
    ]
    if level == "all":
        return rows.assign(n_tasks=rows["n_tasks"].astype(int))
    labels = style.task_labels(list(dict.fromkeys(zip(rows["dataset"], rows["task"], strict=True))), datasets)
    rows = rows.assign(label=[labels[pair] for pair in zip(rows["dataset"], rows["task"], strict=True)])
    return rows.drop(columns="n_tasks")


def _lines(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look], markersize: float) -> None:
    """One line a method (solid the first mask, dashed and hollow the oracle), with its interval as a band."""
    for name, look in looks.items():
        for selection in style.SELECTIONS:
            own = rows[(rows["method"] == name) & (rows["selection"] == selection)].sort_values("step")
            if own.empty:
                continue
            hollow = selection == "oracle"
            if own["ci_low"].notna().any():
                axis.fill_between(
                    own["step"], own["ci_low"], own["ci_high"], color=look.colour, alpha=0.13, linewidth=0
                )
            axis.plot(
                own["step"], own["iou"], color=look.colour, marker=look.marker, markersize=markersize,
                linestyle="--" if hollow else "-", markerfacecolor="white" if hollow else look.colour,
                markeredgewidth=0.6, label=f"{name} {selection}",
            )  # fmt: skip
    clicks = sorted(rows["step"].unique())
    axis.set_xticks(clicks)
    axis.set_xlim(clicks[0] - 0.4, clicks[-1] + 0.4)
    style.unit_axis(axis, "y")


def _handles(rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> list[Line2D]:
    """Legend entries of the lines that are there."""
    found = set(zip(rows["method"], rows["selection"], strict=True))
    several = {method for method, selection in found if selection == "oracle"}
    most = rows["n_tasks"].max() if "n_tasks" in rows else None
    handles = []
    for name, look in looks.items():
        for selection, words in style.SELECTIONS.items():
            if (name, selection) in found:
                label = f"{look.title}, {words}" if name in several else look.title
                if most is not None:
                    count = rows.loc[(rows["method"] == name) & (rows["selection"] == selection), "n_tasks"].max()
                    label += f" ({count} tasks)" if count != most else ""
                oracle = selection == "oracle"
                handles.append(style.handle(look, hollow=oracle, line="--" if oracle else "-", label=label))
    return handles


def tasks_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look], title: str, protocol: str = "") -> Figure:
    """Small multiples, one panel a task.

    Args:
        rows: columns label, method, step, selection, iou, ci_low, ci_high (NaN where there is no interval).
        looks: see `style.method_looks`; lines are drawn in this order.
        protocol: named where there is nothing to draw.
    """
    if rows.empty:
        return style.message(title, NOTHING.format(protocol=f" under the protocol {protocol}" if protocol else ""))
    style.use()
    labels = list(dict.fromkeys(rows["label"]))
    across = min(_PANELS, len(labels))
    down = -(-len(labels) // across)
    handles = _handles(rows, looks)
    width = style.PAGE if across > 2 else style.COLUMN
    columns = max(1, int(width / 1.75))
    height = down * 1.35 + 0.15 * -(-len(handles) // columns) + 0.55
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(style.wrap(title, int(17 * width)))
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axis, label in zip(axes, labels, strict=False):
        _lines(axis, rows[rows["label"] == label], looks, markersize=2)
        axis.set_title(style.wrap(label, 30), fontsize=6.5)
    for index, axis in enumerate(axes):
        if index >= len(labels):
            axis.set_visible(False)
        if index + across >= len(labels):
            axis.tick_params(axis="x", labelbottom=True)
            axis.set_xlabel("Clicks")
        if index % across == 0:
            axis.set_ylabel("IoU")
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
    return figure


def mean_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look], title: str, protocol: str = "") -> Figure:
    """The average over the tasks, one column wide; rows as for `tasks_figure`, with n_tasks and without label."""
    if rows.empty:
        return style.message(title, NOTHING.format(protocol=f" under the protocol {protocol}" if protocol else ""))
    style.use()
    handles = _handles(rows, looks)
    figure = Figure(figsize=(style.COLUMN, 2.9 + 0.14 * -(-len(handles) // 2)), layout="constrained")
    figure.suptitle(style.wrap(title, 58))
    axis = figure.subplots()
    _lines(axis, rows, looks, markersize=3)
    axis.set_xlabel("Clicks")
    count = rows["n_tasks"].max()
    axis.set_ylabel(f"Mean IoU over {count} task{'s' if count != 1 else ''}")
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def draw_published(published: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> tuple[Figure, Figure]:
    """Both figures, for each task and on average, from the published table (`resources/published`)."""
    rows, looks = published_rows(read_published(published)), style.study_looks(methods)
    title = "IoU against the number of clicks, as published (Mazurowski et al. 2023)"
    return tasks_figure(rows, looks, title), mean_figure(mean_rows(rows), looks, title)


def draw_measured(
    statistics: str | Path,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    protocol: str,
) -> tuple[Figure, Figure]:
    """Both figures, for each task and on average, from `statistics.csv`, of the clicks of one protocol."""
    measured, looks = read_csv(statistics, STATISTICS), style.method_looks(methods)
    title = f"IoU against the number of clicks, this run, protocol {protocol}"
    return (
        tasks_figure(measured_rows(measured, "task", protocol, datasets), looks, title, protocol),
        mean_figure(measured_rows(measured, "all", protocol, datasets), looks, title, protocol),
    )
