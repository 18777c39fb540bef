"""Three masks for one prompt in numbers: what they reach, how alike they are, how far their predicted IoU holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION
from promptseg.core.tables import read_csv
from promptseg.figures import dots, style

_CANDIDATES = [
    dots.Panel(
        "IoU of the answer", "IoU",
        {
            "iou_first": style.Look("first mask", "#56B4E9", "o"),
            "iou_best_score": style.Look("most confident mask", "#0072B2", "s"),
            "iou_oracle": style.Look("best mask (oracle)", "#882255", "D"),
        },
    ),
    dots.Panel("Agreement", "IoU of the masks with one another", {"agreement": None}),
    dots.Panel(
        "Similarity to region growing", "IoU with the region grown",
        {
            "grown_best_score": style.Look("most confident mask", "#0072B2", "s"),
            "grown_others": style.Look("mean of the other two", "#E69F00", "^"),
        },
    ),
]  # fmt: skip
NOTHING = "No method of this run predicts the IoU of its masks."


def calibration_figure(bins: pd.DataFrame, sums: pd.DataFrame, looks: Mapping[str, style.Look]) -> Figure:
    """True against predicted IoU, a panel for each mode, a line for each method, with the number of masks below.

    Args:
        bins: columns method, mode, bin_low, bin_high, n, predicted, true (means of the bin), ci_low, ci_high.
        sums: columns method, mode, spearman, ece (expected calibration error).
        looks: see `style.method_looks`.
    """
    title = "Predicted against true IoU of all candidates"
    modes = [mode for mode in style.MODES if mode in set(bins["mode"])]
    shown = {name: look for name, look in looks.items() if name in set(bins["method"])}
    if not modes or not shown:
        return style.message(title, NOTHING)
    style.use()
    across = len(modes)
    width = style.COLUMN if across == 1 else min(style.PAGE, 0.4 + 1.7 * across)
    side = (width - 0.5) / across
    figure = Figure(figsize=(width, side + 1.25 + 0.15 * len(shown)), layout="constrained")
    figure.suptitle(title)
    upper, lower = figure.subplots(2, across, sharex=True, sharey="row", squeeze=False, height_ratios=[4, 1])
    for axis, count, mode in zip(upper, lower, modes, strict=True):
        axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.6)
        words = []
        for name, look in shown.items():
            own = bins[(bins["method"] == name) & (bins["mode"] == mode) & (bins["n"] > 0)].sort_values("bin_low")
            if own.empty:
                continue
            axis.fill_between(
                own["predicted"], own["ci_low"], own["ci_high"], color=look.colour, alpha=0.15, linewidth=0
            )
            axis.plot(own["predicted"], own["true"], color=look.colour, marker=look.marker, markersize=3, label=name)
            width = (own["bin_high"] - own["bin_low"]).iloc[0]  # all have the same; the table lacks empty ones
            edges = np.linspace(0, 1, round(1 / width) + 1)
            held = np.bincount(np.rint(own["bin_low"] / width).astype(int), own["n"], len(edges) - 1)
            count.stairs(held / held.sum(), edges, color=look.colour, linewidth=1, baseline=None, label=name)
            known = sums[(sums["method"] == name) & (sums["mode"] == mode)]
            for row in known.itertuples():
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
    upper[0].set_ylabel("true IoU")
    lower[0].set_ylabel("share")
    lower[0].set_ylim(bottom=0)
    figure.legend(
        handles=[style.handle(look, line="-") for look in shown.values()], loc="outside lower center",
        ncols=min(len(shown), 4 if across > 1 else 2),
    )  # fmt: skip
    return figure


def draw(calibration: str | Path, ambiguity: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure over all tasks from `calibration.csv` and `ambiguity.csv`; methods as for `style.method_looks`."""
    bins, sums = read_csv(calibration, CALIBRATION), read_csv(ambiguity, AMBIGUITY_MEANS)
    return calibration_figure(bins[bins["level"] == "all"], sums[sums["level"] == "all"], style.method_looks(methods))


def candidates_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> Figure:
    """What the three masks reach and how alike they are: a row for each method and mode.

    Args:
        rows: columns method, mode, iou_first, iou_best_score, iou_oracle, agreement, grown_best_score, grown_others,
            and their intervals as {column}_ci_low and {column}_ci_high.
        looks: see `style.method_looks`; rows are in this order.
    """
    title = "Three masks for one prompt, means over tasks"
    order = [name for name in looks if name in set(rows["method"])]
    if not order:
        return style.message(title, "No method of this run answers a prompt with three masks.")
    rows = rows.assign(place=rows["method"].map(order.index)).sort_values(["place", "mode"])
    labels = [f"{looks[row.method].title}, mode {row.mode[-1]}" for row in rows.itertuples()]
    own = [looks[name] for name in rows["method"]]
    return dots.dots_figure(rows, labels, own, [False] * len(rows), _CANDIDATES, title)


def draw_candidates(ambiguity: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure over all tasks from `ambiguity.csv`; methods as for `style.method_looks`."""
    rows = read_csv(ambiguity, AMBIGUITY_MEANS)
    return candidates_figure(rows[rows["level"] == "all"], style.method_looks(methods))
