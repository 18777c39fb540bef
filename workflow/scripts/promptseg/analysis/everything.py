"""everything.csv: how well the masks that a method finds without a prompt hold the objects."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from promptseg.analysis.columns import (
    CI_HIGH,
    CI_LOW,
    LEVEL,
    MEAN_IOU,
    N_OBJECTS,
    N_PATIENTS,
    N_TASKS,
    PROVENANCE,
    ends,
    made,
)
from promptseg.analysis.objects import object_means
from promptseg.core.columns import DATASET, METHOD, TASK
from promptseg.core.tables import FLOAT, INTEGER, Column, Table, read_table
from promptseg.core.vocabulary import STUDY_MODES
from promptseg.predict.tables import PROPOSALS
from promptseg.score.tables import SCORES

RECALL = (50, 75, 90)  # thresholds of the IoU in percent
GAPS = {
    (mode, selection): f"gap_{mode}{end}"
    for mode in STUDY_MODES
    for selection, end in (("first", ""), ("oracle", "_oracle"))
}
_OTHERS = [
    *(
        Column(f"recall{t}", FLOAT, f"share of objects whose best mask has an IoU of at least {t / 100:.2f}")
        for t in RECALL
    ),
    Column("masks_per_image", FLOAT, "mean number of masks of the object's image"),
    *(
        Column(name, FLOAT, f"iou minus that of the {selection.replace('oracle', 'best')} mask of mode {mode[-1]}")
        for (mode, selection), name in GAPS.items()
    ),
]
METRICS = ["iou", *(column.name for column in _OTHERS)]
EVERYTHING_MEANS = Table(
    "everything.csv",
    "The mode `everything`: masks found without a prompt; of each object the mask that overlaps it best.",
    [
        *(LEVEL, DATASET, TASK, METHOD, N_TASKS, N_OBJECTS, N_PATIENTS),
        MEAN_IOU.but(meaning="mean IoU of the best-overlap mask"),
        *(CI_LOW, CI_HIGH),
        Column("n_images", INTEGER, "images that the method was asked for masks of"),
        Column("n_images_without_masks", INTEGER, "how many of them it found no mask in"),
        *(part for column in _OTHERS for part in (column, *ends(column))),
        PROVENANCE,
    ],
)


def read_everything(scores: Path, proposals: Path) -> pd.DataFrame:
    """What is known of the objects of one method and one dataset.

    Args:
        scores: score.tables.SCORES.
        proposals: predict.tables.PROPOSALS of the same method and dataset.

    Returns:
        One row per object that the mode `everything` was run for: dataset, task, case_id, image_id, method, iou of the
        best-overlap mask, recall50, recall75, recall90 (1 or 0: whether it reaches that IoU), masks_per_image (how many
        its image has), and for modes 1 to 5 gap_{mode} and gap_{mode}_oracle: iou minus the IoU of that mode's first
        and of its best mask, NaN where there is none.
    """
    wanted = [("status", "==", "ok"), ("mode", "in", ["everything", *STUDY_MODES])]
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
    return rows.reset_index(drop=True)


def _images(rows: pd.DataFrame) -> pd.DataFrame:
    """n_images and n_images_without_masks by dataset, task and method, dataset and task empty for all of a method."""
    all_tasks = rows.drop_duplicates(["dataset", "image_id", "method"]).assign(dataset="", task="")
    each = pd.concat([rows.drop_duplicates(["dataset", "task", "image_id", "method"]), all_tasks])
    empty = (each["masks_per_image"] == 0).groupby([each[name] for name in ("dataset", "task", "method")])
    return empty.agg(n_images="size", n_images_without_masks="sum").reset_index()


def everything_table(files: Iterable[tuple[Path, Path]], resamples: int, seed: int) -> pd.DataFrame:
    """The table of the mode `everything`: EVERYTHING_MEANS.

    See `read_everything` for the columns and `objects.object_means` for the kinds of mean and their intervals.

    Args:
        files: scores and proposals of each method and dataset.
        resamples, seed: of the bootstrap.
    """
    parts = [rows for pair in files if len(rows := read_everything(*pair))]
    if not parts:
        return pd.DataFrame(columns=made(EVERYTHING_MEANS))
    rows = pd.concat(parts, ignore_index=True)
    table = object_means(rows, METRICS, ["method"], resamples, seed)
    table = table.merge(_images(rows), on=["dataset", "task", "method"], how="left")
    table = table.rename(columns={"n": "n_objects", "iou_ci_low": "ci_low", "iou_ci_high": "ci_high"})
    return table[made(EVERYTHING_MEANS)]
