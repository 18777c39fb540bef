"""All methods at one click, task by task: with the first mask of each, and with the oracle where there is one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv
from promptseg.figures import clicks, style

MEAN = "Mean over tasks"
PANELS = {"first": "First mask", "oracle": "Oracle"}
_ROW = 0.2  # inches a task


def with_oracle(rows: pd.DataFrame, selection: str) -> pd.DataFrame:
    """Rows of one panel: the selection where a method has it, else its first mask; `hollow` where it is the oracle."""
    own = rows[rows["selection"] == selection]
    others = rows[(rows["selection"] == "first") & ~rows["method"].isin(own["method"])]
    together = pd.concat([own, others], ignore_index=True)
    return together.assign(hollow=together["selection"] == "oracle")


def wins(rows: pd.DataFrame, methods: Sequence[str]) -> dict[str, int]:
    """In how many tasks each method is above all others, of the tasks that all of them have; ties count for none."""
    wide = rows[rows["method"].isin(methods)].pivot(index="label", columns="method", values="iou").dropna()
    if wide.shape[1] < 2:
        return {}
    best = wide[(wide.eq(wide.max(axis=1), axis=0)).sum(axis=1) == 1].idxmax(axis=1)
    return {method: int((best == method).sum()) for method in methods if (best == method).any()}


def _order(rows: pd.DataFrame, methods: Sequence[str]) -> list[str]:
    """Tasks by falling mean of the first mask over the methods, then by name; the mean of all tasks last."""
    plain = rows[(rows["selection"] == "first") & rows["method"].isin(methods)]
    means = plain.groupby("label")["iou"].mean().reindex(sorted(rows["label"].unique()))
    return [*means.sort_values(ascending=False, kind="stable").index, MEAN]


def _panel(axis: Axes, rows: pd.DataFrame, order: Sequence[str], looks: Mapping[str, style.Look]) -> None:
    place = {label: index for index, label in enumerate(order)}
    means = rows.groupby(["method", "hollow"], as_index=False)["iou"].mean().assign(label=MEAN)
    rows = pd.concat([rows, means], ignore_index=True)
    style.stripes(axis, len(order))
    for shift, (name, look) in zip(style.offsets(len(looks), 0.26), looks.items(), strict=True):
        points = rows[(rows["method"] == name) & rows["iou"].notna()]
        if points.empty:
            continue
        y = [place[label] + shift for label in points["label"]]
        axis.hlines(y, points["ci_low"], points["ci_high"], color=look.colour, linewidth=0.7, alpha=0.5, zorder=2)
        axis.plot(
            points["iou"], y, look.marker, color=look.colour, markersize=3.2, label=name, zorder=3, clip_on=False,
            markerfacecolor="white" if points["hollow"].any() else look.colour, markeredgewidth=0.7,
        )  # fmt: skip
    axis.axhline(len(order) - 1.5, color=style.GREY, linewidth=0.6)
    style.unit_axis(axis, "x")
    axis.set_xlabel("IoU")


def comparison_figure(
    rows: pd.DataFrame, looks: Mapping[str, style.Look], title: str, rivals: Sequence[str], protocol: str = ""
) -> Figure:
    """Dot plots, a row for each task and a mark for each method.

    Args:
        rows: columns label, method, selection (first or oracle), iou, ci_low, ci_high, all of the first click.
        looks: see `style.method_looks`.
        rivals: methods whose mean orders the tasks, and among which the highest is counted: all but the controls.
        protocol: named where there is nothing to draw.
    """
    if rows["iou"].notna().sum() == 0:
        under = f" under the protocol {protocol}" if protocol else ""
        return style.message(title, clicks.NOTHING.format(protocol=under))
    style.use()
    shown = {name: look for name, look in looks.items() if name in set(rows["method"])}
    rivals = [name for name in rivals if name in shown]
    kinds = [kind for kind in PANELS if kind in set(rows["selection"])]
    order = _order(rows, rivals)
    entries = 4 if len(kinds) > 1 else 2
    height = len(order) * max(_ROW, 0.035 * len(shown)) + 0.9 + 0.15 * -(-len(shown) // entries)
    width = style.PAGE if len(kinds) > 1 else 0.75 * style.PAGE
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(style.wrap(title, int(16 * width)))
    axes = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axis, kind in zip(axes, kinds, strict=True):
        own = with_oracle(rows, kind)
        _panel(axis, own, order, shown)
        counts = ", ".join(f"{shown[name].title} {count}" for name, count in wins(own, rivals).items())
        axis.set_title(PANELS[kind], fontweight="bold", loc="left", pad=14 if counts else 4)
        if counts:
            words = style.wrap(f"Highest in tasks: {counts}", 62)
            axis.text(0, 1.004, words, transform=axis.transAxes, fontsize=5.8, color=style.GREY, va="bottom")
    axes[0].set_yticks(range(len(order)), [style.wrap(label, 30) for label in order], fontsize=6.2, linespacing=0.95)
    axes[0].get_yticklabels()[-1].set_fontweight("bold")
    handles = [style.handle(look) for look in shown.values()]
    if len(kinds) > 1:
        neutral = style.Look("", style.GREY, "o")
        handles.append(style.handle(neutral, label="filled: first mask"))
        handles.append(style.handle(neutral, hollow=True, label="hollow: oracle"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(entries, len(handles)))
    return figure


def draw_published(published: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure from the published table (`resources/published`); methods as for `style.method_looks`."""
    rows = clicks.published_rows(read_published(published))
    looks = style.study_looks(methods)
    title = "One click: the methods task by task, as published (Mazurowski et al. 2023)"
    return comparison_figure(rows[rows["step"] == 1], looks, title, list(looks))


def draw_measured(
    statistics: str | Path,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    protocol: str,
) -> Figure:
    """The figure from `statistics.csv`, of the first click of one protocol."""
    rows = clicks.measured_rows(read_csv(statistics, STATISTICS), "task", protocol, datasets)
    title = f"One click: the methods task by task, this run, protocol {protocol}"
    return comparison_figure(
        rows[rows["step"] == 1], style.method_looks(methods), title, style.rivals(methods), protocol
    )
