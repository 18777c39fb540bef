"""The study's figures 3 and 4: IoU against the number of clicks, for each task and on average."""

from collections.abc import Collection

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.figures import panels, style
from promptseg.figures.source import Source, after_clicks, not_clicked

BANDS = 4  # intervals of more lines than this hide one another in a small panel
LINES = 12  # of more lines all intervals are left out, and in small panels those of oracles and all markers as well
_ROW, _WIDE, _LEAST = 1.3, 1.6, 0.95  # inches of a small panel


def _lines(axis: Axes, rows: pd.DataFrame, source: Source, label: str = "") -> None:
    """One line per method (solid the first mask, dashed and hollow the oracle), with its interval as a band.

    Args:
        label: of the task, whose panel is small; empty for the mean of all.
    """
    many, small = len(_series(rows)), bool(label)
    found = dict(list(rows.sort_values("step").groupby(["method", "selection"])))
    if source.reference:
        source.reference.across(axis, label)
    for name, look in source.looks.items():
        # Of controls alone, which are the rivals then, nothing has to stand back.
        back = name not in source.rivals
        for selection in style.selections():
            own = found.get((name, selection))
            if own is None:
                continue
            hollow = selection == "oracle"
            if many <= (BANDS if small else LINES):
                panels.band(axis, own["step"], own, look)
            drawn = style.mark(look, hollow)
            if small and (back or many > LINES):
                drawn = {"color": look.colour}
            axis.plot(
                own["step"], own["iou"], linestyle="--" if hollow else "-", markersize=2 if small else 3,
                markeredgewidth=0.5, linewidth=0.6 if back or (small and many > LINES) else 0.9,
                label=f"{name} {selection}", zorder=1.5 if back else 2, **drawn,
            )  # fmt: skip
    clicks = sorted(rows["step"].unique())
    axis.set_xticks(clicks)
    axis.set_xlim(clicks[0] - 0.4, clicks[-1] + 0.4)
    style.unit_axis(axis, "y")


def _series(rows: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(rows["method"], rows["selection"], strict=True))


def _handles(rows: pd.DataFrame, source: Source, plain: Collection[str] = ()) -> list[Line2D]:
    """Legend entries of the lines that are there; of means those over fewer tasks than others say so.

    Args:
        plain: methods whose lines have no markers.
    """
    found = _series(rows)
    several = {method for method, selection in found if selection == "oracle"}
    counts = rows.groupby(["method", "selection"])["n_tasks"].max() if "n_tasks" in rows else None
    handles = []
    for name, look in source.looks.items():
        for selection, own in style.selections().items():
            if (name, selection) in found:
                label = f"{look.title}, {own.title}" if name in several else look.title
                if counts is not None and counts[name, selection] != counts.max():
                    label += " " + style.words("({count} tasks)", count=counts[name, selection])
                oracle = selection == "oracle"
                entry = style.handle(look, hollow=oracle, line="--" if oracle else "-", label=label)
                if name in plain:
                    entry.set_marker("")
                handles.append(entry)
    return [*handles, *([source.reference.handle] if source.reference else [])]


def draw_tasks(source: Source) -> Figure:
    """A panel for each task."""
    title = style.words("IoU against the number of clicks, {source}", source=source.clicked)
    rows = after_clicks(source.tasks)
    if rows.empty:
        return not_clicked(title, source.protocol)
    rows = rows[["label", "method", "selection", "step", "iou", "ci_low", "ci_high"]]
    methods, note = set(rows["method"]), ""
    if len(_series(rows)) > LINES:
        if "oracle" in set(rows["selection"]):
            note = style.words("First masks; means with oracles are in the figure of means.")
        rows, plain = (
            rows[rows["selection"] == "first"],
            methods if len(methods) > LINES else methods - set(source.rivals),
        )
    else:
        plain = methods - set(source.rivals)
    labels = list(dict.fromkeys(rows["label"]))
    across = panels.across(len(labels), _ROW, _WIDE, _LEAST, 0.3)
    width = style.page() if len(labels) > 2 else style.column()
    row = min(_ROW, panels.TALL / panels.lines(labels, across))
    grid = panels.grid(
        len(labels), across, title, panels.Size(width, row, 0.55),
        panels.Legend(_handles(rows, source, plain), 5, title=note), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, label in zip(grid.axes, labels, strict=True):
        _lines(axis, rows[rows["label"] == label], source, label)
        axis.set_title(style.wrap(label, int(18 * width / across)), fontsize=6)
    if width / across < 1.2:
        grid.axes[0].set_xticks(sorted({int(rows["step"].min()), 5, int(rows["step"].max())}))
        grid.axes[0].set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    grid.label(style.words("Clicks"), "IoU")
    return grid.figure


def draw_mean(source: Source) -> Figure:
    """The average over the tasks, one column wide."""
    title = style.words("IoU against the number of clicks, {source}", source=source.clicked)
    rows = after_clicks(source.means)
    if rows.empty:
        return not_clicked(title, source.protocol)
    entries = _handles(rows, source)
    width = style.column() if len(entries) <= LINES else style.page()
    grid = panels.grid(1, 1, title, panels.Size(width, 2.4 if len(entries) <= LINES else 3.2, 0.5),
                       panels.Legend(entries, 4, line=0.14))  # fmt: skip
    _lines(grid.axes[0], rows, source)
    count = rows["n_tasks"].max()
    label = style.words("Mean IoU over {count} tasks", count=count)
    grid.label(style.words("Clicks"), style.words("Mean IoU over 1 task") if count == 1 else label)
    return grid.figure
