"""Pictures of the explorer, with the truths of their objects and the prompts that were cut from these."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from promptseg.core.lines import points_of
from promptseg.core.masks import encode
from promptseg.core.tables import batches
from promptseg.core.vocabulary import SINGLE_MODES
from promptseg.explorer.objects import Files
from promptseg.explorer.shards import write_json
from promptseg.preprocess.images import decode_png, object_mask
from promptseg.preprocess.objects import Tasks
from promptseg.prompts.modes import read_prompts

Truths: TypeAlias = dict[str, tuple[int, int, dict[str, Any]]]


def write_pictures(folder: Path, files: Files, tasks: Tasks, objects: pd.DataFrame) -> Truths:
    """Write the pictures of a dataset and their truths, one in memory at a time.

    Args:
        folder: of the data files.
        tasks: task name to the label values that form its object.
        objects: those of the dataset that have a picture, by their numbers; see `objects.Kept`.

    Returns:
        object_id -> number of the picture, number of the object, run-length code of its mask.
    """
    truths: Truths = {}
    prompts = read_prompts(files.prompts, list(objects["object_id"]))
    by_image = dict(tuple(objects.groupby("image_id", sort=False)))
    (folder / "images").mkdir(parents=True, exist_ok=True)
    names = ["image_id", "image", "labels", "spacing_y", "spacing_x"]
    for image in (row for rows in batches(files.images, 16, names) for row in rows if row["image_id"] in by_image):
        own = by_image[image["image_id"]]
        picture = int(own["picture"].iloc[0])
        (folder / "images" / f"{picture}.png").write_bytes(image["image"]["bytes"])
        labels = decode_png(image["labels"]["bytes"])
        shown = {}
        for row in own.itertuples():
            code = encode(object_mask(labels, tasks[row.task]))
            truths[row.object_id] = picture, row.Index, code
            box = [int(getattr(row, f"bbox_{end}")) for end in ("x0", "y0", "x1", "y1")]
            shown[row.Index] = {"rle": code["counts"], "bbox": box, "prompts": prompts_of(prompts[row.object_id])}
        spacing = [image["spacing_y"], image["spacing_x"]]
        content = {"size": list(labels.shape), "spacing": None if None in spacing else spacing, "objects": shown}
        write_json(folder, f"truths/{picture}", content)
    return truths


def prompts_of(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The prompts of modes without clicks; corrective clicks are told with the masks that they led to."""
    return {
        mode: {
            "points": [
                [*map(int, point), int(label)] for point, label in zip(row["points"], row["point_labels"], strict=True)
            ],
            "boxes": [np.asarray(box).tolist() for box in row["boxes"]],
            **_lines(row),
        }
        for mode in SINGLE_MODES
        if (row := rows.get(mode)) is not None
    }


def _lines(row: Mapping[str, Any]) -> dict[str, Any]:
    """Scribbles as [label, width of the brush, pixels], and the lasso, where a mode has them."""
    drawn = _listed(row, "scribbles")
    scribbles = [[int(one["label"]), int(one["width"]), points_of(one["line"]).tolist()] for one in drawn]
    lasso = points_of(_listed(row, "lasso")).tolist()
    return ({"scribbles": scribbles} if scribbles else {}) | ({"lasso": lasso} if lasso else {})


def _listed(row: Mapping[str, Any], name: str) -> Sequence[Any]:
    return () if row.get(name) is None else row[name]
