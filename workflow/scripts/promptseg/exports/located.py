"""Where pixels of pictures lie in the files that these were cut from, in the index order of each format, and in mm."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.config.formats import FORMATS, PICTURES
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import whole_csv
from promptseg.preprocess.dicom_frames import TO_RAS
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.places import Originals, place_of
from promptseg.preprocess.upright import upright

# The order in which those who open a file index it, by the numbers of column, row and slice.
_DICOM = {"column": 0, "row": 1, "slice": 2}
_PAGES = {"page": 2, "row": 1, "column": 0}
_PICTURE = {"row": 1, "column": 0}
_VOLUME = {"i": 0, "j": 1, "k": 2}
_DECIMALS = 6  # of mm


@dataclass(frozen=True)
class Located:
    """The pictures of one case.

    Attributes:
        about: of its files, as the document says it.
        index: (axes, 4) integers, (x, y, slice, 1) to the index in the file; None where the files cannot be read.
        mm: (3, 4) the same to RAS coordinates in mm; None where the file does not say.
        origins: (slices, 3) RAS coordinates in mm of the first pixels of the slices of a DICOM series, which need not
            be evenly spaced; None for others.
        steps: (3, 2) mm to the next column and to the next row of such a slice.
    """

    about: Mapping[str, Any]
    index: np.ndarray | None = None
    mm: np.ndarray | None = None
    origins: np.ndarray | None = None
    steps: np.ndarray | None = None

    def indices(self, points: np.ndarray, number: int) -> np.ndarray | None:
        """(n, axes) integers: where (n, 2) points (x, y) of a slice lie in the file."""
        return None if self.index is None else _homogeneous(points, number) @ self.index.T

    def index_from_pixel(self, number: int) -> list[list[int]] | None:
        """A row for each axis of the file, which gives its index from (x, y, 1) of a slice."""
        if self.index is None:
            return None
        rows: list[list[int]] = np.c_[self.index[:, :2], self.index @ [0, 0, number, 1]].tolist()
        return rows

    def millimetres(self, points: np.ndarray, number: int, spacing: tuple[float, float] | None) -> np.ndarray | None:
        """(n, 3) RAS coordinates in mm of (n, 2) points; (n, 2), to the right of and below the first pixel, without.

        Args:
            spacing: (y, x) of the picture in mm.
        """
        if self.mm is None:
            return None if spacing is None else _rounded(points * [spacing[1], spacing[0]])
        if self.origins is None or self.steps is None or self.index is None:
            return _rounded(_homogeneous(points, number) @ self.mm.T)
        found = _homogeneous(points, number) @ self.index.T
        return _rounded(self.origins[found[:, 2]] + found[:, :2] @ self.steps.T)


def _rounded(mm: np.ndarray) -> np.ndarray:
    """So that equal places are equal texts; adding 0 turns -0 into 0."""
    rounded: np.ndarray = np.round(mm, _DECIMALS) + 0
    return rounded


def _homogeneous(points: np.ndarray, number: int) -> np.ndarray:
    return np.c_[points, np.full(len(points), number), np.ones(len(points), int)]


class Locations:
    """The files of a dataset.

    Args:
        files: files.csv of the dataset.
        entry: of the dataset in the configuration, as `preprocess.build` takes it.

    Raises:
        PromptsegError: there is no such list, because the raw files are not there any more.
    """

    def __init__(self, files: Path, entry: Mapping[str, Any]):
        self._originals = Originals(files, entry)
        self._entry = entry
        with whole_csv(files):
            table = pd.read_csv(files, dtype=str, keep_default_na=False)
        self._files = {
            Path(row.path): {"name": row.name, **({"sha256": row.sha256} if row.sha256 else {})}
            for row in table.itertuples(index=False)
        }

    def of(self, case_name: str) -> Located:
        """Where the pictures of a case lie; where its files cannot be read, `problem` of `about` says why."""
        try:
            stored, paths = self._originals.read(case_name)
        except PromptsegError as error:
            return Located({"source": case_name, "problem": str(error)})
        place = place_of(stored, self._entry["axis"])
        order = _order(stored, paths[0])
        turn = _to_file(stored)
        index = np.rint(turn @ place.index)[list(order.values())].astype(int)
        about: dict[str, Any] = {
            "source": case_name,
            "format": _format(stored, paths[0]),
            "files": [self._files[Path(path)] for path in paths],
            "axes": list(order),
            "shape": [_stored_shape(stored)[axis] for axis in order.values()],
        }
        if "channels" in self._entry:
            about["channels"] = self._entry["channels"]
        if stored.affine is not None:
            about["affine"] = _rounded(stored.affine).tolist()
        if stored.planes:
            about["instances"] = self._instances(stored)
        if place.mm is None or stored.affine is None:
            return Located(about, index)
        positions = [plane.position for plane in stored.planes if plane.position is not None]
        origins = np.array(positions) @ TO_RAS[:3, :3] if positions else None  # a diagonal matrix
        return Located(about, index, place.mm[:3], origins, stored.affine[:3, :2])

    def _instances(self, stored: Volume) -> list[dict[str, Any]]:
        """Which picture of which file each slice of a DICOM series is."""
        return [
            {
                "file": self._files[plane.path]["name"] if plane.path else None,
                "sop_instance_uid": plane.instance or None,
                "frame": plane.frame,
                "position": None if plane.position is None else _rounded(TO_RAS[:3, :3] @ plane.position).tolist(),
            }
            for plane in stored.planes
        ]


def _format(stored: Volume, path: Path) -> str:
    if stored.planes:
        return "DICOM"
    found = [name for name, suffixes in FORMATS.items() if path.name.lower().endswith(suffixes)]
    return found[0] if found else "NIfTI"  # a pair that is named by its .img


def _order(stored: Volume, path: Path) -> Mapping[str, int]:
    """Names of the axes of the file, in the order of its index, with their places in (column, row, slice)."""
    if stored.planes:
        return _DICOM
    if _format(stored, path) in (*PICTURES, "TIFF"):
        return _PICTURE if stored.planar else _PAGES
    return _VOLUME


def _stored_shape(stored: Volume) -> tuple[int, int, int]:
    """(columns, rows, slices) of the file itself, before it was turned as its EXIF data say."""
    columns, rows, slices = stored.shape
    return (rows, columns, slices) if stored.orientation >= 5 else (columns, rows, slices)


def _to_file(stored: Volume) -> np.ndarray:
    """(3, 4): (column, row, slice, 1) of a picture as it is shown to the same of the file."""
    rows = []
    for axis, size in enumerate(_stored_shape(stored)):
        along = [size if other == axis else 1 for other in range(3)]
        grid = np.broadcast_to(np.arange(size).reshape(along), _stored_shape(stored))
        shown = upright(replace(stored, array=grid), stored.orientation).array
        first = int(shown[0, 0, 0])
        ends = (np.eye(3, dtype=int) * (np.minimum(shown.shape, 2) - 1)).tolist()  # the next pixel, if there is one
        rows.append([*(int(shown[tuple(end)]) - first for end in ends), first])
    return np.array(rows)
