"""The rows of both tables that a case gives, in memory or in a file beside them."""

import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.config.cases import Case
from promptseg.core.masks import count_components, tight_box
from promptseg.preprocess.evidence import Evidence
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.images import encode_png, object_mask, pixel_digest
from promptseg.preprocess.tables import IMAGES

# Row groups are filled with whole cases up to about this size: thousands of tiny groups make a file slow to read.
_GROUP_BYTES = 8 * 2**20


@dataclass
class Rows:
    """Rows of both tables, and the size of the pictures in them."""

    images: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0

    def add(self, images: Sequence[dict[str, Any]], objects: Sequence[dict[str, Any]]) -> None:
        """Append rows."""
        self.images += images
        self.objects += objects
        self.bytes += sum(len(row["image"]["bytes"]) for row in images if row["image"])

    def fill_a_group(self) -> bool:
        """Whether they are enough for a row group."""
        return self.bytes > _GROUP_BYTES


@dataclass
class Result:
    """What a case gives.

    Attributes:
        rows: those that are not in `spilled`, to be read after them.
        spilled: file with groups of rows, or None.
        lowest: how often the object of each task lies lowest, of the images where the task `lowest` is not alone.
        messages: of the log (level, message).
        failure: why it failed, if it did.
        evidence: kinds of masks that were found.
    """

    rows: Rows = field(default_factory=Rows)
    spilled: Path | None = None
    lowest: Counter[str] = field(default_factory=Counter)
    messages: list[tuple[int, str]] = field(default_factory=list)
    failure: str | None = None
    evidence: Evidence = field(default_factory=Evidence)

    def spill(self, path: Path) -> None:
        """Append the rows to a file and forget them."""
        with path.open("ab") as stream:
            pickle.dump(self.rows, stream, pickle.HIGHEST_PROTOCOL)
        self.spilled = path
        self.rows = Rows()

    def groups(self) -> Iterator[Rows]:
        """All rows in order, one group at a time; the file is removed."""
        if self.spilled is not None:
            size = self.spilled.stat().st_size
            with self.spilled.open("rb") as stream:
                while stream.tell() < size:
                    yield pickle.load(stream)
            self.spilled.unlink()
        yield self.rows


def object_rows(
    labels: np.ndarray, image_id: str, patient: str, tasks: Mapping[str, Sequence[int]], least: int
) -> list[dict[str, Any]]:
    """One row of `OBJECTS` per task whose object has at least `least` (h, w) pixels, and never none."""
    rows: list[dict[str, Any]] = []
    if not labels.any():
        return rows
    for task, members in tasks.items():
        mask = object_mask(labels, members)
        area = int(np.count_nonzero(mask))
        if area < max(least, 1):
            continue
        x0, y0, x1, y1 = tight_box(mask)
        rows.append(
            {
                "object_id": f"{image_id}:{task}",
                "image_id": image_id,
                "case_id": patient,
                "task": task,
                "area": area,
                "n_components": count_components(mask[y0 : y1 + 1, x0 : x1 + 1]),
                "bbox_x0": x0,
                "bbox_y0": y0,
                "bbox_x1": x1,
                "bbox_y1": y1,
            }
        )
    return rows


def image_row(
    case: Case, volume: Volume, image_id: str, index: int, pixels: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """The row of `IMAGES` of one picture.

    Args:
        index: of the slice.
        pixels: (h, w) or (h, w, 3) uint8; three equal channels are stored as one.
        labels: (h, w) uint8 or uint16.
    """
    if pixels.ndim == 3 and (pixels == pixels[:, :, :1]).all():
        pixels = pixels[:, :, 0]
    spacing_y, spacing_x = volume.pixel_spacing or (None, None)
    return {
        "image_id": image_id,
        "case_id": case.patient,
        "image": {"bytes": encode_png(pixels), "path": f"{image_id}.png"},
        "labels": {"bytes": encode_png(labels), "path": f"{image_id}_labels.png"},
        "height": labels.shape[0],
        "width": labels.shape[1],
        "spacing_y": spacing_y,
        "spacing_x": spacing_x,
        "sha256": pixel_digest(pixels),
        "source": case.image[0],
        "slice": None if volume.planar else index,
        "status": "ok",
    }


def slice_id(case: Case, index: int) -> str:
    """The `image_id` of a slice of a volume."""
    return f"{case.name}_z{index:03d}"


def failure_row(case: Case, status: str) -> dict[str, Any]:
    """The row of `IMAGES` of a case that failed."""
    row: dict[str, Any] = dict.fromkeys(IMAGES.names)
    return {**row, "image_id": case.name, "case_id": case.patient, "source": case.names[0], "status": status}


def upright(labels: np.ndarray, index: int) -> np.ndarray:
    """Slice `index` of (columns, rows, slices) as (rows, columns)."""
    return np.ascontiguousarray(labels[:, :, index].T)
