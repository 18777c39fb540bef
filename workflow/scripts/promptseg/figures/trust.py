"""What each confidence is worth: distance to the ideal order, finding of failures, and gain, with intervals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from promptseg.analysis.trust.tables import TRUST_MEANS
from promptseg.core.tables import read_csv
from promptseg.figures import panels, style, trust_source

_TITLE = "What the confidence of a method is worth, mean over tasks"
_NARROW = 5  # inches
# Column -> heading, label of the axis, value of a random order.
_PANELS = {
    "share": ("Order", "0 random, 1 ideal", 0.0),
    "auroc_50": ("Masks with IoU < 0.5 found", "AUROC", 0.5),
    "gain_20": ("20 % of the masks discarded", "gain in mean IoU", 0.0),
}


def _letters(most: int) -> int:
    """How long a line of a label may be."""
    return most if style.page() > _NARROW else most // 2


def _panel(axis: Axes, rows: list[list[dict[str, Any]]], column: str, looks: Mapping[str, style.Look]) -> None:
    heading, label, random = _PANELS[column]
    style.stripes(axis, len(rows))
    axis.axvline(random, color=style.GREY, linewidth=0.8)
    for place, of_row in enumerate(rows):
        most = max(row["n_objects"] for row in of_row)
        own = [row for name in looks for row in of_row if row["confidence"] == name]
        for row, shift in zip(own, style.offsets(len(own), 0.07 * (len(own) - 1)), strict=True):
            look, ends = looks[row["confidence"]], (row[f"{column}_ci_low"], row[f"{column}_ci_high"])
            if pd.notna(ends[0]):
                axis.hlines(place + shift, *ends, color=look.colour, linewidth=0.9, alpha=0.6, zorder=2)
            axis.plot(
                row[column], place + shift, linestyle="none", markersize=2.8, markeredgewidth=0.5, zorder=3,
                label=f"{place} {row['confidence']}", **style.mark(look, row["n_objects"] < most),
            )  # fmt: skip
    axis.xaxis.set_major_locator(MaxNLocator(4 if style.page() > _NARROW else 2))
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_title(style.wrap(style.words(heading), _letters(20)), loc="left", fontweight="bold")
    axis.set_xlabel(style.wrap(style.words(label), _letters(20)))


def draw(trust: str | Path, methods: Mapping[str, Mapping[str, Any]], protocol: str) -> Figure:
    """A row for each method and prompt, a mark for each confidence.

    Args:
        trust: `trust.csv`.
        methods: as for `style.method_looks`.
        protocol: whose clicks are shown.
    """
    title = style.words(_TITLE)
    source = trust_source.shown(read_csv(trust, TRUST_MEANS), methods, protocol, "all")
    both = [(name, prompt) for name in source.methods for prompt in source.prompts]
    parts = {pair: own for pair in both if not (own := source.of(*pair)).empty}
    if not parts:
        return style.message(title, style.words(trust_source.NOTHING))
    looks = trust_source.looks(source.rows["confidence"].tolist())
    size = panels.Size(
        style.page(), max(0.24 if style.page() > _NARROW else 0.36, 0.055 * len(looks)) * len(parts), 0.95
    )
    handles = [style.handle(look) for look in looks.values()]
    if any(rows["n_objects"].nunique() > 1 for rows in parts.values()):
        words = style.words("open: not all masks have it")
        handles.append(style.handle(style.Look(words, style.GREY, "o"), hollow=True))
    grid = panels.grid(
        len(_PANELS), len(_PANELS), title, size, panels.Legend(handles, trust_source.legend_columns(style.page())),
        sharey=True,
    )  # fmt: skip
    rows_of_parts = [rows.to_dict("records") for rows in parts.values()]
    for axis, column in zip(grid.axes, _PANELS, strict=True):
        _panel(axis, rows_of_parts, column, looks)
    low = np.nanmin([rows[["share", "share_ci_low"]].min().min() for rows in parts.values()] + [0])
    grid.axes[0].set_xlim(max(-1.05, low - 0.05), 1.05)
    labels = [f"{source.methods[name]}, {style.words(prompt.title)}" for name, prompt in parts]
    grid.axes[0].set_yticks(range(len(labels)), [style.wrap(label, _letters(34)) for label in labels], linespacing=0.95)
    return grid.figure
