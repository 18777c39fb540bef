"""Routes against one another by the number of prompted slices, with given and with open ends."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core import titles
from promptseg.core.routes import CONTOURS, EXTRUDE, POINT
from promptseg.core.tables import read_csv
from promptseg.figures import panels, route_looks, style
from promptseg.volumes.analysis import order
from promptseg.volumes.analysis.routes import ROUTES

TITLE = "Dice over the whole volume, by the number of prompted slices"


def draw(routes: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A row of panels for each method, one for given and one for open ends; true contours in grey in all of them.

    Args:
        routes: `routes.csv`.
        methods: as for `style.method_looks`.
    """
    rows = order.before_clicks(read_csv(routes, ROUTES))
    rows = rows[rows["dice"].notna()]
    names, ends = order.methods_of(rows, methods), order.ends_of(rows)
    if not names:
        return style.message(TITLE, "No route of a method was scored.")
    looks, choices = style.method_looks(methods), order.choices(rows)
    objects = rows.groupby("slices")["n_objects"].max()
    ticks = [f"{style.wrap(titles.slice_count(name), 14)}\n({objects[name]})" for name in choices]
    width = style.page() if len(ends) > 1 else style.column()
    legend = panels.Legend(route_looks.handles(rows), 4 if len(ends) > 1 else 2)
    size = panels.Size(width, 1.75, 0.6)
    grid = panels.grid(len(names) * len(ends), len(ends), TITLE, size, legend, sharex=True, sharey=True)
    for index, axis in enumerate(grid.axes):
        method, extents = names[index // len(ends)], ends[index % len(ends)]
        here = rows[rows["method"].isin([method, CONTOURS]) & (rows["extents"] == extents)]
        _panel(axis, order.in_order(here), choices)
        axis.set_xticks(range(len(choices)), ticks)
        look = looks.get(method)
        axis.set_title(
            f"{look.title if look else titles.plain(method)}, {titles.EXTENTS[extents]}", loc="left",
            color=look.colour if look else style.GREY, fontweight="bold",
        )  # fmt: skip
    count = int(rows["n_tasks"].max())
    grid.label("Prompted slices (objects that have as many)", f"Dice, mean over {count} task{'s' if count > 1 else ''}")
    return grid.figure


def _panel(axis: Axes, rows: pd.DataFrame, choices: Sequence[str]) -> None:
    """The routes of one method and the controls; marks of one place stand beside one another."""
    series = list(rows.groupby(["method", "route", "prompt"], sort=False))
    for ((method, route, prompt), own), shift in zip(series, style.offsets(len(series), 0.22), strict=True):
        look, control = route_looks.ROUTES[route], method == CONTOURS
        line = "-" if control else route_looks.LINES[prompt]
        places = [choices.index(name) + shift for name in own["slices"]]
        if route == EXTRUDE:
            axis.axhline(own["dice"].iloc[0], color=look.colour, linewidth=0.7, zorder=1)
        known = own["dice_ci_low"].notna()
        axis.vlines(
            [place for place, there in zip(places, known, strict=True) if there], own.loc[known, "dice_ci_low"],
            own.loc[known, "dice_ci_high"], color=look.colour, linewidth=0.8, alpha=0.6, zorder=2,
        )  # fmt: skip
        axis.plot(
            places, own["dice"], linestyle=line, label=f"{route} {prompt}", clip_on=False, zorder=3,
            linewidth=1.2 if control else 0.9, **style.mark(look, not control and prompt == POINT),
        )  # fmt: skip
    axis.set_xlim(-0.4, len(choices) - 0.6)
    style.unit_axis(axis, "y")
    axis.grid(visible=False, axis="x")
