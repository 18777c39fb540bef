"""What the page says of the mode `everything`."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from promptseg.analysis.everything import RECALL
from promptseg.analysis.paper import number
from promptseg.core.titles import Titles, titled
from promptseg.predict.nothing import nothing_found
from promptseg.report.grid import Table, as_table, ordered


def everything_table(everything: pd.DataFrame, methods: Titles) -> Table:
    """What methods find without a prompt, over all tasks."""
    names = ["iou", *(f"recall{least}" for least in RECALL), "masks_per_image"]
    rows = ordered(everything[everything["level"] == "all"], methods)
    cells = [
        [
            *(titled(methods, row["method"]), row["n_objects"], *(number(row[name]) for name in names[:-1])),
            *(number(row["masks_per_image"], 1), row["n_images"], row["n_images_without_masks"]),
        ]
        for row in rows.to_dict("records")
    ]
    recalls = [f"found at IoU {least / 100:.2f}" for least in RECALL]
    return as_table(cells, ["method", "objects", "IoU", *recalls, "masks per image", "images", "without masks"], 1)


def everything_notes(everything: pd.DataFrame, grid: Mapping[str, Any], methods: Titles) -> dict[str, str]:
    """By title of a method what to know of images in which it found nothing, see `nothing_found`."""
    rows = everything[(everything["level"] == "all") & (everything["n_images_without_masks"] > 0)]
    return {
        titled(methods, row.method): nothing_found(row.n_images_without_masks, row.n_images, grid)
        for row in ordered(rows, methods).itertuples()
    }
