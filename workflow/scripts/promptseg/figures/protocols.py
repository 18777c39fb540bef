"""The ranks of the methods under every protocol, and how alike two protocols order them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles
from promptseg.figures import panels, style
from promptseg.protocols.comparison.names import Name, names_in, title_of
from promptseg.protocols.comparison.tables import AGREEMENT, PROTOCOLS

_TITLE = "The same methods on the same images under the protocols of others, mean over datasets"
_KINDS = {"images": "Asked about images", "volumes": "Asked about volumes"}
_SHADES = "PuOr"  # no colours of methods
_NARROW = 5  # inches


def _ranks(axis: Axes, rows: pd.DataFrame, names: Sequence[Name], looks: Mapping[str, style.Look]) -> None:
    """A line for each method from protocol to protocol, best rank on top; the value beside each mark."""
    for method, own in rows.groupby("method", sort=False):
        placed = own.set_index(["preset", "variant"])["rank"].reindex(names)
        look = looks[str(method)]
        axis.plot(
            range(len(names)), placed.to_numpy(float), linewidth=1.1, markersize=5, markeredgewidth=0.6,
            label=str(method), clip_on=False, zorder=3, **style.mark(look),
        )  # fmt: skip
    most = int(np.ceil(rows["rank"].max()))
    axis.set_ylim(most + 0.4, 0.6)
    axis.set_yticks(range(1, most + 1))
    axis.set_xlim(-0.3, len(names) - 0.7)
    axis.grid(axis="both", zorder=0)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.set_ylabel(style.words("rank"))


def _taus(axis: Axes, rows: pd.DataFrame, names: Sequence[Name]) -> None:
    """Kendall's tau of each pair, with its interval if there is one."""
    table = np.full((len(names), len(names)), np.nan)
    small = 5.0 if len(names) > 6 or style.page() < _NARROW else 5.6
    for row in rows.to_dict("records"):
        pair = (row["preset"], row["variant"]), (row["b_preset"], row["b_variant"])
        if set(pair) <= set(names) and pd.notna(row["tau"]):
            column, line = sorted(names.index(name) for name in pair)
            table[line, column] = row["tau"]
            words = f"{row['tau']:.2f}"
            if pd.notna(row["tau_ci_low"]):
                words += f"\n({row['tau_ci_low']:.2f}, {row['tau_ci_high']:.2f})"
            dark = abs(row["tau"]) > 0.65
            axis.text(
                column, line, words, ha="center", va="center", fontsize=small, linespacing=1.15,
                color="white" if dark else "black",
            )  # fmt: skip
    for line, column in zip(*np.nonzero(np.tri(len(names), k=-1) * np.isnan(table)), strict=True):
        axis.text(column, line, style.words("n/a"), ha="center", va="center", fontsize=small, color="0.45")
    if len(names) < 2:
        axis.set_visible(False)
        return
    axis.imshow(table, cmap=_SHADES, vmin=-1.2, vmax=1.2, aspect="auto")
    axis.set_xlim(-0.5, len(names) - 1.5)
    axis.set_ylim(len(names) - 0.5, 0.5)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def draw(values: str | Path, agreement: str | Path, methods: Titles, protocols: Titles) -> Figure:
    """For images and for volumes: ranks from protocol to protocol, and a matrix of Kendall's tau.

    Args:
        values: `protocols.csv`.
        agreement: `protocol_agreement.csv`.
        methods: as for `style.method_looks`.
        protocols: name -> {title}, of presets and click protocols.
    """
    title = style.words(_TITLE)
    rows, pairs = read_csv(values, PROTOCOLS), read_csv(agreement, AGREEMENT)
    rows = rows[(rows["level"] == "all") & (rows["decides"] == "yes") & rows["rank"].notna()].fillna({"variant": ""})
    rows = rows[rows.groupby(["on", "preset", "variant"])["rank"].transform("count") > 1]  # alone is no rank
    pairs = pairs[pairs["level"] == "all"].fillna({"variant": "", "b_variant": ""})
    parts = {kind: own for kind in _KINDS if (own := rows[rows["on"] == kind])["method"].nunique() > 1}
    if not parts:
        return style.message(title, style.words("Ranks need at least two methods that answer under a protocol."))
    looks = style.method_looks(methods)
    shown = [name for name in looks if name in set(rows["method"])]
    names = {kind: names_in(own) for kind, own in parts.items()}
    wide = style.page() > _NARROW
    heights = [max(1.5, 0.16 * len(shown), 0.22 * len(names[kind]) + 0.4) + 1.0 for kind in parts]
    per_part = 2 if wide else 1
    sizes = heights if wide else [height for height in heights for _ in range(2)]
    handles = [style.handle(looks[name], line="-") for name in shown]
    legend = panels.Legend(handles, 4)
    grid = panels.grid(2 * len(parts), per_part, title, panels.Size(style.page(), sizes, 0.4), legend)
    axes = iter(grid.axes)
    for kind, own in parts.items():
        labels = [style.wrap(title_of(name, protocols), 16) for name in names[kind]]
        left, right = next(axes), next(axes)
        _ranks(left, own, names[kind], looks)
        _taus(right, pairs[pairs["on"] == kind], names[kind])
        tilted = {"rotation": 40, "ha": "right", "rotation_mode": "anchor", "fontsize": 5.6, "linespacing": 1.1}
        left.set_xticks(range(len(labels)), labels, **tilted)
        right.set_xticks(range(len(labels) - 1), labels[:-1], **tilted)
        right.set_yticks(range(1, len(labels)), labels[1:], fontsize=5.6, linespacing=1.1)
        left.set_title(style.words(_KINDS[kind]), loc="left", fontweight="bold")
        right.set_title(style.words("Kendall's tau of two orders"), loc="left", fontweight="bold")
    return grid.figure
