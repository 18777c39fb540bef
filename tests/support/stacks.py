"""Tables of small volumes, made of files, or of arrays by the code that makes them of files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.config.cases import Case
from promptseg.core.tables import open_table, read_table, write_table
from promptseg.preprocess.grids import Volume
from promptseg.volumes.data.build import build_volumes
from promptseg.volumes.data.geometry import Geometry
from promptseg.volumes.data.rows import index_row, object_rows, slice_groups
from promptseg.volumes.data.stack import VolumeStream, stream_volumes
from promptseg.volumes.data.tables import VOLUME_INDEX, VOLUME_OBJECTS, VOLUMES
from support.builds import entry, list_files

TABLES = (VOLUMES, VOLUME_INDEX, VOLUME_OBJECTS)
Spacing = tuple[float, float, float]


def write_volumes(
    folder: Path,
    volumes: Mapping[str, tuple[np.ndarray, np.ndarray, Spacing | None]],
    tasks: Mapping[str, Sequence[int]],
    parts: bool = False,
    min_voxels: int = 1,
) -> VolumeStream:
    """Write volumes.parquet, volume_index.parquet and volume_objects.parquet into a folder, and read them.

    Args:
        volumes: name -> pixels (d, h, w) or (d, h, w, 3) uint8, labels (d, h, w), spacing (z, y, x) in mm or None.
        parts, min_voxels: of the dataset's `volumes`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = outputs_of(folder)
    index, objects = [], []
    with open_table(paths[0], VOLUMES) as table:
        for name, (pixels, labels, spacing) in volumes.items():
            case = Case(name, name, (f"{name}.nii.gz",), ())
            volume = as_volume(pixels, spacing)
            marked = np.asarray(labels).astype(np.uint8).transpose(2, 1, 0)
            geometry = Geometry.of(volume, volume)
            for rows in slice_groups(case, volume, marked, lambda picture: picture):
                table.write(rows)
            index.append(index_row(case, volume, geometry))
            objects += object_rows(case, marked, geometry, tasks, {"parts": parts, "min_voxels": min_voxels})
    write_table(paths[1], index, VOLUME_INDEX)
    write_table(paths[2], objects, VOLUME_OBJECTS)
    return stream_volumes(*paths, tasks)


def outputs_of(folder: Path) -> list[Path]:
    """The three tables of a folder."""
    return [folder / table.name for table in TABLES]


def build(
    root: Path, out: Path, strict: bool = False, threads: int = 1, volumes: Any = True, **changes: Any
) -> list[pd.DataFrame]:
    """Slices, index and objects of a folder of files; `changes` are keys of the dataset's entry."""
    out.mkdir(exist_ok=True)
    files, settings = list_files(root, out / "files.csv"), entry(volumes=volumes, **changes)
    build_volumes(files, outputs_of(out), "mine", settings, strict, threads)
    return [read_table(path, table) for path, table in zip(outputs_of(out), TABLES, strict=True)]


def as_volume(pixels: np.ndarray, spacing: Spacing | None) -> Volume:
    """An axial volume of (d, h, w) or (d, h, w, 3) pixels, columns from right to left and rows from front to back."""
    array = np.moveaxis(pixels, (0, 1, 2), (2, 1, 0))
    if spacing is None:
        return Volume(array, None, None, "volume")
    z, y, x = spacing
    return Volume(array, np.diag([-x, -y, z, 1.0]), (x, y, z), "volume")
