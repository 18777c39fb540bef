"""Two runs against one another: mean differences with their intervals, and the differences of all objects."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.analysis.compare.objects import reported
from promptseg.core.titles import SELECTIONS, Titles, setting, titled
from promptseg.core.vocabulary import ITERATIVE, MODES
from promptseg.figures import panels, style

ACROSS = 5  # panels in a row: modes 1 to 5, then the clicks
_METHODS_ACROSS = 4
NOTHING = "No object was scored in both runs."
EQUAL = "No object's IoU differs between the runs."
_LEAST = 0.02  # of IoU: a narrower axis would show noise as if it were large
_CLICKS = style.Look("clicks", style.GREEN, "P")


def prompts_of(rows: pd.DataFrame, protocols: Titles) -> dict[tuple[str, int, str], str]:
    """(mode, step, protocol) -> words, of the settings of the rows in the order of tables."""
    found = rows[["mode", "step", "protocol"]].drop_duplicates().itertuples(index=False, name=None)
    place = {mode: index for index, mode in enumerate(MODES)}
    order = sorted(found, key=lambda key: (place.get(key[0], len(place)), key[2], key[1]))
    several = len({protocol for _, _, protocol in order if protocol}) > 1
    return {
        key: setting(key[0], key[1]) + (f", {titled(protocols, key[2])}" if several and key[2] else "") for key in order
    }


def kinds_of(rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> list[tuple[str, str]]:
    """(method, selection) of the rows, in the order of the registry and of the selections."""
    found = set(rows[["method", "selection"]].itertuples(index=False, name=None))
    order = [*looks, *sorted({method for method, _ in found} - looks.keys())]
    return [(method, name) for method in order for name in SELECTIONS if (method, name) in found]


def label_of(kind: tuple[str, str], methods: Titles) -> str:
    """A method, with the selection where it is not the first mask."""
    method, selection = kind
    title = titled(methods, method)
    return title if selection == "first" else f"{title}: {SELECTIONS[selection]}"


def _limit(values: Any) -> float:
    """Half the width of a symmetric axis that holds the values."""
    known = np.abs(np.asarray(values, float))
    return 1.08 * max(_LEAST, np.nanmax(known, initial=0))


def _difference_axis(axis: Axes, limit: float) -> None:
    axis.axvline(0, color=style.GREY, linewidth=0.8, zorder=1)
    axis.set_xlim(-limit, limit)
    axis.grid(axis="x")
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.locator_params(axis="x", nbins=4)


def _with_looks(methods: Titles, rows: pd.DataFrame) -> dict[str, style.Look]:
    names = dict(methods) | {name: {} for name in sorted(set(rows["method"]) - methods.keys())}
    return style.method_looks({name: {**entry, "title": titled(names, name)} for name, entry in names.items()})


def draw(differences: pd.DataFrame, methods: Titles, protocols: Titles) -> Figure:
    """Mean over tasks of B - A, IoU: a panel for each prompt, a row for each method and selection.

    Args:
        differences: see `compare.tables.DIFFERENCES`.
        methods: name -> {title, control}, in the order of the registry.
        protocols: name -> {title}.
    """
    title = "Difference in IoU, B - A, mean over tasks"
    rows = differences[
        (differences["level"] == "all") & (differences["metric"] == "iou") & (differences["group"] == "")
    ]
    rows = reported(rows.assign(task="all"))
    if rows.empty:
        return style.message(title, NOTHING)
    looks, prompts = _with_looks(methods, rows), prompts_of(rows, protocols)
    kinds = kinds_of(rows, looks)
    limit = _limit(rows[["difference", "ci_low", "ci_high"]])
    size = panels.Size(style.page(), max(0.5, 0.17 * len(kinds) + 0.25), 0.5)
    grid = panels.grid(len(prompts), ACROSS, title, size, sharex=True, sharey=True)
    for axis, (key, words) in zip(grid.axes, prompts.items(), strict=True):
        own = rows[(rows["mode"] == key[0]) & (rows["step"] == key[1]) & (rows["protocol"] == key[2])]
        style.stripes(axis, len(kinds))
        for row in own.itertuples():
            y, look = kinds.index((row.method, row.selection)), looks[row.method]
            axis.hlines(y, row.ci_low, row.ci_high, color=look.colour, linewidth=1, alpha=0.6, zorder=2)
            axis.plot(
                row.difference, y, linestyle="none", markersize=3.4, markeredgewidth=0.7, zorder=3,
                label=f"{row.method} {row.selection}", **style.mark(look, row.selection != "first"),
            )  # fmt: skip
        _difference_axis(axis, limit)
        axis.set_title(style.wrap(words, 28), loc="left", fontweight="bold")
    grid.axes[0].set_yticks(range(len(kinds)), [style.wrap(label_of(kind, methods), 28) for kind in kinds])
    for axis in grid.axes[::ACROSS]:
        axis.tick_params(axis="y", labelsize=6)
    grid.label("IoU, B - A", "")
    return grid.figure


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Of clicks the last number of them alone."""
    clicked = rows["mode"] == ITERATIVE
    return rows[~clicked | (rows["step"] == rows.loc[clicked, "step"].max())]


def draw_objects(pairs: pd.DataFrame, methods: Titles, protocols: Titles) -> Figure:
    """B - A of every object, in order of size: a panel for each method and selection, a line for each prompt.

    Methods of which no object differs are counted in the title.

    Args:
        pairs: rows of `pairing.paired` whose state is a pair.
        methods, protocols: see `draw`.
    """
    title = "Difference in IoU of every object, B - A, in order"
    rows = pairs.assign(difference=pairs["iou_b"].astype(float) - pairs["iou_a"].astype(float))
    rows = _last(rows[(rows["task"] != "") & rows["difference"].notna()])
    if rows.empty:
        return style.message(title, NOTHING)
    looks, every = _with_looks(methods, rows), rows
    changed = rows.groupby(["method", "selection"])["difference"].transform(lambda values: bool((values != 0).any()))
    rows = rows[changed.astype(bool)]
    if rows.empty:
        return style.message(title, EQUAL)
    kinds, prompts = kinds_of(rows, looks), prompts_of(rows, protocols)
    equal = len(kinds_of(every, looks)) - len(kinds)
    if equal:
        title += f" (and {equal} without any difference)"
    colours = _colours(prompts)
    size = panels.Size(style.page(), 1.35, 0.55)
    handles = [style.handle(look, line="-") for look in colours.values()]
    grid = panels.grid(len(kinds), _METHODS_ACROSS, title, size, panels.Legend(handles, 4), sharex=True, sharey=True)
    limit = _limit(rows["difference"])
    for axis, kind in zip(grid.axes, kinds, strict=True):
        own = rows[(rows["method"] == kind[0]) & (rows["selection"] == kind[1])]
        for key, look in colours.items():
            here = own[(own["mode"] == key[0]) & (own["step"] == key[1]) & (own["protocol"] == key[2])]
            values = np.sort(here["difference"].to_numpy(float))
            if len(values):
                share = (np.arange(len(values)) + 0.5) / len(values)
                axis.plot(
                    share, values, color=look.colour, marker=look.marker, markersize=1.6, markeredgewidth=0,
                    linewidth=0.7, label=look.title,
                )  # fmt: skip
        axis.axhline(0, color=style.GREY, linewidth=0.8, zorder=1)
        axis.set_ylim(-limit, limit)
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
        axis.grid(axis="y")
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_title(style.wrap(label_of(kind, methods), 28), loc="left", fontweight="bold")
    grid.label("share of the objects", "IoU, B - A")
    return grid.figure


def _colours(prompts: Mapping[tuple[str, int, str], str]) -> dict[tuple[str, int, str], style.Look]:
    """How the line of each prompt looks: modes as everywhere, clicks in green, those of other protocols differently."""
    spare = iter([_CLICKS, *(style.Look("", colour, "X") for colour in (style.INDIGO, style.OLIVE, style.TEAL))])
    looks: dict[tuple[str, int, str], style.Look] = {}
    for key, words in prompts.items():
        known = style.modes().get(key[0]) or next(spare, style.Look("", style.GREY, "p"))
        looks[key] = style.Look(known.title if key[0] in style.modes() else words, known.colour, known.marker)
    return looks
