"""The published values against ours, for every task, mode, number of clicks and method that both have."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.study.comparison import COMPARISON
from promptseg.core.tables import read_csv
from promptseg.figures import style

NOTHING = (
    "Nothing to compare: no method of this run that repeats one of the study was scored on a task that has a published "
    "value. `snakemake --configfile config/paper.yaml` runs such tasks."
)
_CLICKS = {
    1: ("#56B4E9", "o"),
    2: ("#0072B2", "s"),
    3: ("#009E73", "^"),
    5: ("#E69F00", "D"),
    9: ("#882255", "v"),
}


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `published.csv` with a value on both sides, with `panel` (method, modes or protocol) and `look`.

    Of the clicks only 1, 2, 3, 5 and 9 are drawn.
    """
    rows = rows[rows["ours"].notna() & rows["published"].notna()]
    rows = rows[(rows["mode"] != "iterative") | rows["step"].isin(list(_CLICKS))]
    clicks = rows["step"].astype(int).astype(str) + " clicks"
    return rows.assign(
        panel=list(zip(rows["our_method"], rows["protocol"], strict=True)),
        look=rows["mode"].where(rows["mode"] != "iterative", clicks),
    )


_LOOKS = {
    f"{step} clicks": style.Look(f"{step} click{'s' if step > 1 else ''}", colour, marker)
    for step, (colour, marker) in _CLICKS.items()
}


def summary(rows: pd.DataFrame) -> str:
    """How many values are compared, the mean absolute difference, and how many lie inside our interval."""
    known = rows[rows["inside"] != ""]
    inside = f"; {int((known['inside'] == 'yes').sum())} of {len(known)} published inside our interval"
    values = f"{len(rows)} value{'s' if len(rows) != 1 else ''}"
    return f"{values}, mean |difference| {rows['difference'].abs().mean():.3f}{inside if len(known) else ''}"


def _panel(axis: Axes, rows: pd.DataFrame) -> None:
    axis.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.6, zorder=1)
    for name, look in (style.MODES | _LOOKS).items():
        for selection in style.SELECTIONS:
            own = rows[(rows["look"] == name) & (rows["selection"] == selection)]
            if own.empty:
                continue
            axis.vlines(own["published"], own["ci_low"], own["ci_high"], color=look.colour, linewidth=0.6, alpha=0.5)
            axis.plot(
                own["published"], own["ours"], look.marker, color=look.colour, markersize=3, clip_on=False, zorder=3,
                markerfacecolor="white" if selection == "oracle" else look.colour, markeredgewidth=0.6,
                label=f"{name} {selection}",
            )  # fmt: skip
    style.unit_axis(axis, "x")
    style.unit_axis(axis, "y")
    axis.set_aspect("equal")
    axis.text(
        0, 1.01, style.wrap(summary(rows), 48), transform=axis.transAxes, fontsize=5.6, color=style.GREY, va="bottom"
    )


def reproduced_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> Figure:
    """Scatter plots, published along x and ours along y: a panel for each method's modes and each of its protocols.

    Args:
        rows: see `compared`.
        looks: see `style.method_looks`; panels are in this order.
    """
    title = "Published (Mazurowski et al. 2023) against this run"
    if rows.empty:
        return style.message(title, NOTHING)
    style.use()
    found = set(rows["panel"])
    panels = sorted(found, key=lambda panel: (list(looks).index(panel[0]), panel[1]))
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    width = style.COLUMN if across == 1 else style.PAGE
    side = {1: 3.1, 2: 3.0, 3: 2.15}[across]
    used = set(rows["look"])
    height = down * (side + 0.55) + (1.05 if across > 1 else 1.2)
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(style.wrap(title, 60))
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for index, axis in enumerate(axes):
        if index >= len(panels):
            axis.set_visible(False)
            continue
        method, protocol = panels[index]
        _panel(axis, rows[rows["panel"] == panels[index]])
        heading = f"{looks[method].title}, {f'clicks, {protocol}' if protocol else 'modes'}"
        axis.set_title(style.wrap(heading, 34), loc="left", fontweight="bold", pad=18)
        axis.set_xlabel("IoU, published")
        axis.set_ylabel("IoU, this run")
    modes = [style.handle(look) for name, look in style.MODES.items() if name in used]
    clicks = [style.handle(look) for name, look in _LOOKS.items() if name in used]
    neutral = style.Look("", style.GREY, "o")
    fills = [style.handle(neutral, label="filled: first mask")]
    if "oracle" in set(rows["selection"]):
        fills.append(style.handle(neutral, hollow=True, label="hollow: oracle"))
    # Modes and clicks share colours, so each has a legend of its own.
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
    return figure


def draw(published: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure from `published.csv`; methods as for `style.method_looks`."""
    return reproduced_figure(compared(read_csv(published, COMPARISON)), style.method_looks(methods))
