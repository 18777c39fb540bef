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
from promptseg.figures import style

POOLED = "All datasets"
POINTS = 250  # drawn of one method in one panel
_ACROSS = 3


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
        if own["ci_low"].notna().any():
            axis.fill_between(x, own["ci_low"], own["ci_high"], color=look.colour, alpha=0.15, linewidth=0, zorder=1)
        axis.plot(
            x, own["iou"], color=look.colour, marker=look.marker, markersize=3,
            label=name, markeredgecolor="white", markeredgewidth=0.3, zorder=3,
        )  # fmt: skip
        rho = correlations.get(name, np.nan)
        if np.isfinite(rho):
            text = f"{round(rho, 2) + 0.0:+.2f}".replace("0.", ".").replace("-", "\N{MINUS SIGN}")
            place = (0.09 + 0.15 * (column % 6), 1.03 + 0.085 * (column // 6))
            axis.text(*place, text, transform=axis.transAxes, color=look.colour, fontsize=5.6, va="bottom")
            column += 1
    if column:
        axis.text(0, 1.03, style.RHO, transform=axis.transAxes, color=style.GREY, fontsize=5.8, va="bottom")
    axis.set_xscale("log")
    style.unit_axis(axis, "y")
    axis.xaxis.set_major_locator(LogLocator(numticks=5))
    axis.xaxis.set_minor_locator(NullLocator())


def size_figure(
    bins: pd.DataFrame,
    correlations: pd.DataFrame,
    points: pd.DataFrame,
    looks: Mapping[str, style.Look],
    datasets: Mapping[str, Mapping[str, Any]],
    title: str,
) -> Figure:
    """Small multiples: all datasets together, then each of them.

    Args:
        bins: columns dataset ("" for all together), method, bin_low, bin_high (area of the object divided by that of
            the image), iou, ci_low, ci_high.
        correlations: columns dataset, method, spearman.
        points: columns dataset, method, object_id, relative_area, iou, one row per object.
        looks: see `style.method_looks`.
        datasets: name -> {title}.
    """
    if bins.empty:
        return style.message(title, "No object of this run was scored in this mode.")
    style.use()
    shown = {name: look for name, look in looks.items() if name in set(bins["method"])}
    found = set(bins["dataset"]) - {""}
    names = [name for name in datasets if name in found] + sorted(found - set(datasets))
    panels = ["", *names] if len(names) > 1 else names
    across = min(_ACROSS, len(panels))
    down = -(-len(panels) // across)
    width = style.PAGE if across > 1 else style.COLUMN
    columns = 4 if across > 1 else 2
    height = down * 1.75 + 0.15 * -(-len(shown) // columns) + 0.65
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(style.wrap(title, int(16 * width)))
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    pad = 12 + 7 * (-(-len(shown) // 6) - 1)
    for axis, name in zip(axes, panels, strict=False):
        rho = correlations[correlations["dataset"] == name].set_index("method")["spearman"]
        own = points[points["dataset"] == name] if name else points
        _panel(axis, bins[bins["dataset"] == name], own, rho.to_dict(), shown)
        heading = str(datasets.get(name, {}).get("title") or name) if name else POOLED
        axis.set_title(style.wrap(heading, 34), loc="left", fontweight="normal" if name else "bold", pad=pad)
    for index, axis in enumerate(axes):
        axis.set_visible(index < len(panels))
        if index + across >= len(panels):
            axis.tick_params(axis="x", labelbottom=True)
            axis.set_xlabel("Object / image area")
        if index % across == 0:
            axis.set_ylabel("IoU")
    handles = [style.handle(look, line="-") for look in shown.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
    return figure


def draw(
    bins: str | Path,
    correlations: str | Path,
    scores: Sequence[Path],
    mode: str,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> Figure:
    """The figure of one mode, first mask, without controls.

    Args:
        bins, correlations: `size.csv` and `size_correlation.csv`.
        scores: files of all methods, each in a folder of the method's name.
        mode: which.
        datasets, methods: name -> {title}, as for `style.method_looks`.
    """
    looks = style.method_looks(methods)
    rivals = {name: looks[name] for name in style.rivals(methods)}
    rows, rho = read_csv(bins, SIZE), read_csv(correlations, CORRELATION)
    rows, rho = (
        frame[(frame["mode"] == mode) & (frame["selection"] == "first") & frame["method"].isin(rivals)]
        for frame in (rows, rho)
    )
    points = read_objects([file for file in scores if file.parent.name in rivals], mode)
    title = f"IoU against the size of the object, mode {style.MODES[mode].title}"
    return size_figure(rows[rows["bin_low"].notna()], rho, points, rivals, datasets, title)
