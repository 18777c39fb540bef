"""Masks of named segments, and those of DICOM that are placed by coordinates: DICOM SEG and RTSTRUCT."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from promptseg.core.reasons import NO_NAMES, NO_SEGMENT, PLACES_DIFFER
from promptseg.preprocess.dicom_files import is_dicom, opened
from promptseg.preprocess.dicom_seg import read_named, read_segmentation
from promptseg.preprocess.grids import Volume, extent, reading
from promptseg.preprocess.names import NoneMatchesError
from promptseg.preprocess.nrrd import read_nrrd, read_segment
from promptseg.preprocess.rtstruct import read_contours, read_structures
from promptseg.preprocess.volumes import LABEL_READERS, reader_of

_MODALITIES = {SegmentationStorage: "SEG", RTStructureSetStorage: "RTSTRUCT"}


def read_segments(paths: Sequence[Path], pattern: str, like: Volume, geometry: str) -> np.ndarray:
    """Where the segments of .seg.nrrd, DICOM SEG and RTSTRUCT files lie that a pattern means: bool, grid of `like`.

    Those of several files are united. The slices of a series may lie beside a DICOM SEG or RTSTRUCT.

    Args:
        pattern: see `names.matching`.
        geometry: see `alignment.align`.

    Raises:
        PromptsegError: no file names its segments, or none names one that matches; see the readers.
    """
    kinds = {path: "NRRD" if reader_of(path) is read_nrrd else _kind(path) for path in paths}
    asked = [path for path in paths if kinds[path]]
    if not asked:
        raise NO_NAMES.error(f"{paths[0].name} has no segments that `segment: {pattern}` could choose from")
    readers: Mapping[str, Callable[..., np.ndarray]] = {
        "NRRD": partial(read_segment, geometry=geometry),
        "SEG": read_named,
        "RTSTRUCT": read_contours,
    }
    mask = np.zeros(like.shape, bool, order="F")
    there = []
    for path in asked:
        try:
            if kinds[path] != "NRRD":
                _check_place(path, like, geometry)
            with reading(path):
                mask |= readers[kinds[path]](path, pattern, like)
        except NoneMatchesError as error:
            there.append(str(error))
    if len(there) == len(asked):
        raise NO_SEGMENT.error(f"`segment: {pattern}` matches nothing: {'; '.join(there)}")
    return mask


def read_objects(paths: Sequence[Path], like: Volume, geometry: str) -> Volume | None:
    """The label map of DICOM SEG or RTSTRUCT files, whatever else lies beside them; None if there is neither.

    Args, raises: as `read_segments`; see the readers.
    """
    kinds = {path: _kind(path) for path in paths}
    for kind, read in (("SEG", read_segmentation), ("RTSTRUCT", read_structures)):
        found = [path for path in paths if kinds[path] == kind]
        if found:
            _check_place(found[0], like, geometry)
            with reading(found[0]):
                return read(found, like)
    return None


def _kind(path: Path) -> str:
    """SEG, RTSTRUCT, or nothing for other files."""
    if reader_of(path, LABEL_READERS):
        return ""
    with reading(path):
        if not is_dicom(path):
            return ""
        header = opened(path, specific_tags=["Modality", "SOPClassUID"], stop_before_pixels=True)
    modality = str(header.get("Modality") or _MODALITIES.get(header.get("SOPClassUID")))
    return modality if modality in _MODALITIES.values() else ""


def _check_place(path: Path, like: Volume, geometry: str) -> None:
    """Coordinates mean one place only if the image states one."""
    if like.other_affines and geometry != "header":
        places = " or ".join(extent(affine, like.shape) for affine in like.readings)
        raise PLACES_DIFFER.error(
            f"the image {like.name} lies at {places}, and {path.name} is placed by coordinates",
            "set `geometry: header` in the dataset's entry if the place that is named first is the right one",
        )
