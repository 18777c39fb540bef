"""Segment everything: how many objects are among the masks that methods find without a prompt."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.core.tables import read_csv
from promptseg.figures import dots, style

_THRESHOLDS = (0.5, 0.75, 0.9)  # of the columns recall50, recall75 and recall90
NOTHING = "No method of this run segments everything."


def _panels() -> list[dots.Panel]:
    found = {
        f"recall{look.title[2:]}": replace(look, title=f"IoU {look.title}")
        for look in (replace(look, title=f"{value:.2f}") for value, look in style.threshold_looks(_THRESHOLDS).items())
    }
    return [
        dots.Panel(style.words("Best match"), "IoU", {"iou": None}),
        dots.Panel(style.words("Objects found"), style.words("share of objects"), found),
        dots.Panel(style.words("Masks of an image"), style.words("mean number"), {"masks_per_image": None}, "count"),
    ]


def draw(everything: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """How well the masks hold the objects, over all tasks: a row for each method.

    Args:
        everything: `everything.csv`.
        methods: as for `style.method_looks`; rows are in this order.
    """
    title = style.words("Segment everything: objects among the masks, means over tasks")
    rows = read_csv(everything, EVERYTHING_MEANS).rename(columns={"ci_low": "iou_ci_low", "ci_high": "iou_ci_high"})
    rows = rows[rows["level"] == "all"].set_index("method")
    looks = {name: look for name, look in style.method_looks(methods).items() if name in rows.index}
    if not looks:
        return style.message(title, style.words(NOTHING))
    own = list(looks.values())
    return dots.draw(dots.Rows(rows.loc[list(looks)], [look.title for look in own], own), _panels(), title)
