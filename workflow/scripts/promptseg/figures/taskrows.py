"""Panels with a row for each task: a mark with interval for each method (or mode), hollow where it is the oracle."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.figures import panels, style
from promptseg.figures.source import Reference

_LABELS = 1.5  # inches of the names of the tasks
_PANEL, _LEAST = 1.0, 0.58  # inches of a panel: as long as there is room, and at least
_ROW, _LOWEST = 0.2, 0.115  # inches of a task: of few methods, and at least
_MARK = 0.036  # inches of a mark in its row


def mean_last(rows: pd.DataFrame, means: pd.Series) -> list[str]:
    """Labels by falling mean, then by name; those without one after them, and last the mean of all tasks.

    Args:
        rows: column label.
        means: by label.
    """
    means = means.reindex(sorted(rows["label"].unique()))
    return [*means.sort_values(ascending=False, kind="stable", na_position="last").index, mean_of_tasks()]


def mean_of_tasks() -> str:
    """The label of the last row."""
    return style.words("Mean over tasks")


def _panel(
    axis: Axes,
    rows: pd.DataFrame,
    order: Sequence[str],
    looks: Mapping[str, style.Look],
    size: float,
    reference: Reference | None,
) -> None:
    place = {label: index for index, label in enumerate(order)}
    style.stripes(axis, len(order))
    if reference:
        reference.upright(axis, place, mean_of_tasks())
    for shift, (key, look) in zip(style.offsets(len(looks), 0.36), looks.items(), strict=True):
        own = rows[(rows["key"] == key) & rows["iou"].notna()]
        both = own.pivot(index="label", columns="selection", values="iou").reindex(columns=["first", "oracle"])
        y = [place[label] + shift for label in both.index]
        axis.hlines(y, both["first"], both["oracle"], color=look.colour, linewidth=0.5, linestyle=":", zorder=2)
        for selection, points in own.groupby("selection"):
            hollow = selection == "oracle"
            y = [place[label] + shift for label in points["label"]]
            axis.hlines(
                y, points["ci_low"], points["ci_high"], color=look.colour, linewidth=0.7, alpha=0.3 if hollow else 0.6,
                zorder=2,
            )  # fmt: skip
            axis.plot(
                points["iou"], y, linestyle="none", markersize=size, markeredgewidth=0.5, clip_on=False,
                zorder=3 if hollow else 4, label=f"{key} {selection}", **style.mark(look, hollow),
            )  # fmt: skip
    axis.axhline(len(order) - 1.5, color=style.GREY, linewidth=0.6)
    style.unit_axis(axis, "x")


def draw(
    title: str,
    shown: Mapping[str, pd.DataFrame],
    order: Sequence[str],
    looks: Mapping[str, style.Look],
    note: str = "",
    reference: Reference | None = None,
) -> Figure:
    """Draw panels that share their rows.

    Args:
        title: of the figure.
        shown: heading -> columns label, key, selection (first or oracle), iou, ci_low, ci_high.
        order: labels from the top, the mean of all tasks last.
        looks: key -> look; marks are in this order from the top of a row.
        note: lines below the panels.
        reference: the line to beat, drawn through the rows.
    """
    across = panels.across(len(shown), len(order) * _LOWEST + 0.4, _PANEL, _LEAST, _LABELS)
    down = panels.lines(shown, across)
    wide = (style.page() - _LABELS) / across
    headings = [style.wrap(heading, int(14 * wide)) for heading in shown]
    above = 0.25 + 0.11 * max(heading.count("\n") + 1 for heading in headings)
    fit = ((panels.TALL - 1.2) / down - above) / len(order)
    row = max(_LOWEST, min(fit, max(_ROW, _MARK * len(looks) + 0.05)))
    oracle = any("oracle" in set(rows["selection"]) for rows in shown.values())
    handles = [style.handle(look) for look in looks.values()]
    fills = panels.fills(style.words("oracle")) if oracle else []
    fills += [reference.handle] if reference else []
    grid = panels.grid(
        len(shown), across, title, panels.Size(style.page(), len(order) * row + above, 0.6),
        panels.Legend([*handles, *fills], 5, title=note), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, heading, rows in zip(grid.axes, headings, shown.values(), strict=True):
        _panel(axis, rows, order, looks, 3.2 if row / len(looks) > _MARK else 2.4, reference)
        axis.set_title(heading, loc="left", fontsize=6.5)
        if wide < 1.2:
            axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    labels = [style.wrap(label, 30) for label in order]
    size = 6.2 if row > 0.15 else 5.2
    for axis in grid.axes[::across]:
        axis.set_yticks(range(len(order)), labels, fontsize=size, linespacing=0.9)
        axis.get_yticklabels()[-1].set_fontweight("bold")
    grid.label("IoU", "")
    return grid.figure
