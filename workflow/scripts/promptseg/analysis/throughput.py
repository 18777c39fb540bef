"""throughput.csv: speed and memory of each method on each dataset."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from promptseg.analysis.columns import BACKEND, DEVICE, PRECISION, PROVENANCE, made
from promptseg.core.columns import DATASET, METHOD
from promptseg.core.files import read_json
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table

THROUGHPUT = Table(
    "throughput.csv",
    "Speed and memory.",
    [
        *(DATASET, METHOD),
        Column("images", INTEGER, "images predicted", optional=True),
        Column("objects", INTEGER, "objects predicted", optional=True),
        Column("predictions", INTEGER, "masks written", optional=True),
        Column("prompts", INTEGER, "distinct prompts that the method answered", optional=True),
        Column("encode_seconds", FLOAT, "time in the image encoder", "s"),
        Column("decode_seconds", FLOAT, "time for all prompts", "s"),
        Column("wall_seconds", FLOAT, "time of the whole loop", "s"),
        Column(
            "idle_seconds", FLOAT, "of these, time in which the method, and its GPU, waited for images and clicks", "s"
        ),
        Column("busy_share", FLOAT, "share of the wall time in which the method, and its GPU, worked"),
        Column("start_seconds", FLOAT, "time from the start of the job to the first image: imports, weights", "s"),
        Column(
            "queue_seconds", FLOAT, "time that the job waited in the queue of a cluster; 0 where there is none", "s"
        ),
        Column("images_per_second", FLOAT, "images / wall_seconds", "1/s"),
        Column("objects_per_second", FLOAT, "objects / wall_seconds", "1/s"),
        Column("peak_memory_mb", FLOAT, "largest memory of the process", "MB"),
        Column("peak_gpu_memory_mb", FLOAT, "largest memory on the GPU", "MB"),
        *(DEVICE, PRECISION, BACKEND),
        Column("precision_choice", STRING, "where `precision: auto` is asked for: why it came to that one"),
        Column("checked_images", INTEGER, "images that were predicted in fp32 too", optional=True),
        Column("iou_difference", FLOAT, "mean change of the IoU against fp32 on these"),
        Column("largest_iou_difference", FLOAT, "largest change for a single mask"),
        PROVENANCE,
    ],
)
# What a method does.
_WORK = {"encode_seconds", "decode_seconds", "everything_seconds"}


def throughput(files: Iterable[str | Path]) -> pd.DataFrame:
    """Speed of each method on each dataset, from `results/predictions/<method>/<dataset>.throughput.json`.

    Rates are over the wall time of the prediction loop. `prompts` counts the distinct prompts that the method answered.
    What a file does not say is missing in its row. Of a dataset in shards, seconds are sums over their jobs; where
    answers of earlier jobs were kept, start and queue are those of the last job.
    """
    rows = []
    for path in map(Path, files):
        row = read_json(path)
        row |= {"dataset": path.name.removesuffix(".throughput.json"), "method": path.parent.name}
        for unit in ("images", "objects"):
            if unit in row and row.get("wall_seconds"):
                row[f"{unit}_per_second"] = row[unit] / row["wall_seconds"]
        if row.keys() >= _WORK:
            busy = sum(row[key] for key in _WORK)
            row["idle_seconds"] = max(0.0, row["wall_seconds"] - busy)
            row["busy_share"] = min(1.0, busy / row["wall_seconds"]) if row["wall_seconds"] else None
        rows.append(row)
    frame = pd.DataFrame(rows, columns=made(THROUGHPUT))
    return frame.sort_values(["dataset", "method"], ignore_index=True)
