"""IoU against the size of the object: means of size classes with intervals, single objects behind them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from promptseg.analysis.size import CORRELATION, SIZE
from promptseg.core.tables import read_csv
from promptseg.figures import panels, style

POOLED = "All datasets"
POINTS = 250  # drawn of one method in one panel
_CORRELATIONS = 6  # in a line above a panel


def read_objects(files: Sequence[Path], mode: str) -> pd.DataFrame:
    """Scores of the first mask in one mode: columns dataset, method, object_id, relative_area, iou.

    Args:
        files: score files, each of one method and dataset; at most POINTS objects of each are returned, at even
            distances in their order by size: the same for every method.
    """
    keep = [("mode", "==", mode), ("selection", "==", "first"), ("status", "==", "ok")]
    columns = ["dataset", "method", "object_id", "relative_area", "iou"]
    parts = [pq.read_table(file, columns=columns, filters=keep).to_pandas() for file in files]
    return pd.concat([_sample(part) for part in parts], ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _sample(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["relative_area", "dataset", "object_id"])
    return ordered.iloc[np.linspace(0, len(ordered) - 1, min(POINTS, len(ordered))).round().astype(int)]


def _panel(
    axis: Axes, bins: pd.DataFrame, points: pd.DataFrame, correlations: Mapping[str, float],
    looks: Mapping[str, style.Look],
) -> None:  # fmt: skip
    """One dataset: points, class means with interval, and above the panel the rank correlation of each method."""
    column = 0
    for name, look in looks.items():
        few = _sample(points[points["method"] == name])
        own = bins[bins["method"] == name].sort_values("bin_low")
        if few.empty or own.empty:
            continue
        axis.plot(
            few["relative_area"], few["iou"], look.marker, color=look.colour, alpha=0.3, markersize=1.4,
            markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip
        x = np.sqrt(own["bin_low"] * own["bin_high"])
        panels.band(axis, x, own, look, alpha=0.15)
        axis.plot(
            x, own["iou"], color=look.colour, marker=look.marker, markersize=3, label=name, markeredgecolor="white",
            markeredgewidth=0.3, zorder=3,
        )  # fmt: skip
        rho = correlations.get(name, np.nan)
        if np.isfinite(rho):
            text = f"{round(rho, 2) + 0.0:+.2f}".replace("0.", ".").replace("-", "\N{MINUS SIGN}")
            place = (0.09 + 0.15 * (column % _CORRELATIONS), 1.03 + 0.085 * (column // _CORRELATIONS))
            axis.text(*place, text, transform=axis.transAxes, color=look.colour, fontsize=5.6, va="bottom")
            column += 1
    if column:
        axis.text(0, 1.03, style.RHO, transform=axis.transAxes, color=style.GREY, fontsize=5.8, va="bottom")
    axis.set_xscale("log")
    style.unit_axis(axis, "y")
    axis.xaxis.set_major_locator(LogLocator(numticks=5))
    axis.xaxis.set_minor_locator(NullLocator())


def draw(
    bins: str | Path,
    correlations: str | Path,
    scores: Sequence[Path],
    mode: str,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> Figure:
    """All datasets together, then each of them, in one mode: first mask, without controls.

    Args:
        bins, correlations: `size.csv` and `size_correlation.csv`.
        scores: files of all methods, each in a folder of the method's name.
        mode: which.
        datasets, methods: name -> {title}, as for `style.method_looks`.
    """
    title = f"IoU against the size of the object, mode {style.modes()[mode].title}"
    looks = style.method_looks(methods)
    rivals = style.rivals(methods)
    rows, rho = (
        table[(table["mode"] == mode) & (table["selection"] == "first") & table["method"].isin(rivals)]
        for table in (read_csv(bins, SIZE), read_csv(correlations, CORRELATION))
    )
    rows = rows[rows["bin_low"].notna()]
    if rows.empty:
        return style.message(title, "No object of this run was scored in this mode.")
    points = read_objects([file for file in scores if file.parent.name in rivals], mode)
    shown = {name: looks[name] for name in rivals if name in set(rows["method"])}
    found = set(rows["dataset"]) - {""}
    names = [name for name in datasets if name in found] + sorted(found - set(datasets))
    names = ["", *names] if len(names) > 1 else names
    width, columns = (style.page(), 4) if len(names) > 1 else (style.column(), 2)
    legend = panels.Legend([style.handle(look, line="-") for look in shown.values()], columns)
    grid = panels.grid(len(names), 3, title, panels.Size(width, 1.75, 0.65), legend, sharex=True, sharey=True)
    for axis, name in zip(grid.axes, names, strict=True):
        known = rho[rho["dataset"] == name].set_index("method")["spearman"].to_dict()
        own = points[points["dataset"] == name] if name else points
        _panel(axis, rows[rows["dataset"] == name], own, known, shown)
        heading = str(datasets.get(name, {}).get("title") or name) if name else POOLED
        pad = 5 + 7 * panels.lines(shown, _CORRELATIONS)
        axis.set_title(style.wrap(heading, 34), loc="left", fontweight="normal" if name else "bold", pad=pad)
    grid.label("Object / image area", "IoU")
    return grid.figure
