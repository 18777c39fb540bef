"""What becomes of the scores when people prompt: every method with the prompts of each user."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from promptseg.analysis.users import USERS, shown_rows
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import dots, style
from promptseg.figures.looks import Look

_COLOURS = (style.ORANGE, style.BLUE, style.GREEN, style.PINK, style.WINE, style.OLIVE, style.TEAL)
_MARKERS = "sD^vP*X"


def looks(users: Titles) -> dict[str, Look]:
    """The ideal user, who comes first, in grey, and a colour and a marker for each other one, over and over."""
    ideal, *others = users
    found = {ideal: Look(style.words("ideal user"), style.GREY, "o")}
    for index, name in enumerate(others):
        found[name] = Look(titled(users, name), _COLOURS[index % 7], _MARKERS[index % 7])
    return found


def draw(table: str | Path, methods: Titles, users: Titles, protocol: str) -> Figure:
    """A row for each method, a panel for each of a few settings, a mark with interval for each user.

    The mark of the ideal user is that on the objects of the user who has the most.

    Args:
        table: `users.csv`.
        methods: as for `style.method_looks`.
        users: name -> {title}, the ideal one first.
        protocol: whose clicks are shown.
    """
    title = style.words("IoU by who prompts, first mask, all tasks")
    ideal, *others = users
    rivals = style.rivals(methods)
    rows = shown_rows(read_csv(table, USERS), rivals, protocol, ideal)
    if rows.empty:
        return style.message(title, style.words("No object was prompted by another user than the ideal one."))
    names = [name for name in rivals if name in set(rows["method"])]
    known = looks(users)
    present = [name for name in others if name in set(rows["user"])]
    values, panels = pd.DataFrame(index=names), []
    for setting, own in rows.groupby(["mode", "protocol", "step"], sort=False):
        key = "_".join(map(str, setting))
        most = own.sort_values("n_objects", kind="stable").groupby("method").tail(1).set_index("method")
        for end in ("", "_ci_low", "_ci_high"):
            values[f"{key} {ideal}{end}"] = most[f"against_iou{end}"]
            for name in present:
                values[f"{key} {name}{end}"] = own[own["user"] == name].set_index("method")[f"iou{end}"]
        mode, _, step = setting
        heading = style.clicks(int(step)) if mode == ITERATIVE else style.mode_heading(mode)
        panels.append(dots.Panel(heading, "IoU", {f"{key} {name}": known[name] for name in (ideal, *present)}))
    labels = [titled(methods, name) for name in names]
    grey = Look("", style.GREY, "o")
    return dots.draw(dots.Rows(values, labels, [grey] * len(names)), panels, title)
