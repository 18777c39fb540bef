"""throughput.csv: speed and memory of each method on each dataset."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

THROUGHPUT_COLUMNS = [
    *("dataset", "method", "images", "objects", "predictions", "prompts", "encode_seconds", "decode_seconds"),
    *("wall_seconds", "images_per_second", "objects_per_second", "peak_memory_mb", "peak_gpu_memory_mb"),
    *("device", "precision", "checked_images", "iou_difference", "largest_iou_difference"),
]
_COUNTS = ["images", "objects", "predictions", "prompts", "checked_images"]


def throughput(files: Iterable[str | Path]) -> pd.DataFrame:
    """Speed of each method on each dataset, from `results/predictions/<method>/<dataset>.throughput.json`.

    Rates are over the wall time of the prediction loop. `prompts` counts the distinct prompts that the method answered.
    What a file does not say is missing in its row.
    """
    rows = []
    for path in map(Path, files):
        row = json.loads(path.read_text())
        row |= {"dataset": path.name.removesuffix(".throughput.json"), "method": path.parent.name}
        for unit in ("images", "objects"):
            if unit in row and row.get("wall_seconds"):
                row[f"{unit}_per_second"] = row[unit] / row["wall_seconds"]
        rows.append(row)
    frame = pd.DataFrame(rows, columns=THROUGHPUT_COLUMNS)
    # Nullable, so that a missing count does not turn the others of its column into fractions.
    return frame.astype(dict.fromkeys(_COUNTS, "Int64")).sort_values(["dataset", "method"], ignore_index=True)


def read_throughput(path: str | Path) -> pd.DataFrame:
    """`throughput.csv` with THROUGHPUT_COLUMNS: empty text is "", empty counts are NA, other empty numbers NaN."""
    text = ["dataset", "method", "device", "precision"]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False).reindex(columns=THROUGHPUT_COLUMNS)
    frame[text] = frame[text].astype(object).fillna("").astype(str)
    for name in frame.columns.difference(text):
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("Int64" if name in _COUNTS else float)
    return frame
