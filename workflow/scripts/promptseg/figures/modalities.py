"""Overview of the modalities: mean IoU of each method in modes 1 to 5 and after the first and the last click."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import panels, style
from promptseg.figures.source import Source


def _settings(rows: pd.DataFrame) -> pd.Series:
    """What each row was prompted with: its mode, or the number of clicks."""
    clicks = rows["step"].astype(str) + " click" + rows["step"].gt(1).map({True: "s", False: ""})
    return rows["mode"].where(rows["mode"] != ITERATIVE, clicks)


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


def draw(source: Source) -> Figure:
    """Dot plots of the first mask: a row for each modality, a panel for each setting, a mark for each method."""
    clicks = f", clicks under the protocol {source.protocol}" if source.protocol else ""
    title = f"Modalities, {source.words}, first mask{clicks}"
    rows = source.tasks[(source.tasks["selection"] == "first") & source.tasks["iou"].notna()]
    if rows.empty:
        return style.message(title, "No object of this run was scored.")
    rows = rows.assign(setting=_settings(rows))
    shown = {name: look for name, look in source.looks.items() if name in set(rows["method"])}
    found = set(rows["setting"])
    counts_of_clicks = sorted((name for name in found if "click" in name), key=lambda name: int(name.split()[0]))
    settings = [mode for mode in style.modes() if mode in found]
    settings += dict.fromkeys([*counts_of_clicks[:1], *counts_of_clicks[-1:]])
    order = [name for name in style.MODALITIES if name in set(rows["modality"])]
    grid = panels.grid(
        len(settings), len(settings), title,
        panels.Size(style.page(), len(order) * max(0.42, 0.085 * len(shown)), 0.75),
        panels.Legend([style.handle(look) for look in shown.values()], 4), sharey=True,
    )  # fmt: skip
    for axis, setting in zip(grid.axes, settings, strict=True):
        _panel(axis, rows[rows["setting"] == setting], order, shown)
        axis.set_title(setting.replace("mode", "mode "), loc="left", fontweight="bold")
    grid.label("IoU", "")
    first = rows[rows["setting"] == settings[0]]
    counts = first.groupby(["modality", "method"]).size().groupby("modality").max().reindex(order, fill_value=0)
    labels = [f"{style.MODALITIES[name]}\n{count} task{'s' if count != 1 else ''}" for name, count in counts.items()]
    grid.axes[0].set_yticks(range(len(order)), labels)
    return grid.figure
