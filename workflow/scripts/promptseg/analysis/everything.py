"""everything.csv: how well the masks that a method finds without a prompt hold the objects."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from promptseg.analysis.objects import object_means
from promptseg.core.tables import read_table
from promptseg.core.vocabulary import SINGLE_MODES
from promptseg.predict.tables import PROPOSALS
from promptseg.score.tables import SCORES

RECALL = (50, 75, 90)  # thresholds of the IoU in percent
GAPS = {
    (mode, selection): f"gap_{mode}{end}"
    for mode in SINGLE_MODES
    for selection, end in (("first", ""), ("oracle", "_oracle"))
}
METRICS = ["iou", *(f"recall{least}" for least in RECALL), "masks_per_image", *GAPS.values()]
COLUMNS = [
    *("level", "dataset", "task", "method", "n_tasks", "n_objects", "n_patients", "iou", "ci_low", "ci_high"),
    *(f"{metric}{end}" for metric in METRICS[1:] for end in ("", "_ci_low", "_ci_high")),
]


def read_everything(scores: Path, proposals: Path) -> pd.DataFrame:
    """What is known of the objects of one method and one dataset.

    Args:
        scores: tables.SCORES.
        proposals: tables.PROPOSALS of the same method and dataset.

    Returns:
        One row an object that the mode `everything` was run for: dataset, task, case_id, method, iou of the
        best-overlap mask, recall50, recall75, recall90 (1 or 0: whether it reaches that IoU), masks_per_image (how many
        its image has), and for modes 1 to 5 gap_{mode} and gap_{mode}_oracle: iou minus the IoU of that mode's first
        and of its best mask, NaN where there is none.
    """
    wanted = [("status", "==", "ok"), ("mode", "in", ["everything", *SINGLE_MODES])]
    names = ["dataset", "task", "case_id", "image_id", "object_id", "method", "mode", "selection", "iou"]
    frame = read_table(scores, SCORES, names, filters=wanted)
    rows = frame[frame["mode"] == "everything"].drop(columns=["mode", "selection"]).set_index("object_id")
    for least in RECALL:
        rows[f"recall{least}"] = (rows["iou"] >= least / 100).astype(float)
    counts = read_table(proposals, PROPOSALS, ["image_id"])["image_id"].value_counts()
    rows["masks_per_image"] = rows["image_id"].map(counts).fillna(0).astype(float)
    for (mode, selection), gap in GAPS.items():
        other = frame[(frame["mode"] == mode) & (frame["selection"] == selection)].set_index("object_id")["iou"]
        rows[gap] = rows["iou"] - other.reindex(rows.index)
    return rows.reset_index(drop=True).drop(columns="image_id")


def everything_table(files: Iterable[tuple[Path, Path]], resamples: int, seed: int) -> pd.DataFrame:
    """The table of the mode `everything`: COLUMNS.

    See `read_everything` for the columns and `objects.object_means` for the kinds of mean and their intervals.

    Args:
        files: scores and proposals of each method and dataset.
        resamples, seed: of the bootstrap.
    """
    parts = [rows for pair in files if len(rows := read_everything(*pair))]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = object_means(pd.concat(parts, ignore_index=True), METRICS, ["method"], resamples, seed)
    return table.rename(columns={"n": "n_objects", "iou_ci_low": "ci_low", "iou_ci_high": "ci_high"})[COLUMNS]
