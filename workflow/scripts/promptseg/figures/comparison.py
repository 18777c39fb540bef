"""All methods at one click, task by task: with the first mask of each, and with the oracle where there is one."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.figures import panels, style
from promptseg.figures.source import Source, after_clicks, not_clicked

MEAN = "Mean over tasks"
PANELS = {"first": "First mask", "oracle": "Oracle"}
_ROW = 0.2  # inches per task


def with_oracle(rows: pd.DataFrame, selection: str) -> pd.DataFrame:
    """Rows of one panel: the selection where a method has it, else its first mask; `hollow` where it is the oracle."""
    own = rows[rows["selection"] == selection]
    others = rows[(rows["selection"] == "first") & ~rows["method"].isin(own["method"])]
    together = pd.concat([own, others], ignore_index=True)
    return together.assign(hollow=together["selection"] == "oracle")


def wins(rows: pd.DataFrame, methods: Sequence[str]) -> dict[str, int]:
    """In how many tasks each method is above all others, of the tasks that all of them have; ties count for none."""
    wide = rows[rows["method"].isin(methods)].pivot(index="label", columns="method", values="iou").dropna()
    if wide.shape[1] < 2:
        return {}
    best = wide[(wide.eq(wide.max(axis=1), axis=0)).sum(axis=1) == 1].idxmax(axis=1)
    return {method: int((best == method).sum()) for method in methods if (best == method).any()}


def _order(rows: pd.DataFrame, methods: Sequence[str]) -> list[str]:
    """Tasks by falling mean of the first mask over the methods, then by name; the mean of all tasks last."""
    plain = rows[(rows["selection"] == "first") & rows["method"].isin(methods)]
    means = plain.groupby("label")["iou"].mean().reindex(sorted(rows["label"].unique()))
    return [*means.sort_values(ascending=False, kind="stable").index, MEAN]


def _panel(axis: Axes, rows: pd.DataFrame, order: Sequence[str], looks: Mapping[str, style.Look]) -> None:
    place = {label: index for index, label in enumerate(order)}
    means = rows.groupby(["method", "hollow"], as_index=False)["iou"].mean().assign(label=MEAN)
    rows = pd.concat([rows, means], ignore_index=True)
    style.stripes(axis, len(order))
    for shift, (name, look) in zip(style.offsets(len(looks), 0.26), looks.items(), strict=True):
        points = rows[rows["method"] == name]
        y = [place[label] + shift for label in points["label"]]
        axis.hlines(y, points["ci_low"], points["ci_high"], color=look.colour, linewidth=0.7, alpha=0.5, zorder=2)
        axis.plot(
            points["iou"], y, linestyle="none", markersize=3.2, markeredgewidth=0.7, label=name, zorder=3,
            clip_on=False, **style.mark(look, points["hollow"].any()),
        )  # fmt: skip
    axis.axhline(len(order) - 1.5, color=style.GREY, linewidth=0.6)
    style.unit_axis(axis, "x")


def draw(source: Source) -> Figure:
    """Dot plots of the first click, a row for each task and a mark for each method.

    The mean of the rivals orders the tasks, and among them the highest is counted.
    """
    title, rows = f"One click: the methods task by task, {source.clicked}", after_clicks(source.tasks)
    rows = rows[rows["step"] == 1]
    if rows.empty:
        return not_clicked(title, source.protocol)
    shown = {name: look for name, look in source.looks.items() if name in set(rows["method"])}
    rivals = [name for name in source.rivals if name in shown]
    kinds = [kind for kind in PANELS if kind in set(rows["selection"])]
    order = _order(rows, rivals)
    grid = panels.grid(
        len(kinds), 2, title,
        panels.Size(
            style.page() if len(kinds) > 1 else 0.75 * style.page(), len(order) * max(_ROW, 0.035 * len(shown)), 0.9
        ),
        panels.Legend(
            [style.handle(look) for look in shown.values()], 4 if len(kinds) > 1 else 2,
            notes=panels.fills("oracle") if len(kinds) > 1 else [],
        ),
        sharey=True,
    )  # fmt: skip
    for axis, kind in zip(grid.axes, kinds, strict=True):
        own = with_oracle(rows, kind)
        _panel(axis, own, order, shown)
        counts = ", ".join(f"{shown[name].title} {count}" for name, count in wins(own, rivals).items())
        axis.set_title(PANELS[kind], fontweight="bold", loc="left", pad=14 if counts else 4)
        if counts:
            words = style.wrap(f"Highest in tasks: {counts}", 62)
            axis.text(0, 1.004, words, transform=axis.transAxes, fontsize=5.8, color=style.GREY, va="bottom")
    labels = [style.wrap(label, 30) for label in order]
    grid.axes[0].set_yticks(range(len(order)), labels, fontsize=6.2, linespacing=0.95)
    grid.axes[0].get_yticklabels()[-1].set_fontweight("bold")
    grid.label("IoU", "")
    return grid.figure
