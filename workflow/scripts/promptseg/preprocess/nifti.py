"""Volumes in NIfTI and Analyze files."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from promptseg.config.formats import companions
from promptseg.preprocess.alignment import fit_of, without_tilt
from promptseg.preprocess.grids import Volume, extent, invertible, rescaled, step_lengths, usable
from promptseg.preprocess.nifti_files import load

logger = logging.getLogger(__name__)

_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}
_SAME = 0.01  # voxels: forms that differ less are one

# Quaternions whose length is 1 up to rounding are read, as the reference implementation of NIfTI does.
nib.Nifti1Header.quaternion_threshold = np.float64(1e-3)


def read_nifti(path: Path) -> Volume:
    """Read a .nii or .nii.gz file, or a pair of .hdr and .img, see `volumes.read_volume` and `nifti_files.load`."""
    image, stored = load(path)
    separate = stored.ndim > 3 and image.get_data_dtype().fields is None
    array, scale = rescaled(stored, float(image.dataobj.slope), float(image.dataobj.inter))
    if not isinstance(image.header, nib.Nifti1Header):
        return _analyze(image, array, scale, path)
    unit = _MILLIMETRES.get(image.header.get_xyzt_units()[0], 1.0)
    readings = _readings(image.header, array.shape[:3], unit, path.name)
    affine = readings[0] if readings else None
    others = readings[1:] if readings else _without_code(image.header, unit)
    zooms = [float(zoom) * unit for zoom in image.header.get_zooms()[:3]]
    x, y, z = (*zooms, *[float("nan")] * (3 - len(zooms)))
    spacing = (x, y, z) if affine is None else step_lengths(affine)
    return Volume(array, affine, spacing, path.name, scale, separate, other_affines=tuple(others))


def _readings(header: Any, shape: Sequence[int], unit: float, name: str) -> tuple[np.ndarray, ...]:
    """The places that a header states, the preferred one first: sform, qform, and both as if they were in mm.

    Programs differ in which form they believe. nibabel takes the sform if it has a code; ITK 5.4 takes it only if its
    code is 1, or the qform has none, and if its axes are at right angles and agree with the voxel sizes.
    """
    # Without a code nibabel makes an affine up, and with it a left and a right.
    forms = {"sform": header.get_sform(coded=True)[0], "qform": _qform(header, name)}
    known = {
        form: affine
        for form, affine in forms.items()
        if affine is not None and usable(affine, f"{name} ({form})") is not None
    }
    readings = list(known.values())
    if len(known) > 1:
        sform, qform = readings
        fit = fit_of(qform, shape, sform, shape)
        if fit.plain and np.abs(fit.off).max() < _SAME:
            readings = [sform]
        elif not any(_agree(qform, form, shape) for form in (sform, *_without_shear(header, sform))):
            logger.warning(
                "%s: its sform (%s) and qform (%s) contradict each other; the sform counts where nothing else decides",
                name,
                *(extent(scaled, shape) for scaled in _scaled(readings, unit)),
            )
    # Affines are copied into headers without their unit.
    return (*_scaled(readings, unit), *(readings if unit != 1 else ()))


def _without_code(header: Any, unit: float) -> list[np.ndarray]:
    """The sform whose code says that it is not known what it means, if there is one all the same."""
    sform = header.get_sform()
    return _scaled([sform], unit) if invertible(sform) else []


def _scaled(affines: Sequence[np.ndarray], unit: float) -> list[np.ndarray]:
    return [np.diag([unit, unit, unit, 1.0]) @ affine for affine in affines]


def _qform(header: Any, name: str) -> np.ndarray | None:
    try:
        qform: np.ndarray | None = header.get_qform(coded=True)[0]
    except ValueError:
        logger.warning("%s: the quaternion of its qform is no rotation: the qform is ignored", name)
        return None
    return qform


def _agree(one: np.ndarray, other: np.ndarray, shape: Sequence[int]) -> bool:
    fit = fit_of(one, shape, other, shape)
    return fit.plain and fit.same_grid()


def _without_shear(header: Any, sform: np.ndarray) -> list[np.ndarray]:
    """What programs write as the qform beside an sform with a shear, which a qform cannot hold."""
    closest = header.copy()
    closest.set_qform(sform, 1)
    return [closest.get_qform(), *without_tilt(sform)]


def _analyze(image: Any, array: np.ndarray, scale: tuple[float, float] | None, path: Path) -> Volume:
    """Analyze says nothing of its orientation; a .mat file of SPM beside it does."""
    x, y, z = (float(abs(zoom)) for zoom in (*image.header.get_zooms(), *[np.nan] * 3)[:3])
    spacing, affine = (x, y, z), None
    if any(other.suffix.lower() == ".mat" for other in companions(path)):
        affine = usable(image.affine, path.name)
        spacing = spacing if affine is None else step_lengths(affine)
    return Volume(array, affine, spacing, path.name, scale, array.ndim > 3)
