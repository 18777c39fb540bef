"""Volumes and segmentations of 3D Slicer in NRRD files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nrrd
import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import (
    Volume,
    in_axes,
    place,
    reading,
    step_lengths,
    usable,
)

_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}


def read_nrrd(path: Path) -> Volume:
    """Read a .nrrd or .nhdr file, see `volumes.read_volume`; four axes are volumes of their own."""
    array, header = nrrd.read(str(path))
    array = in_axes(array)
    affine, spacing = _place(header, path.name)
    return Volume(array, affine, spacing, path.name, separate=array.ndim > 3)


def _place(header: Mapping[str, Any], name: str) -> tuple[np.ndarray | None, tuple[float, float, float] | None]:
    """Affine and spacing; rows of `space directions` that are none belong to axes that are not of space."""
    directions = np.asarray(header.get("space directions", []), float)
    if directions.ndim == 2:
        directions = directions[np.isfinite(directions).all(axis=1)]
    signs = _TO_RAS.get(str(header.get("space", "")).lower())
    if directions.shape == (3, 3):
        affine = np.eye(4)
        affine[:3, :3] = directions.T
        affine[:3, 3] = header.get("space origin", np.zeros(3))
        spacing = step_lengths(affine)
        return (None if signs is None else usable(np.diag([*signs, 1.0]) @ affine, name)), spacing
    steps = [float(step) for step in header.get("spacings", [])]
    if len(steps) in (2, 3):
        x, y, z = (*steps, *[float("nan")] * (3 - len(steps)))
        return None, (x, y, z)
    return None, None


def read_segment(path: Path, pattern: str, like: Volume) -> np.ndarray:
    """Where the segments whose names match are set: bool, in the grid of `like`.

    The format is that of 3D Slicer: a label map, or several layers of them along the first axis where segments overlap;
    `SegmentN_Name`, `SegmentN_LabelValue` and `SegmentN_Layer` say which number in which layer is which segment. Files
    of versions before 4.11 have one segment per layer and neither value nor layer.
    """
    with reading(path):
        array, header = nrrd.read(str(path))
        names = {key[:-5]: str(value) for key, value in header.items() if re.fullmatch(r"Segment\d+_Name", key)}
        found = [key for key, name in names.items() if re.search(pattern, name, re.IGNORECASE)]
        if not found:
            raise PromptsegError(
                f"no segment: none in {path.name} matches `segment: {pattern}`; there are "
                f"{', '.join(map(repr, names.values())) or 'none at all'}"
            )
        layers = array if array.ndim > 3 else array[None]
        if layers.shape[1:] == (1, 1, 1):
            # Stands for a file without any voxel, whose geometry means nothing.
            return np.zeros(like.shape, bool)
        marked = np.zeros(layers.shape[1:], bool)
        for key in found:
            layer = int(header.get(f"{key}_Layer", key[7:] if len(layers) > 1 else 0))
            marked |= layers[layer] == int(header.get(f"{key}_LabelValue", 1))
        affine, spacing = _place(header, path.name)
    return place(Volume(marked, affine, spacing, path.name), like).array
