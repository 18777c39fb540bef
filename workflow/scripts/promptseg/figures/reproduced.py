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
_CLICKS = (1, 2, 3, 5, 9)  # that are drawn


def _click_looks() -> dict[str, style.Look]:
    """The looks of clicks, by what `compared` calls them."""
    return {f"{step} clicks": look for step, look in style.click_looks(_CLICKS).items()}


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `published.csv` with a value on both sides, with `panel` (method, modes or protocol) and `look`.

    Of the clicks only 1, 2, 3, 5 and 9 are drawn.
    """
    rows = rows[rows["ours"].notna() & rows["published"].notna()]
    clicks = rows["step"].astype(int).astype(str) + " clicks"
    look = rows["mode"].where(rows["mode"] != ITERATIVE, clicks)
    rows = rows.assign(panel=list(zip(rows["our_method"], rows["protocol"], strict=True)), look=look)
    return rows[look.isin([*style.modes(), *_click_looks()])]


def summary(rows: pd.DataFrame) -> str:
    """How many values are compared, the mean absolute difference, and how many lie inside our interval."""
    known = rows[rows["inside"] != ""]
    count, difference = len(rows), f"{rows['difference'].abs().mean():.3f}"
    text = style.words("{count} values, mean |difference| {difference}", count=count, difference=difference)
    if count == 1:
        text = style.words("1 value, |difference| {difference}", difference=difference)
    inside, of = int((known["inside"] == "yes").sum()), len(known)
    if not of:
        return text
    return text + "; " + style.words("{inside} of {of} published inside our interval", inside=inside, of=of)


def _panel(axis: Axes, rows: pd.DataFrame, wide: float) -> int:
    """Draw one scatter plot; returns how many lines the summary above it takes."""
    axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.6, zorder=1)
    for name, look in (style.modes() | _click_looks()).items():
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
    words = style.wrap(summary(rows), int(21 * wide))
    axis.text(0, 1.01, words, transform=axis.transAxes, fontsize=5.6, color=style.GREY, va="bottom")
    return words.count("\n") + 1


def draw(published: str | Path, methods: Titles, protocols: Titles | None = None) -> Figure:
    """Scatter plots, published along x and ours along y: a panel for each method's modes and each of its protocols.

    Args:
        published: `published.csv`.
        methods: as for `style.method_looks`; panels are in this order.
        protocols: name -> {title}.
    """
    title, looks = style.words("Published (Mazurowski et al. 2023) against this run"), style.method_looks(methods)
    rows = compared(read_csv(published, COMPARISON))
    if rows.empty:
        return style.message(title, style.words(NOTHING))
    shown = sorted(set(rows["panel"]), key=lambda panel: (list(looks).index(panel[0]), panel[1]))
    across = panels.across(len(shown), 2.7, 2.2, 1.6)
    width = style.column() if len(shown) == 1 else style.page()
    wide = width / across - 0.5
    fills = panels.fills(style.words("oracle") if "oracle" in set(rows["selection"]) else "")
    every = (style.modes() | _click_looks()).items()
    handles = [style.handle(look) for name, look in every if name in set(rows["look"])]
    legend = panels.Legend([*handles, *fills], 5)
    grid = panels.grid(len(shown), across, title, panels.Size(width, min(wide, 3.0) + 0.9, 0.4), legend)
    for axis, (method, protocol) in zip(grid.axes, shown, strict=True):
        lines = _panel(axis, rows[rows["panel"] == (method, protocol)], wide)
        clicks = style.words("clicks, {protocol}", protocol=titled(protocols, protocol))
        heading = f"{looks[method].title}, {clicks if protocol else style.words('modes')}"
        axis.set_title(style.wrap(heading, int(18 * wide)), loc="left", fontsize=6.5, pad=4 + 7.5 * lines)
    grid.label(style.words("IoU, published"), style.words("IoU, this run"))
    return grid.figure
