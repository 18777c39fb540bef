"""Small tables of score.tables.TRUST."""

from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.core.tables import write_table
from promptseg.score.tables import CONFIDENCES, TRUST

# Six masks, two of them equally confident, whose measures are computed by hand in the tests.
IOU = [0.9, 0.4, 0.8, 0.7, 0.3, 0.1]
CONFIDENCE = [0.95, 0.9, 0.7, 0.7, 0.5, 0.2]


def masks(iou: list[float], patients: str = "", **values: object) -> pd.DataFrame:
    """Rows of a method in one setting: IoUs, a letter for the patient of each (else one for all), other columns."""
    about = {"dataset": "ct", "task": "liver", "method": "sam", "mode": "mode1", "step": 0, "selection": "first"}
    names = list(patients) or ["p"] * len(iou)
    objects = [f"i{index}:liver" for index in range(len(iou))]
    rows = pd.DataFrame(about | {"case_id": names, "object_id": objects, "iou": iou} | values)
    return rows.reindex(columns=TRUST.names).astype({column.name: float for column in CONFIDENCES})


def write(folder: Path, *parts: pd.DataFrame) -> list[Path]:
    """Files of score.tables.TRUST, one for each method and dataset."""
    files = []
    for (method, dataset), rows in pd.concat(parts).groupby(["method", "dataset"]):
        files.append(folder / str(method) / f"{dataset}.parquet")
        write_table(files[-1], rows, TRUST)
    return files


def many(patients: int, each: int, seed: int = 0) -> pd.DataFrame:
    """Masks of several patients whose predicted IoU says something of the IoU, and whose stability says nothing."""
    rng = np.random.default_rng(seed)
    n = patients * each
    iou = np.clip(rng.beta(3, 2, n) + np.repeat(rng.normal(0, 0.1, patients), each), 0, 1)
    names = [f"p{number:03}" for number in np.repeat(np.arange(patients), each)]
    rows = masks(iou.tolist(), predicted_iou=iou + rng.normal(0, 0.15, n), stability=rng.random(n))
    return rows.assign(case_id=names)
