"""Images from files of every format."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from promptseg.config.formats import FORMATS, PAIRED, PICTURES, companions
from promptseg.core.reasons import (
    COLOURED_CHANNEL,
    NO_SUCH_CHANNELS,
    NOT_DICOM,
    SEVERAL_FILES,
    TOO_MANY_DIMENSIONS,
    UNKNOWN_FORMAT,
    UNREADABLE,
)
from promptseg.preprocess.alignment import align
from promptseg.preprocess.dicom import read_series
from promptseg.preprocess.dicom_files import is_dicom, listed
from promptseg.preprocess.disguises import disguise
from promptseg.preprocess.grids import Volume, reading, scaled, shown
from promptseg.preprocess.metaimage import read_metaimage
from promptseg.preprocess.mgh import read_mgh
from promptseg.preprocess.nifti import read_nifti
from promptseg.preprocess.nrrd import read_nrrd
from promptseg.preprocess.pictures import read_picture

logger = logging.getLogger(__name__)

Readers = Mapping[str, Callable[[Path], Volume]]  # by the suffix of a file

_VOLUMES = {
    "NIfTI": read_nifti,
    "Analyze": read_nifti,
    "NRRD": read_nrrd,
    "MetaImage": read_metaimage,
    "MGH": read_mgh,
}
_PICTURES = (*PICTURES, "TIFF")
READERS: Readers = {
    **{suffix: reader for name, reader in _VOLUMES.items() for suffix in FORMATS[name]},
    **dict.fromkeys(PAIRED, read_nifti),
    **{suffix: read_picture for name in _PICTURES for suffix in FORMATS[name]},
}
LABEL_READERS: Readers = {
    suffix: partial(read_picture, as_labels=True) if reader is read_picture else reader
    for suffix, reader in READERS.items()
}


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
            raise TOO_MANY_DIMENSIONS.error(
                f"{volume.name} has the shape {shown(volume.array.shape)}",
                "say which of the volumes along the last axis by `channels`, or write each to a file of its own",
            )
        return volume
    if volume.array.ndim != 4 or max(channels) >= volume.array.shape[3] or len(channels) not in (1, 3):
        raise NO_SUCH_CHANNELS.error(f"{volume.name} has the shape {shown(volume.array.shape)}")
    if len(channels) == 1:
        return replace(volume, array=volume.array[..., channels[0]], separate=False)
    return replace(volume, array=volume.array[..., list(channels)], separate=True)


def read_colours(files: Sequence[Path], geometry: str = "agree") -> Volume:
    """Three images of one grid, NIfTI or the like, as the red, green and blue channel of one.

    Args:
        geometry: see `alignment.align`.

    Raises:
        PromptsegError: as `read_volume`; the sizes differ.
    """
    first, *others = (read_volume([path]) for path in files)
    channels = [first, *(align(other, first, geometry) for other in others)]
    for channel in channels:
        if channel.array.ndim != 3:
            raise COLOURED_CHANNEL.error(f"{channel.name} has colours of its own")
    array = np.stack([scaled(channel.array, channel.scale) for channel in channels], axis=3)
    name = ", ".join(path.name for path in files)
    return Volume(array, first.affine, first.spacing, name, separate=True, other_affines=first.other_affines)


def reader_of(path: Path, readers: Readers = READERS) -> Callable[[Path], Volume] | None:
    """The reader of a file by its suffix, case-insensitively; None for DICOM and unknown formats.

    A .img file without a .hdr file beside it may be DICOM.
    """
    name = path.name.lower()
    if name.endswith(PAIRED) and not companions(path) and path.is_file() and is_dicom(path):
        return None
    return next((reader for suffix, reader in readers.items() if name.endswith(suffix)), None)


def read_files(
    paths: Sequence[Path],
    readers: Readers = READERS,
    series: str | Sequence[str] | None = None,
    units: str = "stored",
) -> Volume:
    """Read one file by its suffix, or the files of one DICOM series, which need no suffix; see `read_volume`.

    Data files of headers, and the second file of a pair, may be among the files.
    """
    data = {other for path in paths for other in companions(path)}
    paths = [path for path in paths if path not in data] or paths[:1]
    first = paths[0]
    reader = reader_of(first, readers) if len(paths) == 1 else None
    if reader:
        if series is not None or units != "stored":
            raise NOT_DICOM.error(f"{first.name} has no headers for `series` or `units: suv`")
        with reading(first):
            return reader(first)
    dicom: list[Path] = []
    others: list[Path] = []
    for path in paths:
        with reading(path):
            (dicom if is_dicom(path) else others).append(path)
    problem = next(filter(None, map(disguise, others)), None)
    if problem:
        raise problem
    nameless = [path for path in others if not path.suffix or path.suffix[1:].isdigit()]  # as DICOM often is
    broken = [path.name for path in others if path.name.lower().endswith(FORMATS["DICOM"])]
    if broken:
        raise UNREADABLE.error(f"{listed(broken)} is not DICOM, as its name says")
    if dicom:
        for path in nameless:
            with path.open("rb") as stream:
                if b"\0" in stream.read(1024):
                    raise UNREADABLE.error(f"{path.name} lies beside {dicom[0].name} and is no DICOM")
            logger.warning("%s: no DICOM, left out", path.name)
        with reading(first):
            return read_series(dicom, series, units)
    if len(paths) > 1:
        raise SEVERAL_FILES.error(f"{', '.join(path.name for path in paths[:5])} are not one DICOM series")
    raise UNKNOWN_FORMAT.error(f"{first.name} is none of {', '.join(FORMATS)}")
