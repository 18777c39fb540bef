"""How far methods are from those that they should equal: a row for each task, with the margin and the verdict."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.equivalence import DIFFERENT, EQUIVALENCE, EQUIVALENT, MARGIN, UNDECIDED
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.figures import panels, style
from promptseg.figures.taskrows import mean_of_tasks

NOTHING = "The methods and those that they should equal answered no prompt in common."
_LOOKS = {
    EQUIVALENT: (style.BLUE, "o", "equivalent within {margin}"),
    DIFFERENT: (style.VERMILION, "X", "different by more than {margin}"),
    UNDECIDED: (style.GREY, "D", "undecided"),
}
_TICKS = {-1: "-1", -0.1: "-.1", -MARGIN: "-.01", 0: "0", MARGIN: ".01", 0.1: ".1", 1: "1"}
_LABELS, _PANEL, _LEAST = 1.5, 1.7, 1.2  # inches of the names of the tasks, of a panel, and of the narrowest one
_ROW, _LOWEST, _ABOVE = 0.2, 0.115, 0.75  # inches of a task, and at least, and what stands above a panel


def _panel(axis: Axes, rows: pd.DataFrame, places: Mapping[str, int], looks: Mapping[str, style.Look]) -> None:
    style.stripes(axis, len(places))
    axis.axvspan(-MARGIN, MARGIN, color=style.PALE_BLUE, linewidth=0, zorder=1)
    axis.axvline(0, color=style.GREY, linewidth=0.6, zorder=1)
    for verdict, look in looks.items():
        own = rows[rows["verdict"] == verdict]
        y = [places[label] for label in own["label"]]
        axis.hlines(y, own["difference_ci_low"], own["difference_ci_high"], color=look.colour, linewidth=0.9, zorder=2)
        axis.plot(own["difference"], y, linestyle="none", markersize=3.4, label=verdict, zorder=3, **style.mark(look))
    axis.axhline(len(places) - 1.5, color=style.GREY, linewidth=0.6)
    axis.set_xscale("symlog", linthresh=MARGIN, linscale=0.9)
    axis.set_xlim(-1.3, 1.3)
    axis.set_xticks(list(_TICKS), list(_TICKS.values()))
    axis.minorticks_off()
    axis.spines[["top", "right"]].set_visible(False)


def _heading(row: pd.Series, methods: Titles, width: float) -> str:
    """Which two are compared, and what that one gains in time and memory, on as many inches."""
    lines = [f"{titled(methods, row['method'])} - {titled(methods, row['against'])}"]
    if pd.notna(row["times_as_fast"]):
        lines.append(style.words("{number} times as fast", number=f"{row['times_as_fast']:.2f}"))
    if pd.notna(row["peak_memory_mb"]) and row["against_peak_memory_mb"]:
        share = row["peak_memory_mb"] / row["against_peak_memory_mb"]
        lines.append(style.words("{number} times the memory", number=f"{share:.2f}"))
    return "\n".join(style.wrap(line, int(17 * width)) for line in lines)


def draw(equivalence: str | Path, methods: Titles, datasets: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A panel for each method with its difference to the other one in each task, first masks of all prompts together.

    Args:
        equivalence: `equivalence.csv`.
        methods, datasets: name -> {title}.
    """
    title = style.words("Still the same model? Difference in IoU on the same prompts, first mask")
    rows = read_csv(equivalence, EQUIVALENCE)
    rows = rows[(rows["mode"] == "") & (rows["selection"] == "first")]
    if rows.empty:
        return style.message(title, style.words(NOTHING))
    tasks, means = style.labelled(rows[rows["level"] == "task"], datasets), rows[rows["level"] == "all"]
    order = [*sorted(tasks["label"].unique()), mean_of_tasks()]
    rows = pd.concat([tasks, means.assign(label=mean_of_tasks())])
    looks = {
        verdict: style.Look(style.words(words, margin=MARGIN), colour, marker)
        for verdict, (colour, marker, words) in _LOOKS.items()
        if verdict in set(rows["verdict"])
    }
    names = [name for name in methods if name in set(means["method"])]
    across = panels.across(len(names), len(order) * _LOWEST + _ABOVE, _PANEL, _LEAST, _LABELS)
    fit = ((panels.TALL - 1) / panels.lines(names, across) - _ABOVE) / len(order)
    row = min(_ROW, max(_LOWEST, fit))
    wide = (style.page() - _LABELS) / across
    grid = panels.grid(
        len(names), across, title, panels.Size(style.page(), row * len(order) + _ABOVE, 0.3),
        panels.Legend([style.handle(look) for look in looks.values()], 3),
        sharex=True, sharey=True,
    )  # fmt: skip
    places = {label: place for place, label in enumerate(order)}
    for axis, name in zip(grid.axes, names, strict=True):
        _panel(axis, rows[rows["method"] == name], places, looks)
        axis.set_title(_heading(means[means["method"] == name].iloc[0], methods, wide), loc="left", fontsize=6.5)
    size, longest = (6.2, 30) if row == _ROW else (5.2, 36)
    labels = [style.wrap(label, longest) for label in order]
    for axis in grid.axes[:: grid.across]:
        axis.set_yticks(range(len(order)), labels, fontsize=size, linespacing=0.9)
        axis.get_yticklabels()[-1].set_fontweight("bold")
    grid.label(style.words("difference in IoU"), "")
    return grid.figure
