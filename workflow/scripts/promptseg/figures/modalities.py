"""Overview of the modalities: mean IoU of each method in modes 1 to 5 and after the first and the last click."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv
from promptseg.figures import style

COLUMNS = ["modality", "setting", "method", "iou"]


def _settings(rows: pd.DataFrame) -> pd.Series:
    """What each row was prompted with: its mode, or the number of clicks."""
    clicks = rows["step"].astype(str) + " click" + rows["step"].gt(1).map({True: "s", False: ""})
    return rows["mode"].where(rows["mode"] != "iterative", clicks)


def published_rows(published: pd.DataFrame) -> pd.DataFrame:
    """Rows of the published table as `modality_figure` takes them: a task's name begins with its modality."""
    rows = published[published["selection"] == "first"]
    return rows.assign(modality=rows["task"].str.split("-").str[0].str.lower(), setting=_settings(rows))[COLUMNS]


def measured_rows(measured: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]], protocol: str) -> pd.DataFrame:
    """Rows of `statistics.csv` as `modality_figure` takes them, clicks of one protocol; datasets have a modality."""
    rows = measured[(measured["level"] == "task") & (measured["selection"] == "first") & measured["iou"].notna()]
    rows = rows[rows["mode"].isin(style.MODES) | ((rows["mode"] == "iterative") & (rows["protocol"] == protocol))]
    modality = [datasets.get(name, {}).get("modality") or "other" for name in rows["dataset"]]
    return rows.assign(modality=modality, setting=_settings(rows))[COLUMNS]


def _panel(axis: Axes, rows: pd.DataFrame, order: Sequence[str], looks: Mapping[str, style.Look]) -> None:
    """One setting: faint the tasks, and a mark for their mean."""
    style.stripes(axis, len(order))
    for shift, (name, look) in zip(style.offsets(len(looks), 0.36), looks.items(), strict=True):
        own = rows[rows["method"] == name]
        if own.empty:
            continue
        y = [order.index(modality) + shift for modality in own["modality"]]
        axis.plot(own["iou"], y, "|", color=look.colour, alpha=0.35, markersize=3, markeredgewidth=0.7, zorder=2)
        means = own.groupby("modality")["iou"].mean()
        y = [order.index(modality) + shift for modality in means.index]
        axis.plot(means, y, look.marker, color=look.colour, markersize=3.4, label=name, clip_on=False, zorder=3)
    style.unit_axis(axis, "x")
    axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])


def modality_figure(rows: pd.DataFrame, looks: Mapping[str, style.Look], title: str) -> Figure:
    """Dot plots, a row for each modality, a panel for each setting, a mark for each method.

    Args:
        rows: columns modality (key of `style.MODALITIES`), setting (mode1 to mode5, "1 click", ...), method, iou: the
            mean of one task. Of the clicks the first and the last are drawn.
        looks: see `style.method_looks`; marks are in this order from the top of a row.
    """
    if rows.empty:
        return style.message(title, "No object of this run was scored.")
    style.use()
    shown = {name: look for name, look in looks.items() if name in set(rows["method"])}
    found = set(rows["setting"])
    clicks = sorted((name for name in found if "click" in name), key=lambda name: int(name.split()[0]))
    settings = [mode for mode in style.MODES if mode in found] + list(dict.fromkeys([*clicks[:1], *clicks[-1:]]))
    order = [name for name in style.MODALITIES if name in set(rows["modality"])]
    row = max(0.42, 0.085 * len(shown))
    entries = min(4, len(shown))
    height = len(order) * row + 0.75 + 0.15 * -(-len(shown) // entries)
    figure = Figure(figsize=(style.PAGE, height), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(1, len(settings), sharey=True, squeeze=False)[0]
    for axis, setting in zip(axes, settings, strict=True):
        _panel(axis, rows[rows["setting"] == setting], order, shown)
        axis.set_title(setting.replace("mode", "mode "), loc="left", fontweight="bold")
        axis.set_xlabel("IoU")
    mode = rows[rows["setting"] == settings[0]]
    counts = {name: mode[mode["modality"] == name].groupby("method").size().max() for name in order}
    labels = []
    for name in order:
        count = int(counts[name]) if pd.notna(counts[name]) else 0
        labels.append(f"{style.MODALITIES[name]}\n{count} task{'s' if count != 1 else ''}")
    axes[0].set_yticks(range(len(order)), labels)
    figure.legend(handles=[style.handle(look) for look in shown.values()], loc="outside lower center", ncols=entries)
    return figure


def draw_published(published: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The figure from the published table (`resources/published`); methods as for `style.method_looks`."""
    title = "Modalities, as published (Mazurowski et al. 2023), first mask"
    return modality_figure(published_rows(read_published(published)), style.study_looks(methods), title)


def draw_measured(
    statistics: str | Path,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    protocol: str,
) -> Figure:
    """The figure from `statistics.csv`; datasets: name -> {modality}, clicks of one protocol."""
    rows = measured_rows(read_csv(statistics, STATISTICS), datasets, protocol)
    title = f"Modalities, this run, first mask, clicks under the protocol {protocol}"
    return modality_figure(rows, style.method_looks(methods), title)
