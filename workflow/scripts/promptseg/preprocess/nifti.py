"""Volumes in NIfTI files."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Volume, in_axes, rescaled, step_lengths, usable

_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}
_BLOCK = 2**20  # bytes


def read_nifti(path: Path) -> Volume:
    """Read a .nii or .nii.gz file, see `volumes.read_volume`; four axes are volumes of their own."""
    image: Any = nib.load(path)
    if image.get_data_dtype().fields is not None:
        raise PromptsegError(
            f"colour NIfTI: {path.name} holds {image.get_data_dtype()}; save it with one number per voxel"
        )
    proxy = image.dataobj
    stored = _decompressed(path, proxy) if path.name.lower().endswith(".gz") else proxy.get_unscaled()
    array = in_axes(stored.astype(stored.dtype.newbyteorder("="), copy=False))
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
