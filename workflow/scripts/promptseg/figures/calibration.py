"""Three masks for one prompt in numbers: what they reach, how alike they are, how far their predicted IoU holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION
from promptseg.core.tables import read_csv
from promptseg.figures import dots, panels, style

_CANDIDATES = [
    dots.Panel(
        "IoU of the answer", "IoU",
        {
            "iou_first": style.Look("first mask", style.SKY, "o"),
            "iou_best_score": style.Look("most confident mask", style.BLUE, "s"),
            "iou_oracle": style.Look("best mask (oracle)", style.WINE, "D"),
        },
    ),
    dots.Panel("Agreement", "IoU of the masks with one another", {"agreement": None}),
    dots.Panel(
        "Similarity to region growing", "IoU with the region grown",
        {
            "grown_best_score": style.Look("most confident mask", style.BLUE, "s"),
            "grown_others": style.Look("mean of the other two", style.ORANGE, "^"),
        },
    ),
]  # fmt: skip
NOTHING = "No method of this run predicts the IoU of its masks."


def _curve(axis: Axes, count: Axes, rows: pd.DataFrame, look: style.Look, name: str) -> None:
    """One method in one mode: means of bins with their intervals, and below the share of masks in each bin."""
    panels.band(axis, rows["predicted"], rows, look, alpha=0.15)
    axis.plot(rows["predicted"], rows["true"], markersize=3, label=name, **style.mark(look))
    width = (rows["bin_high"] - rows["bin_low"]).iloc[0]  # all have the same; the table lacks empty ones
    edges = np.linspace(0, 1, round(1 / width) + 1)
    held = np.bincount(np.rint(rows["bin_low"] / width).astype(int), rows["n"], len(edges) - 1)
    count.stairs(held / held.sum(), edges, color=look.colour, linewidth=1, baseline=None, label=name)


def draw(calibration: str | Path, ambiguity: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """True against predicted IoU over all tasks, a panel for each mode, with the number of masks below.

    Args:
        calibration, ambiguity: `calibration.csv` and `ambiguity.csv`.
        methods: as for `style.method_looks`.
    """
    title = "Predicted against true IoU of all candidates"
    bins, sums = read_csv(calibration, CALIBRATION), read_csv(ambiguity, AMBIGUITY_MEANS)
    bins, sums = bins[(bins["level"] == "all") & (bins["n"] > 0)], sums[sums["level"] == "all"]
    modes = [mode for mode in style.modes() if mode in set(bins["mode"])]
    shown = {name: look for name, look in style.method_looks(methods).items() if name in set(bins["method"])}
    if not modes or not shown:
        return style.message(title, NOTHING)
    across = len(modes)
    width = style.column() if across == 1 else min(style.page(), 0.4 + 1.7 * across)
    side = (width - 0.5) / across
    handles = [style.handle(look, line="-") for look in shown.values()]
    grid = panels.grid(
        across, across, title, panels.Size(width, side, 1.25 + 0.15 * len(shown)),
        panels.Legend([], 4 if across > 1 else 2, notes=handles), parts=[4, 1], sharex=True, sharey="row",
    )  # fmt: skip
    for (axis, count), mode in zip(grid.axes, modes, strict=True):
        axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.6)
        words = []
        for name, look in shown.items():
            own = bins[(bins["method"] == name) & (bins["mode"] == mode)].sort_values("bin_low")
            if own.empty:
                continue
            _curve(axis, count, own, look, name)
            for row in sums[(sums["method"] == name) & (sums["mode"] == mode)].itertuples():
                words.append((f"ECE {row.ece:.2f}, {style.RHO} {row.spearman:.2f}", look.colour))
        for index, (text, colour) in enumerate(words):
            place = (0.04, 0.97 - 0.08 * index)
            axis.text(*place, text, transform=axis.transAxes, color=colour, fontsize=5.8, va="top")
        axis.set_title(f"mode {mode[-1]}", loc="left", fontweight="bold")
        style.unit_axis(axis, "x")
        style.unit_axis(axis, "y")
        axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        count.set_xlabel("predicted IoU")
        count.spines[["top", "right"]].set_visible(False)
    first, below = grid.axes[0]
    first.set_ylabel("true IoU")
    below.set_ylabel("share")
    below.set_ylim(bottom=0)
    return grid.figure


def draw_candidates(ambiguity: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """What the three masks reach and how alike they are, over all tasks: a row for each method and mode.

    Args:
        ambiguity: `ambiguity.csv`.
        methods: as for `style.method_looks`; rows are in this order.
    """
    title = "Three masks for one prompt, means over tasks"
    rows, looks = read_csv(ambiguity, AMBIGUITY_MEANS), style.method_looks(methods)
    order = {name: place for place, name in enumerate(looks)}
    rows = rows[(rows["level"] == "all") & rows["method"].isin(order)]
    if rows.empty:
        return style.message(title, "No method of this run answers a prompt with three masks.")
    rows = rows.assign(place=rows["method"].map(order)).sort_values(["place", "mode"])
    labels = [f"{looks[row.method].title}, mode {row.mode[-1]}" for row in rows.itertuples()]
    return dots.draw(dots.Rows(rows, labels, [looks[name] for name in rows["method"]]), _CANDIDATES, title)
