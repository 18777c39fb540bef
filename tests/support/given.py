"""Datasets in folders, and masks that somebody else made of them."""

from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.tables import read_provenance, read_table
from promptseg.masks.answers import Given
from promptseg.masks.run import Outputs, import_masks
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.inputs import Inputs
from promptseg.preprocess.objects import stream_objects
from support.builds import entry, list_files, run

TASKS = {"a": [1], "b": [2]}
# Three rows and five columns, no two of which are alike by a turn or a flip.
LABELS = np.array([[1, 1, 0, 0, 0], [1, 0, 0, 2, 2], [0, 0, 0, 0, 2]], np.uint8)
GREY = np.arange(0, 150, 10, dtype=np.uint8).reshape(3, 5)


class Imported:
    """What became of the masks: `rows` of PREDICTIONS, `counts`, `provenance`."""

    def __init__(self, folder: Path, counts: dict):
        path = folder / "predictions.parquet"
        self.counts, self.provenance = counts, read_provenance(path)
        self.rows = read_table(path, PREDICTIONS)

    def masks(self, **of) -> dict[str, list]:
        """Object -> its mask as nested lists of 0 and 1, or the status where there is none."""
        rows = self.rows
        for column, value in of.items():
            rows = rows[rows[column] == value]
        assert not rows["object_id"].duplicated().any()
        return {
            row["object_id"]: masks.decode(dict(row["rle"])).astype(int).tolist() if row["rle"] else row["status"]
            for row in rows.to_dict("records")
        }


def imported(root: Path, folder: Path, strict: bool = False, protocols=(), **said) -> Imported:
    """Take masks for the dataset of images and masks below `root`.

    Args:
        said: keys of `masks` of the method; `tasks` and others of the dataset's entry under `dataset`.
    """
    about = {"tasks": TASKS, **said.pop("dataset", {})}
    out = folder / "out"
    run(root, out, **about)
    whole = entry(**about)
    counts = import_masks(
        Given("unet", "mine", {"check_labels": True, **said}, whole, protocols),
        stream_objects(out / "images.parquet", out / "objects.parquet", whole["tasks"]),
        Inputs.of(list_files(root, out / "files.csv"), whole),
        Outputs(out / "predictions.parquet", out / "everything.parquet"),
        strict=strict,
        files_sha256="0" * 64,
    )
    return Imported(out, counts)


def status_of(found: Imported, name: str) -> str:
    """The status of an object without a mask."""
    rows = found.rows[found.rows["object_id"] == name]
    assert rows["rle"].isna().all()
    (status,) = rows["status"]
    assert pd.notna(status)
    return status
