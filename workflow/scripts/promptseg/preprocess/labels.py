"""Label maps and masks in the grid of their image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from promptseg.core.reasons import SIZES_DIFFER
from promptseg.preprocess.channels import single_channel
from promptseg.preprocess.dicom_gaps import align_to_slices
from promptseg.preprocess.encodings import declared_labels, label_map, marked
from promptseg.preprocess.evidence import Encodings, Kind
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.segments import read_objects, read_segments
from promptseg.preprocess.volumes import LABEL_READERS, Readers, read_files
from promptseg.preprocess.whole import fraction_error, whole_numbers


@dataclass(frozen=True)
class MaskFiles:
    """Files of which each marks the same object.

    Attributes:
        value: the label that the object gets.
        threshold: in the file's own units: values of at least this are the object; None: see `encodings.marked`.
        segment: which segments of a .seg.nrrd or DICOM SEG file, or structures of an RTSTRUCT, are the object, see
            `names.matching`. None: the file is a mask or a map of values.
    """

    paths: tuple[Path, ...]
    value: int
    threshold: float | None = None
    segment: str | None = None


def read_labels(
    paths: Sequence[Path],
    like: Volume,
    geometry: str = "agree",
    how: Encodings | None = None,
    readers: Readers = LABEL_READERS,
) -> Volume:
    """Read a label map and turn it into the orientation of the image `like`.

    The formats of `volumes.read_volume`, and DICOM SEG, whose frames are placed into the grid of `like` (the label is
    the segment number; where segments overlap the higher number wins; fractional segments count from one half on), and
    RTSTRUCT (see `rtstruct.read_structures`).
    What palettes, channels and numbers stand for: `channels.single_channel` and `encodings.label_map`.

    Args:
        geometry: see `alignment.align`.
        how: what the dataset declares, by default any label values.
        readers: of files by their suffix.

    Returns:
        A volume of the shape of `like` with uint8 or uint16 values.

    Raises:
        PromptsegError: as `volumes.read_volume`; the sizes differ; a value is no label; what it means is open.
    """
    how = how or Encodings()
    labels = read_values(paths, like, geometry, how, readers=readers)
    if np.issubdtype(labels.array.dtype, np.floating):
        raise fraction_error(labels.array, labels.name)
    coloured = bool(how.colours) or labels.palette is not None
    array = (declared_labels if coloured else label_map)(labels.array, labels.name, how)
    return replace(labels, array=array, palette=None)


def read_masks(
    masks: Sequence[MaskFiles], like: Volume, geometry: str = "agree", how: Encodings | None = None
) -> Volume:
    """Make one label map of several masks, probability maps or segments; where they overlap, the later one wins.

    Args, returns, raises: as `read_labels`; no segment has the name; a threshold is missing.
    """
    how = how or Encodings()
    largest = max(mask.value for mask in masks)
    array = np.zeros(like.shape, np.min_scalar_type(largest), order="F")
    for mask in masks:
        if mask.segment is not None:
            array[read_segments(mask.paths, mask.segment, like, geometry)] = mask.value
            continue
        for path in mask.paths:
            values = read_values([path], like, geometry, how, one_object=True)
            array[marked(values.array, values.name, mask.value, mask.threshold, how)] = mask.value
    names = ", ".join(path.name for mask in masks for path in mask.paths)
    array = declared_labels(array, names, how)
    return Volume(array, like.affine, like.spacing, names, other_affines=like.other_affines)


def read_values(
    paths: Sequence[Path],
    like: Volume,
    geometry: str,
    how: Encodings,
    one_object: bool = False,
    readers: Readers = LABEL_READERS,
) -> Volume:
    """The numbers of a mask or probability map as its file has them, in the orientation of `like`; see `read_labels`.

    Args:
        one_object: the file shows one object, whose numbers need not be declared.
    """
    objects = read_objects(paths, like, geometry)
    if objects is not None:
        return objects
    mask = single_channel(read_files(paths, readers), how, one_object)
    if like.turned and not mask.turned:
        _check_turned(mask, like, how)
    array = whole_numbers(mask.array, mask.scale)
    return align_to_slices(replace(mask, array=array, scale=None, separate=False), like, geometry)


def _check_turned(mask: Volume, like: Volume, how: Encodings) -> None:
    """Whether a mask without EXIF data was drawn on its picture as it is shown, or on the stored pixels."""
    columns, rows, slices = like.shape
    if mask.shape == like.shape:
        how.see(Kind.TURNED_PICTURE, mask.name)
    elif mask.shape == (rows, columns, slices):
        how.see(Kind.STORED_PIXELS, mask.name)
        raise SIZES_DIFFER.error(
            f"the image {like.name} is turned as its EXIF data say, and the mask {mask.name} has the size of its "
            "stored pixels",
            "turn the mask as well, or remove the orientation from the EXIF data of the image",
        )
