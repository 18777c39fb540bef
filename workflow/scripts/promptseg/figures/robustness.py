"""IoU against how far the prompts are off, and how often the order of the methods changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.robustness import ROBUSTNESS_MEANS, ROBUSTNESS_RANKS
from promptseg.core.tables import read_csv
from promptseg.figures import style

# What is changed, the label of its axis, and by what the amount is multiplied.
KINDS = {
    "point_offset": ("point moved to the border by, % of the depth", 100),
    "box_jitter": ("sides moved by up to, % of the side", 100),
    "seed": ("seed", 1),
}
CHANGES: dict[str, tuple[Literal["-", ":"], str]] = {
    "changed": ("-", "order of the methods"),
    "best_changed": (":", "best method"),
}
NOTHING = "No prompt of this run was disturbed. `robustness: {enabled: true}` in the configuration does it."


def _curves(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look], factor: int) -> None:
    """IoU of one mode and kind: one line per method; only marks for seeds, which have no order."""
    for name, look in looks.items():
        own = rows[rows["method"] == name].sort_values("amount")
        if own.empty:
            continue
        x, line = factor * own["amount"], "-" if factor > 1 else "none"
        if factor > 1 and own["ci_low"].notna().any():
            axis.fill_between(x, own["ci_low"], own["ci_high"], color=look.colour, alpha=0.13, linewidth=0)
        axis.plot(x, own["iou"], linestyle=line, color=look.colour, marker=look.marker, markersize=3, label=name)
    style.unit_axis(axis, "y")
    ticks = sorted(factor * rows["amount"].unique())
    axis.set_xticks(ticks)
    axis.xaxis.set_major_formatter("{x:g}")
    if factor == 1:
        axis.set_xlim(ticks[0] - 0.5, ticks[-1] + 0.5)


def robustness_figure(rows: pd.DataFrame, ranks: pd.DataFrame, looks: Mapping[str, style.Look]) -> Figure:
    """For each mode and kind of change a panel with a line for each method, and below how often their order changes.

    Args:
        rows: columns method, mode, kind (`KINDS`), amount (share, or the seed), iou, ci_low, ci_high.
        ranks: columns mode, kind, amount, changed and best_changed: shares of the tasks and seeds in which the order of
            the methods, and the best of them, is another than with exact prompts.
        looks: see `style.method_looks`.
    """
    title = "Robustness: IoU when prompts are off, first mask"
    pairs = [(mode, kind) for kind in KINDS for mode in style.MODES]
    panels = [(mode, kind) for mode, kind in pairs if ((rows["mode"] == mode) & (rows["kind"] == kind)).any()]
    shown = {name: look for name, look in looks.items() if name in set(rows["method"])}
    if not panels:
        return style.message(title, NOTHING)
    style.use()
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    width = style.COLUMN if across == 1 else style.PAGE
    columns = 2 if across == 1 else 4
    height = 2.6 * down + 0.75 + 0.15 * -(-len(shown) // columns)
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(style.wrap(title, int(16 * width)))
    grid = figure.subplots(2 * down, across, sharey="row", squeeze=False, height_ratios=[3, 1] * down)
    for index in range(down * across):
        upper, lower = grid[2 * (index // across), index % across], grid[2 * (index // across) + 1, index % across]
        if index >= len(panels):
            upper.set_visible(False)
            lower.set_visible(False)
            continue
        mode, kind = panels[index]
        label, factor = KINDS[kind]
        _curves(upper, rows[(rows["mode"] == mode) & (rows["kind"] == kind)], shown, factor)
        own = ranks[(ranks["mode"] == mode) & (ranks["kind"] == kind)].sort_values("amount")
        for column, (line, _) in CHANGES.items():
            lower.plot(
                factor * own["amount"], own[column], linestyle=line if factor > 1 else "none", color=style.GREY,
                marker="o", markersize=2.5, markerfacecolor="white" if line == ":" else style.GREY, label=column,
                clip_on=False,
            )  # fmt: skip
        style.unit_axis(lower, "y")
        lower.set_yticks([0, 1], ["0", "1"])
        lower.set_xticks(upper.get_xticks(), [])
        lower.set_xlim(upper.get_xlim())
        upper.set_title(f"mode {style.MODES[mode].title}", loc="left")
        upper.set_xlabel(label)
        if index % across == 0:
            upper.set_ylabel("IoU")
            lower.set_ylabel("share\nchanged")
    handles = [style.handle(look, line="-") for look in shown.values()]
    neutral = style.Look("", style.GREY, "o")
    for line, words in CHANGES.values():
        handles.append(style.handle(neutral, hollow=line == ":", line=line, label=f"changed: {words}"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
    return figure


def draw(robustness: str | Path, ranks: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure over all tasks from `robustness.csv` and `robustness_ranks.csv`; methods: see `style.method_looks`."""
    rows = read_csv(robustness, ROBUSTNESS_MEANS)
    return robustness_figure(
        rows[rows["level"] == "all"], read_csv(ranks, ROBUSTNESS_RANKS), style.method_looks(methods)
    )
