"""The volumes of a dataset, read from its tables: slices one by one, and the objects in them."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from promptseg.core.errors import PromptsegError
from promptseg.core.parquet import ParquetFile, read_schema
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_table
from promptseg.preprocess.images import decode_png, decode_rgb
from promptseg.volumes.data.components import Components
from promptseg.volumes.data.geometry import Geometry
from promptseg.volumes.data.tables import VOLUME_INDEX, VOLUME_OBJECTS, VOLUMES
from promptseg.volumes.data.truth import Tasks, stacks_of

T = TypeVar("T")
_SLICES, _GROUPS = 8, 2  # that stay in memory: pictures, and row groups of encoded ones


@dataclass(frozen=True)
class VolumeObject:
    """One object of a volume: a task, or a part of it.

    Attributes:
        row: of `VOLUME_OBJECTS`; its columns are attributes.
        part: its number; None where the task is one object.
        z0, z1: its first and its last slice.
        truth: its mask, never empty.
    """

    row: Any
    object_id: str
    task: str
    part: int | None
    z0: int
    z1: int
    truth: MaskStack

    @property
    def keys(self) -> dict[str, str]:
        """The columns that name the object in other tables: task, case_id, volume_id, object_id."""
        return {name: getattr(self.row, name) for name in ("task", "case_id", "volume_id", "object_id")}


class StoredVolume:
    """A volume whose slices are decoded when they are asked for: `methods.volume.Slices`, and what is true of it.

    Attributes:
        volume_id, case_id: names of the volume and of the patient.
        shape: (slices, rows, columns).
        spacing: (z, y, x) in mm, along z the median distance of slices; None where one of the three is not known.
        geometry: where the slices lie, and lengths and volumes in mm and ml.
    """

    def __init__(self, file: "_File", start: int, row: Any, objects: pd.DataFrame, tasks: Tasks, raw: Path | None):
        self.volume_id: str = row.volume_id
        self.case_id: str = row.case_id
        self.shape = int(row.n_slices), int(row.height), int(row.width)
        steps = float(row.spacing_z), float(row.spacing_y), float(row.spacing_x)
        self.spacing = None if np.isnan(steps).any() else steps
        self.geometry = _geometry(row)
        self._file, self._start, self._tasks, self._raw = file, start, tasks, raw
        self._rows = objects
        self._pictures: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    @property
    def positions(self) -> tuple[float, ...] | None:
        """Of each slice along the axis in mm, the first at 0; None where the distances are not known."""
        return self.geometry.positions

    def pixels(self, z: int) -> np.ndarray:
        """(h, w, 3) uint8 RGB of slice `z`; not to be written into, because it is kept for the next call."""
        return _kept(self._pictures, z, _SLICES, lambda: decode_rgb(self._file.picture(self._start + z, "image")))

    def labels(self, z: int) -> np.ndarray:
        """(h, w) label map of slice `z`."""
        return decode_png(self._file.picture(self._start + z, "labels"))

    def digest(self, z: int) -> str:
        """SHA-256 of the pixels of slice `z`, see `images.pixel_digest`."""
        return self._digests[z]

    def raw(self) -> Path:
        """NIfTI file of the volume in stored units; voxel (x, y, z) is pixel (x, y) of slice z.

        Raises:
            PromptsegError: it was not written.
        """
        path = None if self._raw is None else self._raw / f"{self.volume_id}.nii.gz"
        if path is None or not path.is_file():
            raise PromptsegError(
                f"{self.volume_id} was not written in stored units: rule raw_volumes does so for methods whose class "
                "says `needs_raw = True`."
            )
        return path

    @cached_property
    def _digests(self) -> list[str]:
        return self._file.digests(self._start, self._start + self.shape[0])

    @property
    def object_ids(self) -> list[str]:
        """Names of the objects in the order of their table, for which no slice is read."""
        return list(self._rows["object_id"])

    @cached_property
    def objects(self) -> list[VolumeObject]:
        """The objects in the order of their table."""
        stacks = stacks_of(map(self.labels, range(self.shape[0])), self.shape, self._tasks)
        parts: dict[str, list[MaskStack]] = {}
        found = []
        for row in self._rows.itertuples(index=False):
            part = None if pd.isna(row.part) else int(row.part)
            truth = stacks[row.task]
            if part is not None:
                if row.task not in parts:
                    parts[row.task] = Components(truth).largest_first()
                truth = parts[row.task][part - 1]
            found.append(VolumeObject(row, row.object_id, row.task, part, int(row.z0), int(row.z1), truth))
        return found


@dataclass(frozen=True)
class VolumeStream:
    """The readable volumes of a dataset in file order. It can be read again and again; each time anew.

    Attributes:
        index: rows of `VOLUME_INDEX` whose status is ok.
        objects: rows of `VOLUME_OBJECTS`.
    """

    volumes: Path
    index: pd.DataFrame
    objects: pd.DataFrame
    tasks: Tasks
    raw: Path | None = None

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[StoredVolume]:
        file = _File(self.volumes)
        starts = np.append(0, self.index["n_slices"].astype(int).cumsum())
        if starts[-1] != file.rows:
            raise PromptsegError(
                f"{self.volumes} has {file.rows} slices, and its index names {starts[-1]}: delete both and run again."
            )
        for start, row in zip(starts[:-1].tolist(), self.index.itertuples(index=False), strict=True):
            objects = self.objects[self.objects["volume_id"] == row.volume_id]
            yield StoredVolume(file, start, row, objects, self.tasks, self.raw)


def stream_volumes(
    volumes: str | Path, index: str | Path, objects: str | Path, tasks: Tasks, raw: str | Path | None = None
) -> VolumeStream:
    """The volumes of a dataset with their objects.

    Args:
        volumes, index, objects: files of `VOLUMES`, `VOLUME_INDEX` and `VOLUME_OBJECTS`.
        tasks: task name to the label values that form its object.
        raw: the folder of volumes in stored units, if there is one.

    Raises:
        PromptsegError: a file lacks a column.
    """
    VOLUMES.check(volumes, read_schema(volumes).names)
    rows = read_table(index, VOLUME_INDEX)
    return VolumeStream(
        Path(volumes),
        rows[rows["status"] == "ok"],
        read_table(objects, VOLUME_OBJECTS),
        tasks,
        None if raw is None else Path(raw),
    )


def _geometry(row: Any) -> Geometry:
    """That of a row of `VOLUME_INDEX`."""
    z, y, x = (None if np.isnan(step) else float(step) for step in (row.spacing_z, row.spacing_y, row.spacing_x))
    return Geometry(
        (z, y, x),
        None if row.positions is None else tuple(row.positions.tolist()),
        None if row.uniform is None else bool(row.uniform),
        None if row.affine is None else row.affine.reshape(4, 4),
    )


class _File:
    """Rows of `volumes.parquet` by their number; a few row groups stay in memory."""

    def __init__(self, path: Path):
        self._file = ParquetFile(path)
        about = self._file.metadata
        self._ends = np.cumsum([about.row_group(group).num_rows for group in range(about.num_row_groups)])
        self.rows: int = about.num_rows
        self._groups: OrderedDict[Hashable, list[bytes]] = OrderedDict()

    def picture(self, row: int, column: str) -> bytes:
        """The PNG in the column `image` or `labels` of a row."""
        group = self._group(row)
        return _kept(self._groups, (group, column), _GROUPS, partial(self._read, group, column))[
            row - self._first(group)
        ]

    def digests(self, start: int, end: int) -> list[str]:
        """The column `sha256` of rows from `start` up to `end`."""
        groups = list(range(self._group(start), self._group(end - 1) + 1))
        first = self._first(groups[0])
        found: list[str] = self._file.read_row_groups(groups, columns=["sha256"])["sha256"].to_pylist()
        return found[start - first : end - first]

    def _group(self, row: int) -> int:
        return int(np.searchsorted(self._ends, row, side="right"))

    def _first(self, group: int) -> int:
        return int(self._ends[group - 1]) if group else 0

    def _read(self, group: int, column: str) -> list[bytes]:
        table = self._file.read_row_group(group, columns=[f"{column}.bytes"])
        return [value["bytes"] for value in table[column].to_pylist()]


def _kept(known: OrderedDict[Hashable, T], key: Hashable, limit: int, make: Callable[[], T]) -> T:
    """The value of a key, made if it is not among the last few."""
    if key in known:
        known.move_to_end(key)
    else:
        known[key] = make()
        if len(known) > limit:
            known.popitem(last=False)
    return known[key]
