"""Back to the files that images were read from: where a pixel of a picture lies in its file and in the patient."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.case import read_image
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.inputs import Inputs
from promptseg.preprocess.shown import shown_apart


class Originals:
    """The files of the cases of a dataset.

    Args:
        files: files.csv of the dataset.
        entry: of the dataset in the configuration.

    Raises:
        PromptsegError: there is no such list, because the raw files are not there any more.
    """

    def __init__(self, files: Path, entry: Mapping[str, Any]):
        if not files.is_file():
            raise PromptsegError(f"{files} is not there: it lists the files that the images were read from.")
        self._entry = entry
        inputs = Inputs.of(files, entry)
        self._paths = inputs.paths
        self._cases = {case.name: case for case in inputs.cases}

    def read(self, case_name: str) -> tuple[Volume, list[Path]]:
        """The image of a case as stored, not turned, and its files.

        Raises:
            PromptsegError: a file is not there any more, or cannot be read.
        """
        case = self._cases[case_name]
        paths = {name: self._paths[name] for name in case.image}
        for path in paths.values():
            if not path.is_file():
                raise PromptsegError(f"{path}, from which {case_name} was read, is not there any more.")
        return read_image(case, shown_apart(paths), self._entry), list(paths.values())

    def place(self, case_name: str) -> "Place":
        """Where the pictures of a case lie."""
        return place_of(self.read(case_name)[0], self._entry["axis"])


@dataclass(frozen=True)
class Place:
    """Where the pictures of a case lie. A pixel's centre is at whole numbers.

    Attributes:
        index: (4, 4) float64, (x, y, slice, 1) of a picture to the index (column, row, slice) in the file as stored,
            the order of NIfTI and NRRD; of a picture with EXIF data, as it is shown upright.
        mm: (4, 4) float64, the same to RAS coordinates in mm; None where the file does not say.
    """

    index: np.ndarray
    mm: np.ndarray | None


def place_of(stored: Volume, axis: str | int) -> Place:
    """Where the pictures that are cut from a volume along `axis` lie, see `grids.reorient`."""
    if stored.affine is None and not isinstance(axis, int):
        return Place(np.eye(4), None)  # it is not turned
    known = np.eye(4) if stored.affine is None else stored.affine
    turned = reorient(replace(stored, affine=known, other_affines=(np.eye(4),)), axis)
    return Place(turned.other_affines[0], None if stored.affine is None else turned.affine)


def case_of(image_id: str, index: int | None) -> str:
    """The name of the case that an image was cut from.

    Args:
        index: of its slice; None for a file of one picture.
    """
    return image_id if index is None else image_id.removesuffix(f"_z{index:03d}")
