"""Segment everything: how many objects are among the masks that methods find without a prompt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.core.tables import read_csv
from promptseg.figures import dots, style

NOTHING = "No method of this run segments everything."
_PANELS = [
    dots.Panel("Best match", "IoU", {"iou": None}),
    dots.Panel(
        "Objects found", "share of objects",
        {
            "recall50": style.Look("IoU 0.50", style.SKY, "o"),
            "recall75": style.Look("IoU 0.75", style.ORANGE, "s"),
            "recall90": style.Look("IoU 0.90", style.WINE, "D"),
        },
    ),
    dots.Panel("Masks of an image", "mean number", {"masks_per_image": None}, "count"),
]  # fmt: skip


def draw(everything: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """How well the masks hold the objects, over all tasks: a row for each method.

    Args:
        everything: `everything.csv`.
        methods: as for `style.method_looks`; rows are in this order.
    """
    title = "Segment everything: objects among the masks, means over tasks"
    rows = read_csv(everything, EVERYTHING_MEANS).rename(columns={"ci_low": "iou_ci_low", "ci_high": "iou_ci_high"})
    rows = rows[rows["level"] == "all"].set_index("method")
    looks = {name: look for name, look in style.method_looks(methods).items() if name in rows.index}
    if not looks:
        return style.message(title, NOTHING)
    own = list(looks.values())
    return dots.draw(dots.Rows(rows.loc[list(looks)], [look.title for look in own], own), _PANELS, title)
