"""Overview of the modalities: mean IoU of each method in modes 1 to 5 and after the first and the last click."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE, LINE_MODES, STUDY_MODES
from promptseg.figures import panels, style
from promptseg.figures.source import Reference, Source

_LABELS = 0.7  # inches of the names of the modalities


def _settings(rows: pd.DataFrame) -> pd.Series:
    """What each row was prompted with: its mode, or the number of clicks."""
    clicks = rows["step"].map(style.clicks)
    return rows["mode"].where(rows["mode"] != ITERATIVE, clicks)


def _heading(setting: str) -> str:
    """ "mode 1", "lasso", "5 clicks"."""
    if setting == AUTOMATIC:
        return style.words("masks from files")
    if setting in STUDY_MODES:
        return style.words("mode {number}", number=setting.removeprefix("mode"))
    return style.modes()[setting].title if setting in LINE_MODES else setting


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
        axis.plot(
            means, y, linestyle="none", markersize=3.2, markeredgewidth=0.5, label=name, clip_on=False, zorder=3,
            **style.mark(look),
        )  # fmt: skip
    style.unit_axis(axis, "x")
    axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])


def of_modalities(reference: Reference) -> Reference:
    """The line to beat with a row for each modality, the mean over its tasks, in the place of one for each task."""
    means = reference.tasks.groupby("modality", as_index=False)["iou"].mean()
    return replace(reference, tasks=means.rename(columns={"modality": "label"}))


def draw(source: Source) -> Figure:
    """Dot plots of the first mask: a row for each modality, a panel for each setting, a mark for each method."""
    title = style.words("Modalities, {source}, first mask", source=source.clicked)
    rows = source.tasks[(source.tasks["selection"] == "first") & source.tasks["iou"].notna()]
    if rows.empty:
        return style.message(title, style.words("No object of this run was scored."))
    rows = rows.assign(setting=_settings(rows))
    shown = {name: look for name, look in source.looks.items() if name in set(rows["method"])}
    steps = rows.loc[rows["mode"] == ITERATIVE, "step"]
    ends = dict.fromkeys([style.clicks(steps.min()), style.clicks(steps.max())] if len(steps) else [])
    settings = [*(mode for mode in style.modes() if mode in set(rows["setting"])), *ends]
    order = [name for name in style.MODALITIES if name in set(rows["modality"])]
    reference = of_modalities(source.reference) if source.reference else None
    handles = [*(style.handle(look) for look in shown.values()), *([reference.handle] if reference else [])]
    height = len(order) * max(0.42, 0.085 * len(shown)) + 0.45
    across = panels.across(len(settings), height, 0.75, 0.6, _LABELS)
    grid = panels.grid(
        len(settings), across, title, panels.Size(style.page(), height, 0.35),
        panels.Legend(handles, 5), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, setting in zip(grid.axes, settings, strict=True):
        _panel(axis, rows[rows["setting"] == setting], order, shown)
        if reference:
            reference.upright(axis, {name: place for place, name in enumerate(order)})
        axis.set_title(_heading(setting), loc="left")
    grid.label("IoU", "")
    first = rows[rows["setting"] == settings[0]]
    counts = first.groupby(["modality", "method"]).size().groupby("modality").max().reindex(order, fill_value=0)
    labels = [f"{style.words(style.MODALITIES[name])}\n{style.tasks(count)}" for name, count in counts.items()]
    for axis in grid.axes[::across]:
        axis.set_yticks(range(len(order)), labels)
    return grid.figure
