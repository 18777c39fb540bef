"""What is left of a mask with the distance from the slice that was prompted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core import titles
from promptseg.core.routes import CONTOURS, POINT
from promptseg.core.tables import read_csv
from promptseg.figures import panels, route_looks, style
from promptseg.volumes.analysis import order
from promptseg.volumes.analysis.retention import RETENTION

TITLE = "Dice of single slices, by their distance from the nearest prompted one"
_WORDS = {"mm": "mm", "slices": "slices"}


def draw(retention: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A row of panels for each method, one for given and one for open ends, with the fewest prompted slices.

    Args:
        retention: `retention.csv`.
        methods: as for `style.method_looks`.
    """
    rows = order.before_clicks(read_csv(retention, RETENTION))
    rows = rows[rows["dice"].notna() & (rows["slices"] != "all")]
    if set(rows["method"]) <= {CONTOURS}:
        return style.message(TITLE, "No slice away from a prompted one was scored.")
    control = rows["method"] == CONTOURS
    unit = rows.loc[~control, "distance_unit"].mode().iloc[0]  # of two kinds of volumes the more frequent one is shown
    fewest, few = order.choices(rows[~control])[0], order.choices(rows[control])[:2]
    rows = rows[(rows["distance_unit"] == unit) & rows["slices"].eq(fewest).where(~control, rows["slices"].isin(few))]
    names, ends = order.methods_of(rows, methods), order.ends_of(rows)
    looks = style.method_looks(methods)
    width = style.page() if len(ends) > 1 else style.column()
    legend = panels.Legend(route_looks.handles(rows), 4 if len(ends) > 1 else 2)
    apart = [name for name in few if name != fewest]
    title = f"{TITLE}, {titles.slices(fewest)} prompted"
    title += f" (contours interpolated: {titles.slices(apart[0])})" if apart else ""
    size = panels.Size(width, 1.75, 0.6)
    grid = panels.grid(len(names) * len(ends), len(ends), title, size, legend, sharex=True, sharey=True)
    for index, axis in enumerate(grid.axes):
        method, extents = names[index // len(ends)], ends[index % len(ends)]
        here = rows[rows["method"].isin([method, CONTOURS]) & (rows["extents"] == extents)]
        _panel(axis, order.in_order(here))
        look = looks.get(method)
        axis.set_title(
            f"{look.title if look else titles.plain(method)}, {titles.EXTENTS[extents]}", loc="left",
            color=look.colour if look else style.GREY, fontweight="bold",
        )  # fmt: skip
    grid.label(f"Distance, {_WORDS[unit]}", "Dice of slices")
    return grid.figure


def _panel(axis: Axes, rows: pd.DataFrame) -> None:
    """The curves of one method and of the controls; a tick on the axis where half is lost."""
    for (method, route, slices, prompt), own in rows.groupby(["method", "route", "slices", "prompt"], sort=False):
        own = own.sort_values("distance")
        look, control = route_looks.ROUTES[route], method == CONTOURS
        panels.band(axis, own["distance"], own, look, alpha=0.1)
        axis.plot(
            own["distance"], own["dice"], linestyle="-" if control else route_looks.LINES[prompt],
            label=f"{route} {slices} {prompt}", clip_on=False, zorder=2 if control else 3,
            **style.mark(look, not control and prompt == POINT),
        )  # fmt: skip
        half = own["half_distance"].iloc[0]
        if pd.notna(half) and not control:
            axis.plot(half, -0.02, "|", color=look.colour, markersize=7, markeredgewidth=1.4, clip_on=False, zorder=4)
    style.unit_axis(axis, "y")
    axis.set_xlim(left=0)
