"""IoU against how far the prompts are off, and how often the order of the methods changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.robustness import ROBUSTNESS_MEANS, ROBUSTNESS_RANKS
from promptseg.core.tables import read_csv
from promptseg.figures import panels, style

# What is changed, the label of its axis, and by what the amount is multiplied. Seeds have no order.
SEED = "seed"
KINDS = {
    "point_offset": ("point moved to the border by, % of the depth", 100),
    "box_jitter": ("sides moved by up to, % of the side", 100),
    "line_shift": ("line moved by, pixels", 1),
    SEED: ("seed", 1),
}
CHANGES: dict[str, tuple[Literal["-", ":"], str]] = {
    "changed": ("-", "changed: order of the methods"),
    "best_changed": (":", "changed: best method"),
}
BANDS = 4  # intervals of more lines than this hide one another
_NEUTRAL = style.Look("", style.GREY, "o")
NOTHING = "No prompt of this run was disturbed. `robustness: {enabled: true}` in the configuration does it."


def _curves(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look], kind: str) -> None:
    """IoU of one mode and kind: a line per method; only marks for seeds, which have no order."""
    factor, ordered = KINDS[kind][1], kind != SEED
    for name, look in looks.items():
        own = rows[rows["method"] == name].sort_values("amount")
        if own.empty:
            continue
        x, line = factor * own["amount"], "-" if ordered else "none"
        if ordered and len(looks) <= BANDS:
            panels.band(axis, x, own, look)
        axis.plot(x, own["iou"], linestyle=line, markersize=3, label=name, **style.mark(look))
    style.unit_axis(axis, "y")
    ticks = sorted(factor * rows["amount"].unique())
    axis.set_xticks(ticks)
    axis.xaxis.set_major_formatter("{x:g}")
    if not ordered:
        axis.set_xlim(ticks[0] - 0.5, ticks[-1] + 0.5)


def _changes(axis: Axes, rows: pd.DataFrame, kind: str) -> None:
    """In what share of tasks and seeds the order of the methods, and the best of them, is another."""
    for column, (line, _) in CHANGES.items():
        axis.plot(
            KINDS[kind][1] * rows["amount"], rows[column], linestyle="none" if kind == SEED else line, markersize=2.5,
            clip_on=False, label=column, **style.mark(_NEUTRAL, line == ":"),
        )  # fmt: skip
    style.unit_axis(axis, "y")
    axis.set_yticks([0, 1], ["0", "1"])


def draw(robustness: str | Path, ranks: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """For each mode and kind of change a panel with a line for each method, and below how often their order changes.

    Args:
        robustness, ranks: `robustness.csv` and `robustness_ranks.csv`.
        methods: as for `style.method_looks`.
    """
    title = style.words("Robustness: IoU when prompts are off, first mask")
    rows, orders = read_csv(robustness, ROBUSTNESS_MEANS), read_csv(ranks, ROBUSTNESS_RANKS)
    rows = rows[rows["level"] == "all"]
    found = set(zip(rows["mode"], rows["kind"], strict=True))
    shown = [(mode, kind) for kind in KINDS for mode in style.modes() if (mode, kind) in found]
    if not shown:
        return style.message(title, style.words(NOTHING))
    looks = {name: look for name, look in style.method_looks(methods).items() if name in set(rows["method"])}
    handles = [style.handle(look, line="-") for look in looks.values()]
    for line, words in CHANGES.values():
        handles.append(style.handle(_NEUTRAL, hollow=line == ":", line=line, label=style.words(words)))
    across = panels.across(len(shown), 2.6, 1.9, 1.4)
    size = panels.Size(style.column() if len(shown) == 1 else style.page(), 2.6, 0.75)
    wide = size.width / across - 0.4
    grid = panels.grid(len(shown), across, title, size, panels.Legend(handles, 4), parts=[3, 1], sharey="row")
    for (upper, lower), (mode, kind) in zip(grid.axes, shown, strict=True):
        _curves(upper, rows[(rows["mode"] == mode) & (rows["kind"] == kind)], looks, kind)
        own = orders[(orders["mode"] == mode) & (orders["kind"] == kind)].sort_values("amount")
        _changes(lower, own, kind)
        lower.set_xticks(upper.get_xticks(), [])
        lower.set_xlim(upper.get_xlim())
        upper.set_title(style.wrap(style.mode_heading(mode), int(18 * wide)), loc="left", fontsize=6.5)
        upper.set_xlabel(style.wrap(style.words(KINDS[kind][0]), int(18 * wide)))
    for upper, lower in grid.axes[:: grid.across]:
        upper.set_ylabel("IoU")
        lower.set_ylabel(style.wrap(style.words("share changed"), 10))
    return grid.figure
