"""Images and label maps from files: NIfTI, NRRD, DICOM and the usual 2-D formats."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import nibabel as nib
import nrrd
import numpy as np
from isal import igzip
from PIL import Image
from PIL.ImageFile import ImageFile
from pydicom.misc import is_dicom

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.dicom import is_segmentation, read_segmentation, read_series
from promptseg.preprocess.grids import Volume, align, place, reading, rescaled, scaled, shown, step_lengths, usable

logger = logging.getLogger(__name__)

_NIFTI = (".nii", ".nii.gz")
_NRRD = (".nrrd", ".nhdr")
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_NRRD_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}
_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}
_BLOCK = 2**20  # bytes


@dataclass(frozen=True)
class MaskFiles:
    """Files of which each marks the same object.

    Attributes:
        value: the label that the object gets.
        threshold: in the file's own units: values of at least this are the object; None: all values but 0.
        segment: regular expression, whatever the case, on the names of the segments of a .seg.nrrd file; those that
            match are the object. None: the file is a mask or a map of values.
    """

    paths: tuple[Path, ...]
    value: int
    threshold: float | None = None
    segment: str | None = None


def read_volume(
    paths: Sequence[Path],
    channels: Sequence[int] | None = None,
    series: str | Sequence[str] | None = None,
    units: str = "stored",
) -> Volume:
    """Read an image: one file, or the files of one DICOM series.

    DICOM values are rescaled to their physical unit, MONOCHROME1 is inverted (dark is low), slices are put in order
    by their position. 2-D files keep 16 bits and lose an alpha channel; a palette is replaced by its colours. Pixel
    sizes of 2-D files are not used: they are print resolutions.

    Args:
        channels: which of the volumes along the last axis of a 4-D file, counted from 0: one, or three that become
            red, green and blue.
        series, units: see `dicom.read_series`.

    Raises:
        PromptsegError: a file is unreadable or of an unknown format, holds more than three dimensions without
            `channels` or several pages, or several files are not one DICOM series; `series` or `suv` for files that
            are not DICOM.
    """
    volume = _read(paths, False, series, units)
    if channels is None:
        if volume.array.ndim > 3 and volume.separate:
            raise PromptsegError(
                f"too many dimensions: {volume.name} has the shape {shown(volume.array.shape)}; say which of the "
                "volumes along the last axis by `channels`, or write each to a file of its own"
            )
        return volume
    if volume.array.ndim != 4 or max(channels) >= volume.array.shape[3] or len(channels) not in (1, 3):
        raise PromptsegError(
            f"no such channels: {volume.name} has the shape {shown(volume.array.shape)}; `channels` must name one or "
            "three of the volumes along a fourth axis"
        )
    if len(channels) == 1:
        return replace(volume, array=volume.array[..., channels[0]], separate=False)
    return replace(volume, array=volume.array[..., list(channels)], separate=True)


def read_colours(files: Sequence[Path]) -> Volume:
    """Three images of one grid, NIfTI or the like, as the red, green and blue channel of one.

    Raises:
        PromptsegError: as `read_volume`; the sizes differ.
    """
    first, *others = (read_volume([path]) for path in files)
    channels = [first, *(align(other, first) for other in others)]
    for channel in channels:
        if channel.array.ndim != 3:
            raise PromptsegError(f"coloured channel: {channel.name} has colours of its own; give three grey images")
    array = np.stack([scaled(channel.array, channel.scale) for channel in channels], axis=3)
    return Volume(array, first.affine, first.spacing, ", ".join(path.name for path in files), separate=True)


def read_labels(paths: Sequence[Path], like: Volume) -> Volume:
    """Read a label map and bring it into the orientation of the image `like`.

    The formats of `read_volume`, and DICOM SEG, whose frames are placed into the grid of `like` (the label is the
    segment number; where segments overlap the higher number wins; fractional segments count from one half on).
    A 2-D mask has one channel, or equal ones. A palette of greys stands for its greys, a coloured one for its indices.

    Returns:
        A volume of the shape of `like` with values of an integer type.

    Raises:
        PromptsegError: as `read_volume`; the sizes differ; a value is not an integer; channels differ.
    """
    labels = _read_mask(paths, like)
    return replace(labels, array=_integers(labels.array, labels.name))


def read_masks(masks: Sequence[MaskFiles], like: Volume) -> Volume:
    """Make one label map of several masks, probability maps or segments; where they overlap, the later one wins.

    Returns, raises: as `read_labels`; no segment has the name.
    """
    largest = max(mask.value for mask in masks)
    array = np.zeros(like.shape, np.min_scalar_type(largest), order="F")
    for mask in masks:
        for path in mask.paths:
            if mask.segment is not None:
                array[_read_segment(path, mask.segment, like) != 0] = mask.value
                continue
            values = _read_mask([path], like).array
            array[values != 0 if mask.threshold is None else values >= mask.threshold] = mask.value
    names = ", ".join(path.name for mask in masks for path in mask.paths)
    return Volume(array, like.affine, like.spacing, names)


def _read(
    paths: Sequence[Path], as_labels: bool, series: str | Sequence[str] | None = None, units: str = "stored"
) -> Volume:
    first = paths[0]
    suffix = first.name.lower()
    if len(paths) == 1 and suffix.endswith((*_NIFTI, *_NRRD, *_PICTURES)):
        if series is not None or units != "stored":
            raise PromptsegError(f"no DICOM: {first.name} has no headers for `series` or `units: suv`; take them away")
        with reading(first):
            if suffix.endswith(_NIFTI):
                return _read_nifti(first)
            if suffix.endswith(_NRRD):
                return _read_nrrd(first)
            return _read_picture(first, as_labels)
    with reading(first):
        dicom = [path for path in paths if is_dicom(path)]
    if dicom:
        with reading(first):
            return read_series(dicom, series, units)
    if len(paths) > 1:
        raise PromptsegError(
            f"several files: {', '.join(path.name for path in paths[:5])} are not one DICOM series; "
            "make the pattern in `cases` narrower"
        )
    raise PromptsegError(f"unknown format: {first.name}; NIfTI, NRRD, DICOM, PNG, JPEG, TIFF and BMP files can be read")


def _read_mask(paths: Sequence[Path], like: Volume) -> Volume:
    segmentations = [path for path in paths if _is_segmentation(path)]
    if segmentations:
        with reading(segmentations[0]):
            return read_segmentation(segmentations, like)
    mask = _read(paths, as_labels=True)
    array = scaled(_single_channel(mask), mask.scale)
    return align(replace(mask, array=array, scale=None, separate=False), like)


def _is_segmentation(path: Path) -> bool:
    if path.name.lower().endswith((*_NIFTI, *_NRRD, *_PICTURES)):
        return False
    with reading(path):
        return is_dicom(path) and is_segmentation(path)


def _in_axes(array: np.ndarray) -> np.ndarray:
    """The array with three axes at least, and without the last one of four if it is 1 long."""
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    return array.reshape(array.shape + (1,) * (3 - array.ndim))


def _read_nifti(path: Path) -> Volume:
    image: Any = nib.load(path)
    if image.get_data_dtype().fields is not None:
        raise PromptsegError(
            f"colour NIfTI: {path.name} holds {image.get_data_dtype()}; save it with one number a voxel"
        )
    proxy = image.dataobj
    stored = _decompressed(path, proxy) if path.name.lower().endswith(".gz") else proxy.get_unscaled()
    array = _in_axes(stored.astype(stored.dtype.newbyteorder("="), copy=False))
    array, scale = rescaled(array, float(proxy.slope), float(proxy.inter))
    unit = _MILLIMETRES.get(image.header.get_xyzt_units()[0], 1.0)
    affine = None
    # Without a code nibabel makes an affine up, and with it a left and a right.
    if image.header["qform_code"] > 0 or image.header["sform_code"] > 0:
        affine = usable(np.diag([unit, unit, unit, 1.0]) @ image.affine, path.name)
    zooms = [float(zoom) * unit for zoom in image.header.get_zooms()[:3]]
    x, y, z = (*zooms, *[float("nan")] * (3 - len(zooms)))
    spacing = (x, y, z) if affine is None else step_lengths(affine)
    return Volume(array, affine, spacing, path.name, scale, array.ndim > 3)


def _decompressed(path: Path, proxy: Any) -> np.ndarray:
    """The stored numbers of a NIfTI file, read once; damage anywhere in the file is found by its checksum."""
    array = np.empty(proxy.shape, proxy.dtype, order="F")
    target = array.reshape(-1, order="F").view(np.uint8).data
    with igzip.open(path, "rb") as stream:
        stream.seek(proxy.offset)
        done = 0
        while done < len(target):
            count = stream.readinto(target[done : done + _BLOCK])
            if not count:
                raise PromptsegError(
                    f"unreadable: {path.name}: it ends after {done} of {len(target)} bytes of its values"
                )
            done += count
        while stream.read(_BLOCK):
            pass
    return array


def _read_nrrd(path: Path) -> Volume:
    array, header = nrrd.read(str(path))
    array = _in_axes(array)
    affine, spacing = _nrrd_place(header, path.name)
    return Volume(array, affine, spacing, path.name, separate=array.ndim > 3)


def _nrrd_place(header: Mapping[str, Any], name: str) -> tuple[np.ndarray | None, tuple[float, float, float] | None]:
    """Affine and spacing; rows of `space directions` that are none belong to axes that are not of space."""
    directions = np.asarray(header.get("space directions", []), float)
    if directions.ndim == 2:
        directions = directions[np.isfinite(directions).all(axis=1)]
    signs = _NRRD_TO_RAS.get(str(header.get("space", "")).lower())
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


def _read_segment(path: Path, pattern: str, like: Volume) -> np.ndarray:
    """Where the segments whose names match are set: bool, in the grid of `like`.

    The format is that of 3D Slicer: a label map, or several layers of them along the first axis where segments overlap;
    `SegmentN_Name`, `SegmentN_LabelValue` and `SegmentN_Layer` say which number in which layer is which segment. Files
    of versions before 4.11 have one segment a layer and neither value nor layer.
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
        affine, spacing = _nrrd_place(header, path.name)
    return place(Volume(marked, affine, spacing, path.name), like).array


def _read_picture(path: Path, as_labels: bool) -> Volume:
    with Image.open(path) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise PromptsegError(f"several pages: {path.name} holds {getattr(image, 'n_frames', 1)}; save each alone")
        array = _pixels(image, path, as_labels)
    if array.dtype.itemsize == 2:
        logger.info("%s has 16 bits a channel; all are used", path.name)
    if array.ndim == 3 and array.shape[2] in (2, 4):
        logger.warning("%s has an alpha channel; it is dropped", path.name)
        array = array[:, :, 0] if array.shape[2] == 2 else array[:, :, :3]
    return Volume(np.swapaxes(array, 0, 1)[:, :, None], None, None, path.name)


def _pixels(image: ImageFile, path: Path, as_labels: bool) -> np.ndarray:
    """(h, w), or (h, w, c) with 2 channels (grey, alpha), 3 (RGB) or 4 (RGB, alpha)."""
    stored = image.tile[0][3] if image.tile else ""
    stored = str(stored[0]) if isinstance(stored, tuple) else str(stored)
    if "16" in stored and not image.mode.startswith("I"):
        # Pillow reads 16-bit colour as 8 bits.
        array = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        return np.concatenate([array[:, :, 2::-1], array[:, :, 3:]], axis=2)
    if image.mode == "P":
        indices = np.asarray(image)
        palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        used = palette[np.unique(indices)]
        if (used == used[:, :1]).all():
            return palette[indices][:, :, 0]
        return indices if as_labels else palette[indices]
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8)
    if image.mode in ("L", "I", "F", "LA", "RGB", "RGBA") or image.mode.startswith("I;16"):
        array = np.asarray(image)
        return array.astype(array.dtype.newbyteorder("="))
    return np.asarray(image.convert("RGB"))


def _single_channel(mask: Volume) -> np.ndarray:
    array = mask.array
    if array.ndim == 3:
        return array
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


def _integers(array: np.ndarray, name: str) -> np.ndarray:
    if not np.issubdtype(array.dtype, np.floating):
        return array
    # Slice by slice, because the temporary arrays of a whole volume would be several times its size.
    small = array.size and array.min() >= 0 and array.max() < 2**16
    numbers: np.ndarray = np.empty(array.shape, np.min_scalar_type(int(array.max())) if small else np.int32, order="F")
    for index in range(array.shape[2]):
        part = array[:, :, index]
        wrong = part[~((np.abs(part) < 2**31) & (part == np.rint(part)))]
        if wrong.size:
            raise PromptsegError(
                f"float labels that are not integers: {name} holds {wrong[0]:g}; save whole numbers, or give the file "
                "as a list entry with `value` and `threshold` if it is a probability map"
            )
        numbers[:, :, index] = part
    return numbers
