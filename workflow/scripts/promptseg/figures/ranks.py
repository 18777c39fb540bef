"""Mean ranks of the methods over the tasks, after Demšar (2006): bars join those that are not told apart."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.ranks import RANKS
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.figures import panels, style

_LINE = 0.17  # inches per method


def settings(ranks: pd.DataFrame, protocols: Titles | None = None) -> dict[str, pd.DataFrame]:
    """The settings shown, by heading: modes 1 to 5, then the first and the last click of each protocol.

    First mask only, and only where there are at least two methods.
    """
    ranks = ranks[(ranks["selection"] == "first") & ranks["mean_rank"].notna()]
    found = {f"mode {look.title}": ranks[ranks["mode"] == mode] for mode, look in style.modes().items()}
    for protocol, rows in ranks[ranks["mode"] == "iterative"].groupby("protocol"):
        for step in sorted({rows["step"].min(), rows["step"].max()}):
            words = f"{int(step)} click{'s' if step > 1 else ''}, {titled(protocols, protocol)}"
            found[words] = rows[rows["step"] == step]
    return {heading: rows for heading, rows in found.items() if len(rows) > 1}


def groups(rows: pd.DataFrame) -> list[tuple[float, float]]:
    """Lowest and highest mean rank of each group of at least two methods that share a letter, by the lowest."""
    letters = sorted({letter for text in rows["group"] for letter in text})
    spans = []
    for letter in letters:
        own = rows.loc[rows["group"].str.contains(letter, regex=False), "mean_rank"]
        if len(own) > 1:
            spans.append((float(own.min()), float(own.max())))
    return sorted(spans)


def _panel(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    """A scale of ranks, best on the left; methods hang from it, the better half labelled left, the others right."""
    rows = rows.sort_values(["mean_rank", "method"], ignore_index=True)
    count, spans = len(rows), groups(rows)
    half = (count + 1) // 2
    start = 0.9 + 0.35 * len(spans)  # of the labels, below the bars of the groups
    axis.set_xlim(0.4, count + 0.6)
    axis.set_ylim(start + half - 0.2, -1.5)
    axis.set_axis_off()
    axis.hlines(0, 1, count, color="black", linewidth=0.8)
    for rank in range(1, count + 1):
        axis.vlines(rank, -0.25, 0, color="black", linewidth=0.8)
        if rank % 2 or count <= 8:
            axis.text(rank, -0.4, str(rank), ha="center", va="bottom", fontsize=6)
    difference = rows["critical_difference"].iloc[0]
    if pd.notna(difference) and difference <= count - 1:
        axis.plot([1, 1 + difference], [-1.25, -1.25], "|-", color=style.GREY, markersize=3, linewidth=1, label="CD")
        words = f"  critical difference {difference:.2f}"
        axis.text(1 + difference, -1.25, words, va="center", fontsize=5.6, color=style.GREY)
    for index, row in rows.iterrows():
        left = index < half
        y = start + (index if left else count - 1 - index)
        look = looks[row["method"]]
        end, align = (0.4, "right") if left else (count + 0.6, "left")
        axis.plot([row["mean_rank"], row["mean_rank"], end], [0, y, y], color=look.colour, linewidth=0.8, zorder=2)
        place = {"markersize": 4, "zorder": 4, "clip_on": False, "label": row["method"]}
        axis.plot(row["mean_rank"], 0, look.marker, color=look.colour, **place)
        words = f"{look.title} {row['mean_rank']:.2f}" if left else f"{row['mean_rank']:.2f} {look.title}"
        axis.annotate(
            words, (end, y), xytext=(-3 if left else 3, 0), textcoords="offset points", ha=align, va="center",
            fontsize=6, annotation_clip=False,
        )  # fmt: skip
    for index, (low, high) in enumerate(spans):
        y = 0.5 + 0.35 * index
        axis.plot([low - 0.04, high + 0.04], [y, y], color="black", linewidth=2.2, solid_capstyle="butt", label="group")


def _heading(setting: str, rows: pd.DataFrame) -> str:
    p = rows["friedman_p"].iloc[0]
    tasks = rows["n_tasks"].iloc[0]
    test = "" if pd.isna(p) else f", Friedman p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    return f"{setting}\n{int(tasks)} task{'s' if tasks != 1 else ''}{test}"


def draw(ranks: str | Path, methods: Titles, protocols: Titles | None = None) -> Figure:
    """A critical-difference diagram for each setting.

    Args:
        ranks: `ranks.csv`; methods that share a letter in `group` are not told apart.
        methods: as for `style.method_looks`.
        protocols: name -> {title}.
    """
    title, looks = "Mean ranks of the methods over the tasks, first mask", style.method_looks(methods)
    shown = list(settings(read_csv(ranks, RANKS), protocols).items())
    if not shown:
        return style.message(title, "Ranks need at least two methods that were scored on the same tasks.")
    across = min(2, len(shown))
    needed = [_LINE * ((len(rows) + 1) // 2 + 2.2 + 0.35 * len(groups(rows))) + 0.35 for _, rows in shown]
    heights = [max(needed[index : index + across]) for index in range(0, len(shown), across)]
    size = panels.Size(style.page() if across > 1 else style.column(), heights, 0.35)
    grid = panels.grid(len(shown), across, title, size)
    grid.figure.get_layout_engine().set(w_pad=0.12)  # type: ignore[union-attr, call-arg]
    for axis, (setting, rows) in zip(grid.axes, shown, strict=True):
        _panel(axis, rows, looks)
        axis.set_title(_heading(setting, rows), loc="center", fontweight="bold", fontsize=6.5)
    return grid.figure
