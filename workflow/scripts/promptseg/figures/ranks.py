"""Mean ranks of the methods over the tasks, after Demšar (2006): bars join those that are not told apart."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.ranks import RANKS
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.figures import panels, style

_LINE, _LOWEST, _REST = 0.15, 0.115, 0.62  # inches per method, at least, and of the heading and axis of a panel
_WIDE, _LEAST, _LABELS = 3.0, 1.65, 1.25  # inches of a panel, as long as there is room and at least, and of its labels


def settings(ranks: pd.DataFrame, protocols: Titles | None = None) -> dict[str, pd.DataFrame]:
    """The settings shown, by heading: modes without clicks, then the first and the last click of each protocol.

    First mask only, and only where there are at least two methods.
    """
    ranks = ranks[(ranks["selection"] == "first") & ranks["mean_rank"].notna()]
    found = {style.mode_heading(mode): ranks[ranks["mode"] == mode] for mode in style.modes()}
    for protocol, rows in ranks[ranks["mode"] == "iterative"].groupby("protocol"):
        for step in sorted({rows["step"].min(), rows["step"].max()}):
            words = f"{style.clicks(step)}, {titled(protocols, protocol)}"
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


def _panel(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look], wide: float) -> None:
    """A row for each method, the best on top, with its mean rank; bars on the right join rows that share a letter."""
    rows = rows.sort_values(["mean_rank", "method"], ignore_index=True)
    count, spans = len(rows), groups(rows)
    style.stripes(axis, count)
    for place, row in rows.iterrows():
        look = looks[row["method"]]
        axis.plot(
            row["mean_rank"], place, markersize=4, markeredgewidth=0.5, zorder=4, clip_on=False, label=row["method"],
            **style.mark(look),
        )  # fmt: skip
    difference = rows["critical_difference"].iloc[0]
    if pd.notna(difference):
        best = rows["mean_rank"].iloc[0]
        axis.axvspan(best, best + difference, color=style.FRAME, alpha=0.35, linewidth=0, zorder=1, label="CD")
    # The bars of the groups stand beyond the last rank, on a strip of their own.
    step = 0.07 * (count + 0.3) / wide
    for index, (low, high) in enumerate(spans):
        places = rows.index[rows["mean_rank"].between(low, high)]
        x = count + 0.3 + step * (index + 1)
        axis.plot(
            [x, x], [places[0] - 0.3, places[-1] + 0.3], color="black", linewidth=1.8, solid_capstyle="butt",
            clip_on=False, label="group",
        )  # fmt: skip
    axis.set_xlim(0.7, count + 0.3 + step * (len(spans) + 1))
    axis.set_xticks(range(1, count + 1, math.ceil(count / (wide / 0.2))))
    axis.grid(axis="x", zorder=0)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    labels = [f"{style.wrap(looks[row.method].title, 30)}  {row.mean_rank:.2f}" for row in rows.itertuples()]
    axis.set_yticks(range(count), labels, fontsize=5.8, linespacing=0.85)


def _heading(setting: str, rows: pd.DataFrame) -> str:
    p = rows["friedman_p"].iloc[0]
    tasks = style.tasks(rows["n_tasks"].iloc[0])
    difference = rows["critical_difference"].iloc[0]
    parts = [tasks] if pd.isna(p) else [tasks, f"Friedman p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"]
    if pd.notna(difference):
        parts.append(style.words("critical difference {value}", value=f"{difference:.2f}"))
    return f"{setting}\n{', '.join(parts)}"


def draw(ranks: str | Path, methods: Titles, protocols: Titles | None = None) -> Figure:
    """Mean ranks as dots, a panel for each setting, with the critical difference from the best and bars of groups.

    Args:
        ranks: `ranks.csv`; methods that share a letter in `group` are not told apart.
        methods: as for `style.method_looks`.
        protocols: name -> {title}.
    """
    title = style.words("Mean ranks of the methods over the tasks, first mask")
    looks = style.method_looks(methods)
    shown = list(settings(read_csv(ranks, RANKS), protocols).items())
    if not shown:
        sentence = style.words("Ranks need at least two methods that were scored on the same tasks.")
        return style.message(title, sentence)
    most = max(len(rows) for _, rows in shown)
    across = panels.across(len(shown), _LINE * most + _REST, _WIDE, _LEAST)
    fit = (panels.TALL / panels.lines(shown, across) - _REST) / most
    heights = [
        _REST + max(_LOWEST, min(_LINE, fit)) * max(len(rows) for _, rows in shown[start : start + across])
        for start in range(0, len(shown), across)
    ]
    width = style.page() if len(shown) > 1 else style.column()
    grid = panels.grid(len(shown), across, title, panels.Size(width, heights, 0.3))
    wide = width / across - _LABELS
    for axis, (setting, rows) in zip(grid.axes, shown, strict=True):
        _panel(axis, rows, looks, wide)
        heading = "\n".join(style.wrap(line, int(19 * width / across)) for line in _heading(setting, rows).split("\n"))
        axis.set_title(heading, loc="right", fontsize=6.2)
    return grid.figure
