"""Masks of a method for the pictures of the explorer: every candidate of modes 1 to 5, the mask after every click."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from promptseg.core.masks import overlaps
from promptseg.core.parquet import ParquetFile
from promptseg.core.tables import read_provenance
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.explorer.pictures import Truths
from promptseg.explorer.shards import write_json
from promptseg.predict.tables import PREDICTIONS
from promptseg.score.scoring import choices

_BATCH = 5000  # rows of predictions in memory
_READ = ["object_id", "protocol", "switch", "mode", "step", "selection", "candidate", "score", "rle"]
_READ += ["click_x", "click_y", "click_label", "status"]


def write_masks(folder: Path, method: str, predictions: Path, truths: Truths) -> None:
    """Write the masks of a method on a dataset, one file for each picture, also where it has none.

    Args:
        folder: of the data files.
        predictions: file of PREDICTIONS, where the rows of an image stand together.
        truths: of the objects that have a picture; rows of others are left out.

    Raises:
        PromptsegError: the file lacks a column.
    """
    several = read_provenance(predictions).get("candidates", 1) > 1
    rows = _rows(predictions, truths)
    left = {picture for picture, *_ in truths.values()}
    for picture, of_picture in groupby(rows, key=lambda row: truths[row["object_id"]][0]):
        content = {}
        for name, answers in groupby(of_picture, key=lambda row: row["object_id"]):
            _, number, truth = truths[name]
            content[number] = _masks(list(answers), truth, several)
        write_json(folder, f"masks/{method}/{picture}", content)
        left.discard(picture)
    for picture in left:
        write_json(folder, f"masks/{method}/{picture}", {})


def _rows(path: Path, truths: Truths) -> Iterator[dict[str, Any]]:
    file = ParquetFile(path)
    PREDICTIONS.check(path, file.schema_arrow.names)
    wanted = pa.array(truths, pa.string())
    for batch in file.iter_batches(_BATCH, columns=_READ):
        yield from batch.filter(pc.is_in(batch["object_id"], wanted)).to_pylist()


def _masks(answers: Sequence[dict[str, Any]], truth: dict[str, Any], several: bool) -> dict[str, Any]:
    """See docs/explorer.md: {single: {mode: candidates}, clicks: {"<protocol>.<selection>": masks}}."""
    answered = [row for row in answers if row["status"] == "ok"]
    for row, value in zip(
        answered, overlaps([row["rle"] for row in answered], [truth]) if answered else (), strict=True
    ):
        row["iou"] = float(value[0])
    single: dict[str, list[dict[str, Any]]] = {}
    clicks: dict[str, list[dict[str, Any]]] = {}
    for row in answers:
        if row["mode"] == ITERATIVE:
            protocol = f"{row['protocol']}~{row['switch']}" if row["switch"] else row["protocol"]
            clicks.setdefault(f"{protocol}.{row['selection']}", []).append(row)
        else:
            single.setdefault(row["mode"], []).append(row)
    return {
        "single": {mode: _candidates(rows, several) for mode, rows in single.items()},
        "clicks": {
            key: [{"step": row["step"], **_click(row), **_mask(row)} for row in rows] for key, rows in clicks.items()
        },
    }


def _candidates(rows: list[dict[str, Any]], several: bool) -> list[dict[str, Any]]:
    rows = sorted(rows, key=lambda row: row["candidate"] or 0)
    if rows[0]["mode"] == EVERYTHING or rows[0]["status"] != "ok":
        chosen = [(rows[0]["selection"] or "first", 0)]
    else:
        scores = np.array([np.nan if row["score"] is None else row["score"] for row in rows])
        chosen = choices(scores, np.array([row["iou"] for row in rows]), several)
    return [
        {**_mask(row), "selections": [selection for selection, taken in chosen if taken == place]}
        for place, row in enumerate(rows)
    ]


def _mask(row: dict[str, Any]) -> dict[str, Any]:
    if row["status"] != "ok":
        return {"status": row["status"]}
    score = None if row["score"] is None or np.isnan(row["score"]) else round(row["score"], 7)
    return {"rle": row["rle"]["counts"], "score": score, "iou": round(row["iou"], 7), "status": "ok"}


def _click(row: dict[str, Any]) -> dict[str, Any]:
    click = [row["click_x"], row["click_y"], row["click_label"]]
    return {} if None in click else {"click": click}
