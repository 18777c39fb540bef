"""How the IoU is spread over the objects of each task in the five modes, one figure per method."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.cbook import boxplot_stats
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from promptseg.core.parquet import read_arrow
from promptseg.core.titles import titled
from promptseg.figures import panels, style

POINTS = 200  # drawn of one task and mode; the boxes rest on all
_ROW, _LOWEST = 0.24, 0.12  # inches per task, and at least
_LABELS = 1.6  # inches of the names of the tasks
_FEW = 50  # points, which are drawn larger
_SEED = 0  # of the points' places within their row, which carry no meaning


def read_scores(files: Sequence[Path]) -> pd.DataFrame:
    """Scores of the first mask in modes 1 to 5, of score files of one method: columns dataset, task, mode, iou."""
    keep = [("mode", "in", list(style.modes())), ("selection", "==", "first"), ("status", "==", "ok")]
    parts = [read_arrow(file, columns=["dataset", "task", "mode", "iou"], filters=keep) for file in files]
    return pa.concat_tables(parts).to_pandas()


def task_order(files: Sequence[Path], datasets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Labels of the tasks by falling median of all objects over all methods and modes: one order for all figures.

    Args:
        files: score files of all methods.
        datasets: name -> {title}.
    """
    rows = style.labelled(read_scores(files), datasets)
    # Methods take different modes, so each mode counts alike.
    means = rows.groupby(["label", "mode"])["iou"].median().groupby("label").mean()
    return list(means.sort_index().sort_values(ascending=False, kind="stable").index)


def sample(values: Sequence[float], count: int) -> np.ndarray:
    """At most `count` of the values, at even distances in their order by size: it keeps the shape and the extremes."""
    ordered = np.sort(np.asarray(values, dtype=float))
    return ordered[np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)]


def _panel(axis: Axes, rows: pd.DataFrame, order: Sequence[str], look: style.Look) -> None:
    """One mode: for each task a box (quartiles, whiskers from the 5th to the 95th percentile) and points."""
    style.stripes(axis, len(order))
    groups = {label: group["iou"].to_numpy(float) for label, group in rows.groupby("label")}
    places = [index for index, label in enumerate(order) if label in groups]
    values = [groups[order[index]] for index in places]
    rng = np.random.default_rng(_SEED)
    drawn: dict[bool, list[np.ndarray]] = {}
    for index, ious in zip(places, values, strict=True):
        chosen = sample(ious, POINTS)
        drawn.setdefault(len(chosen) <= _FEW, []).append(
            np.stack([chosen, index + rng.uniform(-0.3, 0.3, len(chosen))])
        )
    for few, points in drawn.items():
        size, alpha = (2.2, 0.7) if few else (1.5, 0.4)
        axis.plot(
            *np.concatenate(points, axis=1), look.marker, color=look.colour, alpha=alpha, markersize=size,
            markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip
    _boxes(axis, places, boxplot_stats(values, whis=(5, 95)) if values else [])
    style.unit_axis(axis, "x")
    axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])


def _boxes(axis: Axes, places: Sequence[int], found: Sequence[Mapping[str, Any]]) -> None:
    """As `Axes.boxplot` draws them, which makes seven artists for each.

    Args:
        places: of the boxes, along y.
        found: see `boxplot_stats`.
    """
    thin: list[list[tuple[float, float]]] = []
    medians: list[list[tuple[float, float]]] = []
    for place, box in zip(places, found, strict=True):
        (low, high), (least, most) = (box["q1"], box["q3"]), (box["whislo"], box["whishi"])
        bottom, top, ends = place - 0.25, place + 0.25, (place - 0.125, place + 0.125)
        thin += [
            [(low, bottom), (low, top), (high, top), (high, bottom), (low, bottom)],
            [(low, place), (least, place)], [(high, place), (most, place)],
            *([(value, end) for end in ends] for value in (least, most)),
        ]  # fmt: skip
        medians.append([(box["med"], bottom), (box["med"], top)])
    round_ends: Any = {"capstyle": "round", "joinstyle": "round"}
    axis.add_collection(LineCollection(thin, colors=style.GREY, linewidths=0.7, zorder=3, **round_ends))
    axis.add_collection(LineCollection(medians, colors="black", linewidths=1.2, capstyle="butt", zorder=3.1))
    axis.plot(
        [box["mean"] for box in found], places, "D", markersize=2.4, markerfacecolor="white", markeredgecolor="black",
        markeredgewidth=0.6, zorder=3.1,
    )  # fmt: skip


def draw(
    scores: Sequence[Path],
    method: str,
    order: Sequence[str],
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> Figure:
    """The figure of one method: a row for each task and a panel for each mode.

    Args:
        scores: files of all methods, each in a folder of the method's name.
        method: whose files are read.
        order: labels of the tasks from the top, see `task_order`.
        datasets, methods: name -> {title}.
    """
    title = style.words("{method}: IoU of single objects, first mask", method=titled(methods, method))
    rows = style.labelled(read_scores([file for file in scores if file.parent.name == method]), datasets)
    if rows.empty:
        return style.message(title, style.words("This method was not prompted in modes 1 to 5."))
    modes = {mode: look for mode, look in style.modes().items() if mode in set(rows["mode"])}
    own = [label for label in order if label in set(rows["label"])]
    counts = rows.groupby(["label", "mode"]).size().groupby("label").max()
    across = panels.across(len(modes), len(own) * _LOWEST + 0.6, 1.0, 0.7, _LABELS)
    down = panels.lines(modes, across)
    row = max(_LOWEST, min(_ROW, ((panels.TALL - 0.4) / down - 0.6) / len(own)))
    width = style.page() if down > 1 else max(style.column(), min(style.page(), 1.8 + 1.25 * len(modes)))
    size = panels.Size(width, len(own) * row + 0.6, 0.4)
    grid = panels.grid(len(modes), across, title, size, sharex=True, sharey=True)
    for axis, (mode, look) in zip(grid.axes, modes.items(), strict=True):
        _panel(axis, rows[rows["mode"] == mode], own, look)
        axis.set_title(style.wrap(look.title, 20), fontsize=6.5)
    grid.label("IoU", "")
    labels = [style.wrap(f"{label} ({counts[label]})", 34) for label in own]
    for axis in grid.axes[::across]:
        axis.set_yticks(range(len(own)), labels, fontsize=6 if row > 0.17 else 5.2, linespacing=0.9)
    return grid.figure
