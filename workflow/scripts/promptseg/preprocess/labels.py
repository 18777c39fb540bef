"""Label maps and masks in the grid of their image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydicom.misc import is_dicom

from promptseg.core.errors import PromptsegError
from promptseg.core.reasons import NO_NAMES
from promptseg.preprocess.alignment import align
from promptseg.preprocess.dicom_seg import is_segmentation, read_named, read_segmentation
from promptseg.preprocess.grids import Volume, reading, shown
from promptseg.preprocess.nrrd import read_nrrd, read_segment
from promptseg.preprocess.rtstruct import is_structure_set, read_contours, read_structures
from promptseg.preprocess.volumes import LABEL_READERS, read_files, reader_of
from promptseg.preprocess.whole import fraction_error, whole_numbers


@dataclass(frozen=True)
class MaskFiles:
    """Files of which each marks the same object.

    Attributes:
        value: the label that the object gets.
        threshold: in the file's own units: values of at least this are the object; None: all values but 0.
        segment: which segments of a .seg.nrrd or DICOM SEG file, or structures of an RTSTRUCT, are the object, see
            `segments.matching`. None: the file is a mask or a map of values.
    """

    paths: tuple[Path, ...]
    value: int
    threshold: float | None = None
    segment: str | None = None


def read_labels(paths: Sequence[Path], like: Volume, geometry: str = "agree") -> Volume:
    """Read a label map and turn it into the orientation of the image `like`.

    The formats of `volumes.read_volume`, and DICOM SEG, whose frames are placed into the grid of `like` (the label is
    the segment number; where segments overlap the higher number wins; fractional segments count from one half on), and
    RTSTRUCT (see `rtstruct.read_structures`).
    A 2-D mask has one channel, or equal ones. A palette of greys stands for its greys, a coloured one for its indices.

    Args:
        geometry: see `alignment.align`.

    Returns:
        A volume of the shape of `like` with values of an integer type.

    Raises:
        PromptsegError: as `volumes.read_volume`; the sizes differ; a value is not an integer; channels differ.
    """
    labels = _read_mask(paths, like, geometry)
    if np.issubdtype(labels.array.dtype, np.floating):
        raise fraction_error(labels.array, labels.name)
    return labels


def read_masks(masks: Sequence[MaskFiles], like: Volume, geometry: str = "agree") -> Volume:
    """Make one label map of several masks, probability maps or segments; where they overlap, the later one wins.

    Returns, raises: as `read_labels`; no segment has the name.
    """
    largest = max(mask.value for mask in masks)
    array = np.zeros(like.shape, np.min_scalar_type(largest), order="F")
    for mask in masks:
        for path in mask.paths:
            if mask.segment is not None:
                array[_read_segment(path, mask.segment, like, geometry)] = mask.value
                continue
            values = _read_mask([path], like, geometry).array
            array[values != 0 if mask.threshold is None else values >= mask.threshold] = mask.value
    names = ", ".join(path.name for mask in masks for path in mask.paths)
    return Volume(array, like.affine, like.spacing, names, other_affines=like.other_affines)


def _read_segment(path: Path, pattern: str, like: Volume, geometry: str) -> np.ndarray:
    if reader_of(path) is read_nrrd:
        return read_segment(path, pattern, like, geometry)
    if _is_dicom(path, is_segmentation):
        with reading(path):
            return read_named(path, pattern, like)
    if _is_dicom(path, is_structure_set):
        return read_contours(path, pattern, like)
    raise NO_NAMES.error(f"{path.name} has no segments that `segment: {pattern}` could choose from")


def _read_mask(paths: Sequence[Path], like: Volume, geometry: str) -> Volume:
    segmentations = [path for path in paths if _is_dicom(path, is_segmentation)]
    if segmentations:
        with reading(segmentations[0]):
            return read_segmentation(segmentations, like)
    structures = [path for path in paths if _is_dicom(path, is_structure_set)]
    if structures:
        return read_structures(structures, like)
    mask = read_files(paths, LABEL_READERS)
    array = whole_numbers(_single_channel(mask), mask.scale)
    return align(replace(mask, array=array, scale=None, separate=False), like, geometry)


def _is_dicom(path: Path, kind: Callable[[Path], bool]) -> bool:
    """Whether a file is DICOM of a kind."""
    if reader_of(path, LABEL_READERS):
        return False
    with reading(path):
        return is_dicom(path) and kind(path)


def _single_channel(mask: Volume) -> np.ndarray:
    array = mask.array
    if mask.palette is not None:
        used = mask.palette[np.unique(array)]
        return mask.palette[array, 0] if (used == used[:, :1]).all() else array
    if array.ndim == 3:
        return array
    if array.shape[3] in (2, 4) and not mask.separate:
        array = array[..., :-1]
    if mask.separate:
        raise PromptsegError(
            f"too many dimensions: {mask.name} has the shape {shown(array.shape)}; write each mask to a file of its own"
        )
    if (array != array[..., :1]).any():
        raise PromptsegError(
            f"coloured mask: the channels of {mask.name} differ; save the label values as one channel (or with a "
            "palette)"
        )
    return array[..., 0]
