"""Masks kept where a confidence reaches a threshold: how many are left, and how good they are."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.trust.tables import TRUST_THRESHOLDS
from promptseg.core.tables import read_csv
from promptseg.core.titles import CONFIDENCES
from promptseg.figures import numbers, panels, style, trust_source

_TITLE = "Masks kept above a threshold of confidence, all together"
# The first of these that a method has.
_CHOSEN = ("predicted_iou", "soft_dice", "stability", "candidates_agree", "prompts_agree", "jitter_agrees")
_LINES = {
    "coverage": ("share kept", style.GREY, ""),
    "iou": ("mean IoU of these", "#01665e", "o"),
    "below_50": ("share of these below 0.5", "#a6611a", "^"),
}


def draw(thresholds: str | Path, methods: Mapping[str, Mapping[str, Any]], protocol: str) -> Figure:
    """A panel for each method and prompt, by one confidence of the method; all masks of the run meet one threshold.

    Args:
        thresholds: `trust_thresholds.csv`.
        methods: as for `style.method_looks`.
        protocol: whose clicks are shown.
    """
    title = style.words(_TITLE)
    source = trust_source.shown(read_csv(thresholds, TRUST_THRESHOLDS), methods, protocol, "pooled").sure()
    if source.rows.empty or not source.prompts:
        return style.message(title, style.words(trust_source.NOTHING))
    looks = {name: style.Look(style.words(words), colour, marker) for name, (words, colour, marker) in _LINES.items()}
    handles = [style.handle(look, line="-") for look in looks.values()]
    grid = trust_source.grid(source, title, (style.words("least confidence that is kept"), ""), handles)
    letters = int(12 * grid.figure.get_figwidth() / grid.across)  # of a title
    for axis, (method, prompt) in zip(grid.axes, itertools.product(source.methods, source.prompts), strict=True):
        rows = source.of(method, prompt)
        if rows.empty:
            trust_source.empty(axis)
            continue
        name = next(name for name in _CHOSEN if name in set(rows["confidence"]))
        _panel(axis, rows[(rows["confidence"] == name) & (rows["n"] >= numbers.FEW)].sort_values("threshold"), looks)
        above, words = axis.get_title(loc="left"), style.words(CONFIDENCES[name])
        axis.set_title(style.wrap(f"{above}: {words}" if above else words, letters), loc="left", fontweight="bold")
    return grid.figure


def _panel(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    style.unit_axis(axis, "y")
    axis.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    trust_source.unit_x(axis)
    ends = rows.rename(columns={"iou_ci_low": "ci_low", "iou_ci_high": "ci_high"})
    panels.band(axis, rows["threshold"], ends, looks["iou"])
    for measure, look in looks.items():
        axis.plot(rows["threshold"], rows[measure], label=measure, markevery=2, **style.mark(look))
