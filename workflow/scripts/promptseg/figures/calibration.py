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
from promptseg.figures import dots, numbers, panels, style

_PANEL, _NAMES = 1.1, 1.0  # inches of the narrowest panel, and of the names beside the numbers
_HEADS = {"masks": 0.2, "ECE": 0.38, style.RHO: 1.0}
NOTHING = "No method of this run predicts the IoU of its masks."


def draw(calibration: str | Path, ambiguity: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """True against predicted IoU over all tasks, a panel for each mode, below it the masks in each bin and the numbers.

    Args:
        calibration, ambiguity: `calibration.csv` and `ambiguity.csv`.
        methods: as for `style.method_looks`.
    """
    title = style.words("Predicted against true IoU of all candidates")
    bins, sums = read_csv(calibration, CALIBRATION), read_csv(ambiguity, AMBIGUITY_MEANS)
    bins, sums = bins[(bins["level"] == "all") & (bins["n"] > 0)], sums[sums["level"] == "all"]
    modes = [mode for mode in style.modes() if mode in set(bins["mode"])]
    shown = {name: look for name, look in style.method_looks(methods).items() if name in set(bins["method"])}
    if not modes or not shown:
        return style.message(title, style.words(NOTHING))
    across = min(len(modes), max(1, int((style.page() - _NAMES) / _PANEL)))
    width = style.column() if across == 1 else style.page()
    side = min(1.8, (width - _NAMES) / across)
    heights = [side, 0.4, numbers.LINE * (len(shown) + 1.5)]
    handles = [style.handle(look, line="-") for look in shown.values()]
    handles += numbers.notes(bool(bins["ci_low"].notna().any()))
    grid = panels.grid(
        len(modes), across, title, panels.Size(width, sum(heights) + 0.6, 0.5),
        panels.Legend(handles, max(1, int(width / 1.8))), parts=[part / sum(heights) for part in heights],
    )  # fmt: skip
    most = bins.groupby(["method", "mode", "bin_low"])["n"].sum().max()
    for place, ((axis, count, below), mode) in enumerate(zip(grid.axes, modes, strict=True)):
        axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.6)
        values = {}
        for name, look in shown.items():
            own = bins[(bins["method"] == name) & (bins["mode"] == mode)].sort_values("bin_low")
            if len(own):
                numbers.curve(axis, own, own["predicted"], "true", look, name)
                _stairs(count, own, look, name)
            for row in sums[(sums["method"] == name) & (sums["mode"] == mode)].to_dict("records"):
                rho = numbers.with_interval(row, "spearman", "spearman_ci_low", "spearman_ci_high")
                values[name] = [str(own["n"].sum()), numbers.short(row["ece"]), rho]
        numbers.table(below, values, _HEADS, shown)
        axis.set_title(style.words("mode {number}", number=mode[-1]), loc="left", fontweight="bold")
        for which in "xy":
            style.unit_axis(axis, which)
        axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        axis.tick_params(axis="x", labelbottom=False)
        count.set_xlim(axis.get_xlim())
        count.set_ylim(0, 1.05 * most)
        count.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        count.set_xlabel(style.words("predicted IoU"))
        count.spines[["top", "right"]].set_visible(False)
        if place % across:
            for part in (axis, count, below):
                part.tick_params(axis="y", labelleft=False)
        else:
            axis.set_ylabel(style.words("true IoU"))
            count.set_ylabel(style.words("masks"))
    return grid.figure


def _stairs(axis: Axes, rows: pd.DataFrame, look: style.Look, name: str) -> None:
    """The masks in each bin."""
    width = (rows["bin_high"] - rows["bin_low"]).iloc[0]  # all have the same; the table lacks empty ones
    edges = np.linspace(0, 1, round(1 / width) + 1)
    held = np.bincount(np.rint(rows["bin_low"] / width).astype(int), rows["n"], len(edges) - 1)
    axis.stairs(held, edges, color=look.colour, linewidth=1, baseline=None, label=name)


def _panels() -> list[dots.Panel]:
    looks = style.selections(("first", "best_score", "oracle"))
    return [
        dots.Panel(style.words("IoU of the answer"), "IoU", {f"iou_{name}": look for name, look in looks.items()}),
        dots.Panel(style.words("Agreement"), style.words("IoU of the masks with one another"), {"agreement": None}),
        dots.Panel(
            style.words("Similarity to region growing"), style.words("IoU with the region grown"),
            {
                "grown_best_score": looks["best_score"],
                "grown_others": style.Look(style.words("mean of the other two masks"), style.GREY, "^"),
            },
        ),
    ]  # fmt: skip


def draw_candidates(ambiguity: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """What the three masks reach and how alike they are, over all tasks: a row for each method and mode.

    Args:
        ambiguity: `ambiguity.csv`.
        methods: as for `style.method_looks`; rows are in this order.
    """
    title = style.words("Three masks for one prompt, means over tasks")
    rows, looks = read_csv(ambiguity, AMBIGUITY_MEANS), style.method_looks(methods)
    order = {name: place for place, name in enumerate(looks)}
    rows = rows[(rows["level"] == "all") & rows["method"].isin(order)]
    if rows.empty:
        return style.message(title, style.words("No method of this run answers a prompt with three masks."))
    rows = rows.assign(place=rows["method"].map(order)).sort_values(["place", "mode"])
    labels = [
        f"{looks[method].title}, {style.words('mode {number}', number=mode[-1])}, {numbers.count(objects)}"
        for method, mode, objects in zip(rows["method"], rows["mode"], rows["n_objects"], strict=True)
    ]
    if rows["iou_first_ci_low"].isna().all():
        title += f" ({style.words(numbers.NO_INTERVALS)})"
    return dots.draw(dots.Rows(rows, labels, [looks[name] for name in rows["method"]]), _panels(), title)
