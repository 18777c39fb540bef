"""Images from files: NIfTI, NRRD, DICOM and the usual 2-D formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from pydicom.misc import is_dicom

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.dicom import read_series
from promptseg.preprocess.grids import Volume, align, reading, scaled, shown
from promptseg.preprocess.nifti import read_nifti
from promptseg.preprocess.nrrd import read_nrrd
from promptseg.preprocess.pictures import read_picture

Readers = Mapping[str, Callable[[Path], Volume]]  # by the suffix of a file

_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
READERS: Readers = {
    **dict.fromkeys((".nii", ".nii.gz"), read_nifti),
    **dict.fromkeys((".nrrd", ".nhdr"), read_nrrd),
    **dict.fromkeys(_PICTURES, read_picture),
}
LABEL_READERS: Readers = {**READERS, **dict.fromkeys(_PICTURES, partial(read_picture, as_labels=True))}


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
    volume = read_files(paths, READERS, series, units)
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


def reader_of(path: Path, readers: Readers = READERS) -> Callable[[Path], Volume] | None:
    """The reader of a file by its suffix, case-insensitively; None for DICOM and unknown formats."""
    name = path.name.lower()
    return next((reader for suffix, reader in readers.items() if name.endswith(suffix)), None)


def read_files(
    paths: Sequence[Path],
    readers: Readers = READERS,
    series: str | Sequence[str] | None = None,
    units: str = "stored",
) -> Volume:
    """Read one file by its suffix, or the files of one DICOM series, which need no suffix; see `read_volume`."""
    first = paths[0]
    reader = reader_of(first, readers) if len(paths) == 1 else None
    if reader:
        if series is not None or units != "stored":
            raise PromptsegError(f"no DICOM: {first.name} has no headers for `series` or `units: suv`; take them away")
        with reading(first):
            return reader(first)
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
