"""How many clicks a method needs, how often it never gets there, and what it makes of its clicks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from promptseg.analysis.click_metrics import CLICK_METRICS
from promptseg.core.tables import read_csv
from promptseg.figures import clicks, dots, style

_TARGETS = {
    "80": style.Look("IoU 0.80", "#56B4E9", "o"),
    "85": style.Look("IoU 0.85", "#E69F00", "s"),
    "90": style.Look("IoU 0.90", "#882255", "D"),
}
PANELS = [
    dots.Panel(
        "Clicks to an IoU", "mean number of clicks", {f"noc{n}": look for n, look in _TARGETS.items()}, "clicks"
    ),
    dots.Panel("Never reached", "share of objects", {f"failed{n}": look for n, look in _TARGETS.items()}),
    dots.Panel("Area under the clicks", "IoU, mean over the clicks", {"auc": None}),
    dots.Panel("Clicks that harm", "share of clicks", {"worse_share": None}),
]


def click_metrics_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look], title: str, protocol: str = "") -> Figure:
    """A row for each method, and for its oracle where it has one.

    Args:
        rows: columns method, selection, noc80, noc85, noc90, failed80, failed85, failed90, auc, worse_share, and
            {column}_ci_low and _ci_high where there are intervals; one row per method and selection.
        looks: see `style.method_looks`; rows are in this order.
        protocol: named where there is nothing to draw.
    """
    rows = rows[rows["selection"].isin(style.SELECTIONS) & rows["method"].isin(looks) & rows["noc90"].notna()]
    if rows.empty:
        under = f" under the protocol {protocol}" if protocol else ""
        return style.message(title, clicks.NOTHING.format(protocol=under))
    order = {name: index for index, name in enumerate(looks)}
    rows = rows.sort_values(["method", "selection"], key=lambda names: names.map(lambda name: order.get(name, name)))
    several = set(rows.loc[rows["selection"] == "oracle", "method"])
    pairs = list(zip(rows["method"], rows["selection"], strict=True))
    labels = [
        f"{looks[name].title}, {style.SELECTIONS[selection]}" if name in several else looks[name].title
        for name, selection in pairs
    ]
    hollow = [selection == "oracle" for _, selection in pairs]
    return dots.dots_figure(rows, labels, [looks[name] for name, _ in pairs], hollow, PANELS, title)


def draw(metrics: str | Path, methods: Mapping[str, Mapping[str, Any]], protocol: str) -> Figure:
    """The figure of one protocol from `click_metrics.csv`, over all tasks; methods as for `style.method_looks`."""
    rows = read_csv(metrics, CLICK_METRICS)
    rows = rows[(rows["level"] == "all") & (rows["protocol"] == protocol)]
    title = f"What clicks achieve, this run, protocol {protocol}"
    return click_metrics_figure(rows, style.method_looks(methods), title, protocol)
