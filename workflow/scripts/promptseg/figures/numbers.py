"""Numbers beside marks: small tables under a panel, marks with intervals, and bins that hold too little."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from promptseg.figures import style

FEW = 10  # objects: means over fewer are drawn open
NO_INTERVALS = "no intervals: a dataset has a single patient"
LINE = 0.115  # inches of a row of a table
_SIZE = 5.5  # points


def short(value: float, sign: bool = False) -> str:
    """Two decimals without a zero before the point: ".42", "1.00", with `sign` "+.42" and a true minus; "-" for NaN."""
    if not np.isfinite(value):
        return "-"
    text = f"{round(value, 2) + 0.0:{'+' if sign else ''}.2f}".replace("-", "\N{MINUS SIGN}")
    return text.replace("0.", ".", 1) if abs(round(value, 2)) < 1 else text


def count(objects: int) -> str:
    """ "n = 142", which stays in one line."""
    return f"n = {objects}".replace(" ", "\N{NO-BREAK SPACE}")


def with_interval(row: Mapping[str, Any], column: str, low: str, high: str) -> str:
    """A correlation with its interval, where it has one: "+.42 (+.10 to +.61)"."""
    found = short(row[column], sign=True)
    return found if pd.isna(row[low]) else f"{found} ({short(row[low], sign=True)} to {short(row[high], sign=True)})"


def table(
    axis: Axes, rows: Mapping[str, Sequence[str]], heads: Mapping[str, float], looks: Mapping[str, style.Look]
) -> None:
    """A table in the place of a panel, a row for each look, named on the left where the axis shows its labels.

    Args:
        rows: name of a method -> texts of its columns; a method that is not in it has none.
        heads: heading of each column -> its right end, 0 to 1.
        looks: of the methods, from the top.
    """
    axis.set_ylim(len(looks) - 0.5, -1.5)
    axis.set_xlim(0, 1)
    axis.set_xticks([])
    axis.spines[:].set_visible(False)
    axis.tick_params(axis="y", length=0)
    names = [textwrap.shorten(look.title, 26, placeholder="...") for look in looks.values()]
    axis.set_yticks(range(len(looks)), names, fontsize=_SIZE)
    for head, place in heads.items():
        axis.text(place, -1, head, ha="right", va="center", fontsize=_SIZE, color=style.GREY)
    for index, name in enumerate(looks):
        for text, place in zip(rows.get(name, ()), heads.values(), strict=False):
            axis.text(place, index, text, ha="right", va="center", fontsize=_SIZE)


def curve(axis: Axes, rows: pd.DataFrame, x: Sequence[float], y: str, look: style.Look, name: str) -> None:
    """Means of bins with their intervals: filled and joined where a bin holds at least `FEW` objects, else open.

    Args:
        rows: columns `y`, n_objects, ci_low, ci_high, one row for each bin.
        x: of the bins.
    """
    places, values = np.asarray(x, float), rows[y].to_numpy(float)
    full = (rows["n_objects"] >= FEW).to_numpy()
    known = rows["ci_low"].notna().to_numpy()
    ends = rows["ci_low"].to_numpy()[known], rows["ci_high"].to_numpy()[known]
    if known.any():
        axis.vlines(places[known], *ends, color=look.colour, linewidth=0.8, alpha=0.7, zorder=3)
    axis.plot(places[full], values[full], markersize=3, label=name, zorder=4, **style.mark(look))
    axis.plot(
        places[~full], values[~full], markersize=3, linestyle="none", markeredgewidth=0.6, zorder=4, clip_on=False,
        label=f"{name}, few", **style.mark(look, hollow=True),
    )  # fmt: skip


def notes(interval: bool) -> list[Line2D]:
    """Legend entries: what open marks are, and what lines through marks are, or that there is no interval."""
    look = style.Look("", style.GREY, "o")
    few = style.handle(look, hollow=True, label=style.words("open: fewer than {few} objects", few=FEW))
    told = "line: 95 % interval over patients" if interval else NO_INTERVALS
    return [few, Line2D([], [], color=style.GREY, linewidth=0.8, marker="|" if interval else "", alpha=float(interval),
                        linestyle="none", label=style.words(told))]  # fmt: skip
