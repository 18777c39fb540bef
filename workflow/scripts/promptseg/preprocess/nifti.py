"""Volumes in NIfTI and Analyze files."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from promptseg.config.formats import companions
from promptseg.preprocess.grids import Volume, rescaled, step_lengths, usable
from promptseg.preprocess.nifti_files import load

_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}


def read_nifti(path: Path) -> Volume:
    """Read a .nii or .nii.gz file, or a pair of .hdr and .img, see `volumes.read_volume` and `nifti_files.load`."""
    image, stored = load(path)
    separate = stored.ndim > 3 and image.get_data_dtype().fields is None
    array, scale = rescaled(stored, float(image.dataobj.slope), float(image.dataobj.inter))
    if not isinstance(image.header, nib.Nifti1Header):
        return _analyze(image, array, scale, path)
    unit = _MILLIMETRES.get(image.header.get_xyzt_units()[0], 1.0)
    affine = None
    # Without a code nibabel makes an affine up, and with it a left and a right.
    if image.header["qform_code"] > 0 or image.header["sform_code"] > 0:
        affine = usable(np.diag([unit, unit, unit, 1.0]) @ image.affine, path.name)
    zooms = [float(zoom) * unit for zoom in image.header.get_zooms()[:3]]
    x, y, z = (*zooms, *[float("nan")] * (3 - len(zooms)))
    spacing = (x, y, z) if affine is None else step_lengths(affine)
    return Volume(array, affine, spacing, path.name, scale, separate)


def _analyze(image: Any, array: np.ndarray, scale: tuple[float, float] | None, path: Path) -> Volume:
    """Analyze says nothing of its orientation; a .mat file of SPM beside it does."""
    x, y, z = (float(abs(zoom)) for zoom in (*image.header.get_zooms(), *[np.nan] * 3)[:3])
    spacing, affine = (x, y, z), None
    if any(other.suffix.lower() == ".mat" for other in companions(path)):
        affine = usable(image.affine, path.name)
        spacing = spacing if affine is None else step_lengths(affine)
    return Volume(array, affine, spacing, path.name, scale, array.ndim > 3)
