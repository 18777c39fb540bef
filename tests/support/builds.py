"""Small datasets in a folder, and what preprocessing makes of them."""

import csv
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from PIL import Image

from promptseg.config.reason_table import all_reasons
from promptseg.core.reason import reason_in
from promptseg.core.tables import read_table
from promptseg.preprocess.build import build
from promptseg.preprocess.tables import IMAGES, OBJECTS

FOLDER = [{"image": "images/{case}.*", "labels": "masks/{case}.*"}]
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def entry(**changes):
    """The keys of a dataset's entry that preprocessing reads."""
    return {
        "cases": FOLDER,
        "patient": None,
        "axis": "axial",
        "intensity": {"kind": "none"},
        "sampling": {"every": 1, "min_area": 1},
        "tasks": {"lesion": [1]},
        "other_labels": [],
        **changes,
    }


def write(path: Path, array: np.ndarray, affine: np.ndarray = LPS) -> None:
    """A picture, or a volume in NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith((".nii", ".nii.gz")):
        nib.save(nib.Nifti1Image(array, affine), path)
    else:
        Image.fromarray(array).save(path)


def list_files(root: Path, out: Path) -> Path:
    """files.csv of a folder."""
    with out.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["name", "path", "bytes", "sha256"])
        for path in sorted(root.rglob("*")):
            if path.is_file():
                rows.writerow([path.relative_to(root).as_posix(), path, path.stat().st_size, "0" * 64])
    return out


def run(root: Path, out: Path, strict: bool = False, threads: int = 1, **changes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images and objects of a folder."""
    out.mkdir(exist_ok=True)
    files = list_files(root, out / "files.csv")
    images, objects = out / "images.parquet", out / "objects.parquet"
    build(files, images, objects, "mine", entry(**changes), strict, threads)
    return read_table(images, IMAGES), read_table(objects, OBJECTS)


GREY = np.array([[0, 50, 100], [200, 10, 20]], np.uint8)
MASK = np.array([[0, 1, 1], [0, 0, 0]], np.uint8)


def status_of(images: pd.DataFrame, case: str) -> str:
    """The status of a case that failed; it begins with a reason that docs/reasons.md lists."""
    rows = images[images["image_id"] == case]
    assert len(rows) == 1
    row = rows.iloc[0]
    assert row["image"] is None
    assert row["labels"] is None
    assert pd.isna(row["height"])
    assert pd.isna(row["sha256"])
    assert row["case_id"] == case
    assert reason_in(row["status"]) in all_reasons()
    return row["status"]


def volume_case(root: Path, areas: list[int]) -> None:
    """Slices of 8 x 10 pixels with so many pixels of label 1."""
    labels = np.zeros((8, 10, len(areas)), np.uint8)
    for index, area in enumerate(areas):
        labels[:, :, index].reshape(-1)[:area] = 1
    write(root / "images" / "v.nii.gz", np.full(labels.shape, 9, np.int16), np.diag([-0.5, -0.75, 3, 1]))
    write(root / "masks" / "v.nii.gz", labels, np.diag([-0.5, -0.75, 3, 1]))
