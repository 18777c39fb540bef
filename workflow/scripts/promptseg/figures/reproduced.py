"""The published values against ours, for every task, mode, number of clicks and method that both have."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.study.comparison import COMPARISON
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import panels, style

NOTHING = (
    "Nothing to compare: no method of this run that repeats one of the study was scored on a task that has a published "
    "value. `snakemake --configfile config/paper.yaml` runs such tasks."
)
_CLICKS = {
    f"{step} clicks": style.Look(f"{step} click{'s' if step > 1 else ''}", colour, marker)
    for step, colour, marker in (
        (1, style.SKY, "o"), (2, style.BLUE, "s"), (3, style.GREEN, "^"), (5, style.ORANGE, "D"), (9, style.WINE, "v")
    )
}  # fmt: skip


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `published.csv` with a value on both sides, with `panel` (method, modes or protocol) and `look`.

    Of the clicks only 1, 2, 3, 5 and 9 are drawn.
    """
    rows = rows[rows["ours"].notna() & rows["published"].notna()]
    clicks = rows["step"].astype(int).astype(str) + " clicks"
    look = rows["mode"].where(rows["mode"] != ITERATIVE, clicks)
    rows = rows.assign(panel=list(zip(rows["our_method"], rows["protocol"], strict=True)), look=look)
    return rows[look.isin([*style.modes(), *_CLICKS])]


def summary(rows: pd.DataFrame) -> str:
    """How many values are compared, the mean absolute difference, and how many lie inside our interval."""
    known = rows[rows["inside"] != ""]
    inside = f"; {int((known['inside'] == 'yes').sum())} of {len(known)} published inside our interval"
    values = f"{len(rows)} value{'s' if len(rows) != 1 else ''}"
    return f"{values}, mean |difference| {rows['difference'].abs().mean():.3f}{inside if len(known) else ''}"


def _panel(axis: Axes, rows: pd.DataFrame) -> None:
    axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.6, zorder=1)
    for name, look in (style.modes() | _CLICKS).items():
        for selection in style.selections():
            own = rows[(rows["look"] == name) & (rows["selection"] == selection)]
            if own.empty:
                continue
            axis.vlines(own["published"], own["ci_low"], own["ci_high"], color=look.colour, linewidth=0.6, alpha=0.5)
            axis.plot(
                own["published"], own["ours"], linestyle="none", markersize=3, markeredgewidth=0.6, clip_on=False,
                zorder=3, label=f"{name} {selection}", **style.mark(look, selection == "oracle"),
            )  # fmt: skip
    style.unit_axis(axis, "x")
    style.unit_axis(axis, "y")
    axis.set_aspect("equal")
    words = style.wrap(summary(rows), 48)
    axis.text(0, 1.01, words, transform=axis.transAxes, fontsize=5.6, color=style.GREY, va="bottom")


def draw(published: str | Path, methods: Titles, protocols: Titles | None = None) -> Figure:
    """Scatter plots, published along x and ours along y: a panel for each method's modes and each of its protocols.

    Args:
        published: `published.csv`.
        methods: as for `style.method_looks`; panels are in this order.
        protocols: name -> {title}.
    """
    title, looks = "Published (Mazurowski et al. 2023) against this run", style.method_looks(methods)
    rows = compared(read_csv(published, COMPARISON))
    if rows.empty:
        return style.message(title, NOTHING)
    shown = sorted(set(rows["panel"]), key=lambda panel: (list(looks).index(panel[0]), panel[1]))
    across = min(3, len(shown))
    side = {1: 3.1, 2: 3.0, 3: 2.15}[across] + 0.55
    size = panels.Size(style.column(), side, 1.2) if across == 1 else panels.Size(style.page(), side, 1.05)
    grid = panels.grid(len(shown), across, title, size)
    for axis, (method, protocol) in zip(grid.axes, shown, strict=True):
        _panel(axis, rows[rows["panel"] == (method, protocol)])
        heading = f"{looks[method].title}, {f'clicks, {titled(protocols, protocol)}' if protocol else 'modes'}"
        axis.set_title(style.wrap(heading, 34), loc="left", fontweight="bold", pad=18)
        axis.set_xlabel("IoU, published")
        axis.set_ylabel("IoU, this run")
    _legends(grid.figure, rows)
    return grid.figure


def _legends(figure: Figure, rows: pd.DataFrame) -> None:
    """Modes and clicks share colours, so each has a legend of its own."""
    modes, clicks = (
        [style.handle(look) for name, look in looks.items() if name in set(rows["look"])]
        for looks in (style.modes(), _CLICKS)
    )
    fills = panels.fills("oracle" if "oracle" in set(rows["selection"]) else "")
    if modes:
        figure.legend(
            handles=modes if clicks else modes + fills, ncols=2, title="Modes",
            loc="outside lower left" if clicks else "outside lower center",
        )  # fmt: skip
    if clicks:
        figure.legend(
            handles=clicks + fills, ncols=3, title="Clicks",
            loc="outside lower right" if modes else "outside lower center",
        )  # fmt: skip
