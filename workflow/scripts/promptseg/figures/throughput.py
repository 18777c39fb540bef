"""Speed, where the time of an image goes, and memory: each method on each dataset."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.tables import read_csv
from promptseg.figures import panels, style

FLOOR = 1e-3  # seconds; what a method without an image encoder needs for it is below, and no reader's concern
_SHAPES = ["o", "s", "^", "D", "v", "P", "X", "<"]  # of the datasets, as long as there are few
_STEP = 0.085  # inches between the marks of two datasets
_ROW = 0.34  # inches per method where datasets are not told apart
_LOWEST = 0.2  # at least
_TALLEST = 7.5  # inches of all rows, so that the figure and its caption fit a page
_WIDE = 5.5  # inches of a page on which all panels stand side by side


@dataclass(frozen=True)
class Panel:
    """One quantity: its column, heading, axis label, scale, and the column drawn hollow beside it."""

    column: str
    title: str
    label: str
    scale: Literal["rate", "time", "memory"]
    hollow: str = ""


PANELS = [
    Panel("images_per_second", "Speed", "images per second", "rate"),
    Panel("encode", "Image encoder", "seconds per image", "time"),
    Panel("decode", "Prompts", "seconds per image", "time"),
    Panel("memory", "Peak memory", "GB", "memory", hollow="gpu_memory"),
]


def measured_rows(throughput: pd.DataFrame) -> pd.DataFrame:
    """Rows of `throughput.csv` as the figure takes them.

    Args:
        throughput: see `analysis.throughput.THROUGHPUT`.

    Returns:
        Columns dataset, method, images_per_second, encode and decode (seconds per image), memory and gpu_memory (GB),
        device, precision. NaN where nothing was measured; rows without an image are left out.
    """
    rows = throughput[throughput["images"].fillna(0) > 0]
    images = rows["images"].astype(float)
    return pd.DataFrame(
        {
            "dataset": rows["dataset"],
            "method": rows["method"],
            "images_per_second": rows["images_per_second"].where(rows["images_per_second"] > 0),
            "encode": rows["encode_seconds"] / images,
            "decode": rows["decode_seconds"] / images,
            "memory": rows["peak_memory_mb"] / 1024,
            "gpu_memory": rows["peak_gpu_memory_mb"] / 1024,
            "device": rows["device"],
            "precision": rows["precision"],
        }
    ).reset_index(drop=True)


def decades(values: np.ndarray) -> tuple[int, int]:
    """Exponents of the powers of ten around positive values, at least one apart."""
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    return low, max(high, low + 1)


def _setting(rows: pd.DataFrame) -> str:
    """Device and precision of some rows, as far as they are known: "cpu, fp32"."""
    parts = [style.words(" and ").join(sorted(set(rows[name]) - {""})) for name in ("device", "precision")]
    return ", ".join(part for part in parts if part)


def _median(values: pd.Series, scale: str) -> str:
    """Median with two significant digits, but all before the point; n/a where nothing was measured."""
    value = float(values.median())
    if math.isnan(value):
        return style.words("n/a")
    if scale == "time" and value < FLOOR:
        return f"<{FLOOR:g}"
    return f"{value:.0f}" if value >= 9.95 else f"{value:#.2g}"


def _axis(axis: Axes, panel: Panel, rows: pd.DataFrame) -> None:
    """Scale, ticks and grid of one panel."""
    if panel.scale == "memory":
        most = rows[[panel.column, panel.hollow]].max().max()
        axis.set_xlim(0, 1.08 * most if most > 0 else 1)
        axis.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.xaxis.set_major_formatter("{x:g}")
    else:
        columns = ["encode", "decode"] if panel.scale == "time" else [panel.column]
        values = rows[columns].to_numpy(float).ravel()
        values = values[np.isfinite(values)]
        values = np.maximum(values, FLOOR) if panel.scale == "time" else values
        low, high = decades(values) if len(values) else (0, 1)
        axis.set_xscale("log")
        axis.set_xlim(10**low / 1.35, 10**high * 1.35)
        exponents = range(low, high + 1, math.ceil((high - low) / (5 if style.page() >= _WIDE else 2)))
        axis.xaxis.set_major_locator(FixedLocator([10.0**exponent for exponent in exponents]))
        axis.xaxis.set_major_formatter(FixedFormatter([_tick(10.0**exponent, panel.scale) for exponent in exponents]))
        axis.xaxis.set_minor_locator(NullLocator())
    axis.grid(axis="x", zorder=0)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.set_xlabel(style.words(panel.label))


def _tick(value: float, scale: str) -> str:
    """Label of a power of ten: "10", ".01"; that of the lowest time stands for all below."""
    text = f"{value:g}" if value >= 1 else f"{value:g}".lstrip("0")
    return f"≤{text}" if scale == "time" and value <= FLOOR else text


def _panel(
    axis: Axes, panel: Panel, rows: pd.DataFrame, shapes: Mapping[str, str], looks: Mapping[str, style.Look]
) -> None:
    """Draw one quantity: a row for each method, and in it a mark for each dataset, in their order from the top.

    Args:
        axis: where to draw.
        panel: what to draw.
        rows: see `measured_rows`.
        shapes: dataset -> marker, or "" for that of the method.
        looks: those of the methods, from the top.
    """
    style.stripes(axis, len(looks))
    several = len(shapes) > 1
    spread = np.linspace(-0.32, 0.32, len(shapes)) if several else np.zeros(1)
    size = 1.9 if several and not any(shapes.values()) else 3 if several else 4
    for index, (name, look) in enumerate(looks.items()):
        own = rows[rows["method"] == name].set_index("dataset").reindex(list(shapes))
        words = []
        for column in [panel.column, panel.hollow] if panel.hollow else [panel.column]:
            hollow = column == panel.hollow
            if not hollow or own[column].notna().any():
                words.append(("GPU " if hollow else "") + _median(own[column], panel.scale))
            values = own[column].clip(lower=FLOOR) if panel.scale == "time" else own[column]
            if several and values.notna().any():
                axis.plot(
                    [values.median()] * 2, [index - 0.42, index + 0.42], color=look.colour, alpha=0.45,
                    linewidth=0.8 if hollow else 1.6, solid_capstyle="butt", label=f"{name} median {column}", zorder=2,
                )  # fmt: skip
            for place, value, shape in zip(index + spread, values, shapes.values(), strict=True):
                if np.isfinite(value):
                    axis.plot(
                        [value], [place], linestyle="none", markersize=size, markeredgewidth=0.5, clip_on=False,
                        zorder=3 if hollow else 4, label=f"{name} {column}",
                        **style.mark(replace(look, marker=shape or look.marker), hollow),
                    )  # fmt: skip
        axis.text(
            1.02, index, "\n".join(words), transform=axis.get_yaxis_transform(), fontsize=5.8, color=style.GREY,
            va="center", linespacing=1.1,
        )  # fmt: skip
    _axis(axis, panel, rows)


def _handles(rows: pd.DataFrame, shapes: Mapping[str, str], titles: Mapping[str, str]) -> list[Line2D]:
    """Legend entries: the datasets if they are told apart, what the line is, and the two kinds of memory."""
    handles = [style.handle(style.Look(titles[name], style.GREY, shape)) for name, shape in shapes.items() if shape]
    if len(shapes) > 1:
        if not handles:
            handles.append(
                style.handle(style.Look(style.words("one of {count} datasets", count=len(shapes)), style.GREY, "o"))
            )
        line = Line2D([], [], color=style.GREY, marker="|", markersize=6, markeredgewidth=1.6, linestyle="none")
        line.set(alpha=0.6, label=style.words("median, also the number beside"))
        handles.append(line)
    if rows["gpu_memory"].notna().any():
        neutral = style.Look("", style.GREY, "o")
        handles.append(style.handle(neutral, label=style.words("filled: main memory")))
        handles.append(style.handle(neutral, hollow=True, label=style.words("hollow: memory of the GPU")))
    return handles


def draw(
    throughput: str | Path, datasets: Mapping[str, Mapping[str, Any]], methods: Mapping[str, Mapping[str, Any]]
) -> Figure:
    """Dot plots, one row per method: images per second, seconds per image in encoder and prompts, peak memory.

    Args:
        throughput: `throughput.csv`.
        datasets: name -> {title}; their marks are in this order.
        methods: as for `style.method_looks`; a row for each of them that was timed, in this order.
    """
    title, rows = style.words("Speed and memory, this run"), measured_rows(read_csv(throughput, THROUGHPUT))
    looks = {name: look for name, look in style.method_looks(methods).items() if name in set(rows["method"])}
    if not looks:
        return style.message(title, style.words("No method of this run was timed."))
    found = set(rows["dataset"])
    order = [name for name in datasets if name in found] + sorted(found - set(datasets))
    titles = {name: str(datasets.get(name, {}).get("title") or name) for name in order}
    across = len(PANELS) if style.page() >= _WIDE else len(PANELS) // 2
    tallest = _TALLEST * across / len(PANELS)
    row = max(_ROW, _STEP * len(order) + 0.1)
    told_apart = 1 < len(order) <= len(_SHAPES) and len(looks) * row <= tallest
    row = row if told_apart else max(_LOWEST, min(_ROW, tallest / len(looks)))
    shapes = dict(zip(order, _SHAPES if told_apart else [""] * len(order), strict=False))
    settings = {name: _setting(rows[rows["method"] == name]) for name in looks}
    shared = next(iter(settings.values())) if len(set(settings.values())) == 1 else ""
    words = "; ".join([*(titles.values() if len(order) == 1 else ()), *([shared] if shared else ())])
    handles = _handles(rows, shapes, titles)
    grid = panels.grid(
        len(PANELS), across, f"{title} ({words})" if words else title,
        panels.Size(style.page(), len(looks) * row + 0.4, 0.35),
        panels.Legend(handles, 3, line=0.17) if handles else None, sharey=True,
    )  # fmt: skip
    for axis, panel in zip(grid.axes, PANELS, strict=True):
        _panel(axis, panel, rows, shapes, looks)
        axis.set_title(style.words(panel.title), loc="left")
    labels = [
        style.wrap(look.title, 24) + (f"\n{settings[name]}" if settings[name] and not shared else "")
        for name, look in looks.items()
    ]
    for axis in grid.axes[::across]:
        axis.set_yticks(range(len(labels)), labels, linespacing=0.9, fontsize=6.5 if row >= _ROW else 5.4)
    return grid.figure
