"""Volumes and segmentations of 3D Slicer in NRRD files."""

import logging
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nrrd
import numpy as np

from promptseg.config.formats import data_files, header_lines
from promptseg.core.reasons import COMPLEX_NUMBERS, UNREADABLE
from promptseg.preprocess.alignment import align
from promptseg.preprocess.axes import arranged
from promptseg.preprocess.disguises import require_data
from promptseg.preprocess.grids import Volume, reading
from promptseg.preprocess.names import matching
from promptseg.preprocess.nrrd_header import kinds, place_of, spatial

logger = logging.getLogger(__name__)


def read_nrrd(path: Path) -> Volume:
    """Read a .nrrd or .nhdr file, see `volumes.read_volume`.

    What lies along an axis that is none of space (`nrrd_header.spatial`) are volumes of their own, or the colours of
    one picture if its kind says so.

    Raises:
        PromptsegError: there are two such axes, complex numbers, or a data file is missing.
    """
    array, header = load(path)
    if "complex" in kinds(header):
        raise COMPLEX_NUMBERS.error(f"{path.name} holds complex numbers")
    affine, spacing = place_of(header, path.name)
    array = arranged(array, spatial(header), path.name)
    coloured = array.ndim > 3 and any(re.fullmatch(r"(rgba?|[34])-color", kind) for kind in kinds(header))
    if coloured and array.shape[3] == 4:
        logger.warning("%s has an alpha channel; it is dropped", path.name)
        array = array[..., :3]
    return Volume(array, affine, spacing, path.name, separate=array.ndim > 3 and not coloured)


def load(path: Path) -> tuple[np.ndarray, Mapping[str, Any]]:
    """The values, with their axes in the order of the file, and the header; texts may have any letters.

    Raises:
        PromptsegError: a data file is missing.
    """
    require_data(path)
    # pynrrd drops letters that are not ASCII, such as that of micrometres, unless it is given texts.
    header = nrrd.read_header(list(_fields(path)))
    files = data_files(path)
    if not files:
        with path.open("rb") as stream:
            nrrd.read_header(stream)
            return nrrd.read_data(header, stream), header
    one = {key: value for key, value in header.items() if key not in ("data file", "datafile")}
    if len(files) == 1:
        return nrrd.read_data({**one, "data file": str(files[0])}, filename=str(path)), header
    # pynrrd reads one data file only.
    part = {**one, "dimension": 1, "sizes": np.array([math.prod(header["sizes"]) // len(files)])}
    parts = [nrrd.read_data({**part, "data file": str(file)}, filename=str(path)) for file in files]
    return np.concatenate(parts).reshape(header["sizes"], order="F"), header


def _fields(path: Path) -> Iterator[str]:
    """The lines of a header up to the values, or up to a list of data files."""
    for line in header_lines(path):
        if not line:
            return
        yield line
        if re.match(r"data ?file:\s*LIST", line):
            return


def read_segment(path: Path, pattern: str, like: Volume, geometry: str = "agree") -> np.ndarray:
    """Where the segments whose names match are set: bool, in the grid of `like`; `geometry`: see `alignment.align`.

    The format is that of 3D Slicer: a label map, or several layers of them along an axis that is not of space where
    segments overlap; `SegmentN_Name`, `SegmentN_LabelValue` and `SegmentN_Layer` say which number in which layer is
    which segment. Files of versions before 4.11 have one segment per layer and neither value nor layer.

    Raises:
        PromptsegError: see `names.matching` and `alignment.align`; several segments of one layer have no values.
    """
    with reading(path):
        array, header = load(path)
        keys = sorted(
            {key.split("_")[0] for key in header if re.match(r"Segment\d+_", key)}, key=lambda key: int(key[7:])
        )
        names = {key: str(header.get(f"{key}_Name", header.get(f"{key}_ID", ""))) for key in keys}
        found = matching(names, pattern, path.name)
        array = arranged(array, spatial(header), path.name)
        layers = np.moveaxis(array, 3, 0) if array.ndim > 3 else array[None]
        if layers.shape[1:] == (1, 1, 1):
            # Stands for a file without any voxel, whose geometry means nothing.
            return np.zeros(like.shape, bool)
        marked = np.zeros(layers.shape[1:], bool)
        for key in found:
            if f"{key}_LabelValue" not in header and len(layers) < len(keys):
                what = f"{path.name} names several segments and does not say which values they have"
                raise UNREADABLE.error(what, "save it anew with 3D Slicer")
            layer = int(header.get(f"{key}_Layer", key[7:] if len(layers) > 1 else 0))
            marked |= layers[layer] == int(header.get(f"{key}_LabelValue", 1))
        affine, spacing = place_of(header, path.name)
    return align(Volume(marked, affine, spacing, path.name), like, geometry, cut=True).array
