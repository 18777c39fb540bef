"""Segmentation objects of DICOM."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.dicom import TO_RAS, group, plane
from promptseg.preprocess.grids import Volume, shown

logger = logging.getLogger(__name__)


def is_segmentation(path: Path) -> bool:
    """Whether a DICOM file is a segmentation object."""
    return pydicom.dcmread(path, specific_tags=["Modality"], stop_before_pixels=True).get("Modality") == "SEG"


def read_segmentation(paths: Sequence[Path], like: Volume) -> Volume:
    """Place the frames of DICOM SEG files (PS3.3 C.8.20) into the grid of `like`; see `labels.read_labels`."""
    name = paths[0].name
    if like.affine is None:
        raise PromptsegError(f"no position: {like.name} does not say where it lies, so {name} cannot be laid over it")
    to_voxels = np.linalg.inv(like.affine)
    array = np.zeros(like.shape, np.uint16, order="F")
    for path in paths:
        dataset = pydicom.dcmread(path)
        kind = dataset.get("SegmentationType")
        if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
            raise PromptsegError(f"unknown DICOM SEG: {path.name} is of the type {kind}; save it as BINARY")
        frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
        if kind == "LABELMAP":
            # A pixel holds the number of its segment.
            frames = np.where(frames == dataset.get("PixelPaddingValue", 0), 0, frames)
        else:
            frames = frames >= (1.0 if kind == "BINARY" else dataset.MaximumFractionalValue / 2)
        shared = dataset.SharedFunctionalGroupsSequence[0]
        placed = []
        for frame, own in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            voxels = _voxels(frame, own, shared, to_voxels, like, path.name)
            if kind == "LABELMAP":
                array[voxels] = frame[frame != 0]
            else:
                segment = group(own, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber
                placed.append((int(segment), voxels))
        for segment, voxels in sorted(placed, key=lambda item: item[0]):
            if np.isin(array[voxels], (0, segment), invert=True).any():
                logger.warning("%s: segment %d covers a part of another one", path.name, segment)
            array[voxels] = segment
    return Volume(array, like.affine, like.spacing, name)


def _voxels(
    frame: np.ndarray, own: Any, shared: Any, to_voxels: np.ndarray, like: Volume, name: str
) -> tuple[np.ndarray, ...]:
    """Indices into `like` of the pixels of a frame of a DICOM SEG that are set; `to_voxels` inverts its affine."""
    position, orientation, spacing = plane(own, shared)
    affine = np.eye(4)
    affine[:3, 0] = orientation[:3] * spacing[1]
    affine[:3, 1] = orientation[3:] * spacing[0]
    affine[:3, 3] = position
    rows, columns = np.nonzero(frame)
    points = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)])
    exact = (to_voxels @ TO_RAS @ affine @ points)[:3]
    index = np.rint(exact).astype(int)
    if np.abs(exact - index).max(initial=0.0) > 0.1:
        raise PromptsegError(f"another grid: the pixels of {name} do not lie on those of {like.name}; resample it")
    if (index < 0).any() or (index >= np.array(like.shape)[:, None]).any():
        raise PromptsegError(f"sizes differ: {name} reaches beyond {like.name} ({shown(like.shape)})")
    return tuple(index)
