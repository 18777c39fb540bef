"""Risk-coverage curves: the mean error of the masks that are kept, the most confident ones first."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.trust.shown import complete
from promptseg.analysis.trust.tables import TRUST_CURVES
from promptseg.core.tables import read_csv
from promptseg.figures import style, trust_source

_TITLE = "What is left if masks are discarded by confidence, mean over tasks"


def draw(curves: str | Path, methods: Mapping[str, Mapping[str, Any]], protocol: str) -> Figure:
    """A panel for each method and prompt, a line for each confidence.

    Args:
        curves: `trust_curves.csv`.
        methods: as for `style.method_looks`.
        protocol: whose clicks are shown.
    """
    title = style.words(_TITLE)
    source = trust_source.shown(read_csv(curves, TRUST_CURVES), methods, protocol, "all").sure()
    if source.rows.empty or not source.prompts:
        return style.message(title, style.words(trust_source.NOTHING))
    looks = trust_source.looks(source.rows["confidence"].tolist())
    handles = [
        *(style.handle(look, line="-") for look in looks.values()),
        style.handle(style.Look(style.words("random order"), style.GREY, ""), line="-"),
        style.handle(style.Look(style.words("ideal order"), style.GREY, ""), line="--"),
    ]
    labels = style.words("share of the masks that are kept"), style.words("mean error (1 - IoU)")
    grid = trust_source.grid(source, title, labels, handles)
    for axis, (method, prompt) in zip(grid.axes, itertools.product(source.methods, source.prompts), strict=True):
        _panel(axis, complete(source.of(method, prompt)), looks)
    return grid.figure


def _panel(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    if rows.empty:
        trust_source.empty(axis)
        return
    for name, look in looks.items():
        own = rows[rows["confidence"] == name].sort_values("coverage")
        if len(own):
            axis.plot(own["coverage"], own["risk_ideal"], "--", color=style.GREY, linewidth=0.8, label="_ideal")
            axis.plot([0, 1], own["risk"].iloc[[-1, -1]], color=style.GREY, linewidth=0.8, label="_random")
            axis.plot(own["coverage"], own["risk"], markevery=(1, 4), label=name, **style.mark(look))
    trust_source.unit_x(axis)
    axis.grid(axis="y")
