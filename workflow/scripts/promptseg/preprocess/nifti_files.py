"""The numbers in NIfTI and Analyze files as they are stored."""

import logging
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip

from promptseg.config.formats import FORMATS, PAIRED, companions
from promptseg.core.reasons import COMPLEX_NUMBERS, MISSING_FILE, TOO_MANY_DIMENSIONS, UNREADABLE
from promptseg.preprocess.disguises import disguise
from promptseg.preprocess.grids import in_axes, shown

logger = logging.getLogger(__name__)

_GZIP = b"\x1f\x8b"
_BLOCK = 2**20  # bytes


def load(path: Path) -> tuple[Any, np.ndarray]:
    """Read a .nii or .nii.gz file, or a pair of .hdr and .img of which one is given.

    Whether a .nii file is compressed is told from its content, not from its name.

    Returns:
        The image of nibabel, for its header; its numbers, not scaled yet, in the computer's byte order: three axes,
        or a fourth of several volumes, or of red, green and blue where the type of the numbers has these fields.

    Raises:
        PromptsegError: the values end early, there are more axes, or complex numbers; the other file of a pair is not
            there.
    """
    if path.name.lower().endswith((*FORMATS["Analyze"], *PAIRED)):
        _require_pair(path)
        image: Any = nib.load(path)
        stored = image.dataobj.get_unscaled()
    else:
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP
        image = _load(path, packed)
        stored = _decompressed(path, image.dataobj) if packed else image.dataobj.get_unscaled()
    if stored.dtype.kind == "c":
        raise COMPLEX_NUMBERS.error(f"{path.name} holds complex numbers")
    if stored.ndim == 5 and stored.shape[3] == 1:
        stored = stored[:, :, :, 0]  # the components of a vector lie along the fifth axis
    array = in_axes(stored)
    if array.ndim > 3 + (array.dtype.fields is None):
        raise TOO_MANY_DIMENSIONS.error(f"{path.name} has the shape {shown(stored.shape)}")
    if array.dtype.fields is not None:
        return image, np.stack([array[channel] for channel in "RGB"], axis=-1)
    return image, array.astype(array.dtype.newbyteorder("="), copy=False)


def _require_pair(path: Path) -> None:
    others = companions(path)
    if not any(other.suffix.lower() != ".mat" for other in others):
        raise MISSING_FILE.error(f"{path.name} is one of a pair of .hdr and .img, and the other one is not there")
    for other in others:
        problem = disguise(other)
        if problem:
            raise problem


def _load(path: Path, packed: bool) -> Any:
    if packed == path.name.lower().endswith(".gz"):
        return nib.load(path)
    logger.info("%s is %s, whatever its name says", path.name, "compressed" if packed else "not compressed")
    stream = igzip.open(path, "rb") if packed else path.open("rb")
    head = stream.read(nib.Nifti2Header.sizeof_hdr)
    stream.seek(0)
    kind = nib.Nifti2Image if nib.Nifti2Header.may_contain_header(head) else nib.Nifti1Image
    return kind.from_stream(stream)


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
                raise UNREADABLE.error(f"{path.name} ends after {done} of {len(target)} bytes of its values")
            done += count
        while stream.read(_BLOCK):
            pass
    return array
