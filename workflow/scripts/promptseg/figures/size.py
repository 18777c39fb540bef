"""IoU against the size of the object: means of size classes with intervals, single objects behind them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from promptseg.analysis.size import CORRELATION, SIZE
from promptseg.core.parquet import read_arrow
from promptseg.core.tables import read_csv
from promptseg.core.titles import titled
from promptseg.figures import numbers, panels, style

POOLED = "All datasets"
POINTS = 250  # drawn of one method in one panel
_PANEL, _NAMES = 1.1, 1.0  # inches of the narrowest panel, and of the names beside the numbers
_DODGE = 0.12  # decades, by which the marks of methods stand beside one another
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ORDER = ["relative_area", "dataset", "object_id"]
_MANY = 9  # panels; of more five stand in a row


def read_objects(files: Sequence[Path], mode: str) -> pd.DataFrame:
    """Scores of the first mask in one mode: columns dataset, method, object_id, relative_area, iou.

    Args:
        files: score files, each of one method and dataset; at most POINTS objects of each are returned, at even
            distances in their order by size: the same for every method.
    """
    keep = [("mode", "==", mode), ("selection", "==", "first"), ("status", "==", "ok")]
    columns = ["dataset", "method", "object_id", "relative_area", "iou"]
    order = [(column, "ascending") for column in _ORDER]
    parts = [read_arrow(file, columns=columns, filters=keep).sort_by(order) for file in files]
    parts = [part.take(_places(len(part))) for part in parts]
    return pa.concat_tables(parts).to_pandas() if parts else pd.DataFrame(columns=columns)


def _places(count: int) -> np.ndarray:
    """Of POINTS of `count` things at even distances."""
    return np.linspace(0, count - 1, min(POINTS, count)).round().astype(int)


def _panel(axis: Axes, bins: pd.DataFrame, points: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    """One dataset: points, class means with intervals, and above them how many objects a class has."""
    for (name, look), shift in zip(looks.items(), style.offsets(len(looks), _DODGE), strict=True):
        few, own = points[points["method"] == name], bins[bins["method"] == name].sort_values("bin_low")
        if few.empty or own.empty:
            continue
        few = few.sort_values(_ORDER).iloc[_places(len(few))]
        axis.plot(
            few["relative_area"], few["iou"], look.marker, color=look.colour, alpha=0.3, markersize=1.4,
            markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip
        centres = np.sqrt(own["bin_low"] * own["bin_high"]) * 10**shift
        numbers.curve(axis, own.assign(n_objects=own["n"]), centres, "iou", look, name)
    for (low, high), held in bins.groupby(["bin_low", "bin_high"])["n"].max().items():
        where: dict[str, Any] = {"transform": axis.get_xaxis_transform(), "ha": "center", "va": "bottom"}
        axis.text(np.sqrt(low * high), 1.01, str(held), fontsize=5.2, color=style.GREY, **where)
    axis.text(-0.02, 1.01, "n", transform=axis.transAxes, ha="right", va="bottom", fontsize=5.2, color=style.GREY)
    axis.set_xscale("log")
    style.unit_axis(axis, "y")
    axis.xaxis.set_major_locator(LogLocator(numticks=5))
    axis.xaxis.set_major_formatter(lambda share, _: f"10{str(round(math.log10(share))).translate(_RAISED)}")
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
    title = style.words("IoU against the size of the object, mode {mode}", mode=style.modes()[mode].title)
    looks = style.method_looks(methods)
    rivals = style.rivals(methods)
    rows, rho = (
        table[(table["mode"] == mode) & (table["selection"] == "first") & table["method"].isin(rivals)]
        for table in (read_csv(bins, SIZE), read_csv(correlations, CORRELATION))
    )
    rows = rows[rows["bin_low"].notna()]
    if rows.empty:
        return style.message(title, style.words("No object of this run was scored in this mode."))
    points = read_objects([file for file in scores if file.parent.name in rivals], mode)
    shown = {name: looks[name] for name in rivals if name in set(rows["method"])}
    found = set(rows["dataset"]) - {""}
    names = [name for name in datasets if name in found] + sorted(found - set(datasets))
    names = ["", *names] if len(names) > 1 else names
    across = min(len(names), max(1, int((style.page() - _NAMES) / _PANEL)), 3 if len(names) <= _MANY else 5)
    width = style.page() if len(names) > 1 else style.column()
    handles = [style.handle(look, line="-") for look in shown.values()]
    handles += numbers.notes(bool(rows["ci_low"].notna().any()))
    heights = [min(1.6, 0.85 * (width - _NAMES) / across), numbers.LINE * (len(shown) + 1.5)]
    grid = panels.grid(
        len(names), across, title, panels.Size(width, sum(heights) + 0.7, 0.4),
        panels.Legend(handles, max(1, int(width / 1.8))), parts=[part / sum(heights) for part in heights],
    )  # fmt: skip
    limits = 0.7 * rows["bin_low"].min(), 1.4 * rows["bin_high"].max()
    for place, ((axis, below), name) in enumerate(zip(grid.axes, names, strict=True)):
        _panel(axis, rows[rows["dataset"] == name], points[points["dataset"] == name] if name else points, shown)
        own = rho[rho["dataset"] == name].to_dict("records")
        values = {
            row["method"]: [str(row["n"]), numbers.with_interval(row, "spearman", "ci_low", "ci_high")] for row in own
        }
        numbers.table(below, values, {"n": 0.25, style.RHO: 1.0}, shown)
        heading = titled(datasets, name) if name else style.words(POOLED)
        weight = "normal" if name else "bold"
        axis.set_title(style.wrap(heading, int(16 * width / across)), loc="left", fontweight=weight, pad=9)
        axis.set_xlim(limits)
        axis.set_xlabel(style.words("Object / image area"))
        if place % across:
            for part in (axis, below):
                part.tick_params(axis="y", labelleft=False)
        else:
            axis.set_ylabel("IoU")
    return grid.figure
