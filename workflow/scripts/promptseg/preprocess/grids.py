"""Grids of values in the patient: how they lie, and how they are turned.

The arrays have the order (column, row, slice), the order in which NIfTI and NRRD store them. A slice as it is shown,
with rows going down, is therefore `array[:, :, k].T` for files of every format.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from nibabel.orientations import (
    aff2axcodes,
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)

from promptseg.core.errors import PromptsegError
from promptseg.core.exhausted import exhausted
from promptseg.core.reasons import UNREADABLE
from promptseg.preprocess.disguises import disguise

logger = logging.getLogger(__name__)

# The directions in which columns, rows and slices count: rows go down to posterior or inferior, the patient's left is
# on the right of an axial or coronal picture.
AXES = {"axial": "LPS", "coronal": "LIP", "sagittal": "PIL"}


@dataclass(frozen=True)
class Plane:
    """Which picture of a DICOM series a slice is, and where it lies.

    Attributes:
        instance: SOPInstanceUID of its file.
        frame: its number in that file, counted from 1.
        position: (3,) ImagePositionPatient in mm, in the coordinates of DICOM (LPS); None where the file does not say.
        copies: SOPInstanceUIDs of other files with the same picture.
        path: of its file.
    """

    instance: str
    frame: int
    position: np.ndarray | None
    copies: tuple[str, ...] = ()
    path: Path | None = None


@dataclass(frozen=True)
class Volume:
    """A grid of values and where it lies in the patient.

    Attributes:
        array: (columns, rows, slices) values, or (columns, rows, slices, 3) for colour; one slice for 2-D files.
        affine: 4 x 4, voxel index to RAS coordinates in mm; None where the file does not say.
        other_affines: further ones that the file states, in the order of trust, and that are not the same up to
            rounding. Without `affine` those that it holds but does not vouch for.
        spacing: mm along the three axes of the array, NaN for an axis that is not known; None where nothing is known.
        name: the file's name, for messages.
        scale: (slope, intercept) that turn the array's integers into values in their unit, slope above 0; None where
            the array holds the values themselves. Kept apart so that a volume of int16 need not become float64.
        separate: whether the three channels are measurements of their own, and not the colours of one picture.
        planes: of a DICOM series, one per slice as stored; empty for other files, and after the array was turned.
        palette: (256, 3) colours, if the array of a mask holds their indices.
        frame_of_reference: FrameOfReferenceUID of a DICOM series; empty where there is none.
        orientation: of the stored picture, by which it was turned, see `upright.upright`; 1 for none.
    """

    array: np.ndarray
    affine: np.ndarray | None
    spacing: tuple[float, float, float] | None
    name: str
    scale: tuple[float, float] | None = None
    separate: bool = False
    planes: tuple[Plane, ...] = ()
    frame_of_reference: str = ""
    palette: np.ndarray | None = None
    other_affines: tuple[np.ndarray, ...] = ()
    orientation: int = 1

    @property
    def turned(self) -> bool:
        """Whether the stored picture was turned as its EXIF data say."""
        return self.orientation != 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """(columns, rows, slices)."""
        columns, rows, slices = self.array.shape[:3]
        return columns, rows, slices

    @property
    def readings(self) -> tuple[np.ndarray, ...]:
        """Every affine that the file states, the preferred one first."""
        return () if self.affine is None else (self.affine, *self.other_affines)

    @property
    def planar(self) -> bool:
        """Whether the volume holds a single picture."""
        return self.array.shape[2] == 1

    @property
    def pixel_spacing(self) -> tuple[float, float] | None:
        """(y, x) in mm of a picture, or None where unknown."""
        if self.spacing is None or not all(np.isfinite(step) and step > 0 for step in self.spacing[:2]):
            return None
        return self.spacing[1], self.spacing[0]

    def picture(self, index: int) -> np.ndarray:
        """Slice `index` as (rows, columns) or (rows, columns, 3), in the unit of the values."""
        return scaled(np.swapaxes(self.array[:, :, index], 0, 1), self.scale)


def scaled(array: np.ndarray, scale: tuple[float, float] | None) -> np.ndarray:
    """Stored numbers in the unit of their values: float64 `array * slope + intercept`, or the array without a scale."""
    return array if scale is None else array * np.float64(scale[0]) + np.float64(scale[1])


def rescaled(array: np.ndarray, slope: float, intercept: float) -> tuple[np.ndarray, tuple[float, float] | None]:
    """An array with the scale that is still to be applied to it, see `Volume`.

    Whole numbers are applied at once and give the smallest integer type that holds the values; floating point arrays,
    and any array if the slope is not above 0, become values at once as well. The result may share memory.
    """
    if (slope, intercept) == (1.0, 0.0) or not array.size:
        return array, None
    if not np.issubdtype(array.dtype, np.integer) or slope <= 0:
        return scaled(array, (slope, intercept)), None
    if slope != round(slope) or intercept != round(intercept):
        return array, (slope, intercept)
    factor, shift = round(slope), round(intercept)
    reached = [factor, shift, *(int(end) * factor + shift for end in (array.min(), array.max()))]
    for dtype in (np.int16, np.int32, np.int64):
        if np.iinfo(dtype).min <= min(reached) and max(reached) <= np.iinfo(dtype).max:
            # What does not fit in between wraps around, and back.
            values: np.ndarray = array.astype(dtype)
            np.multiply(values, dtype(factor), out=values)
            np.add(values, dtype(shift), out=values)
            return values, None
    return array, (slope, intercept)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn any error that a library raises on a damaged file into one kind of error; its words go to the log."""
    try:
        yield
    except PromptsegError:
        raise
    except Exception as error:
        if exhausted(error):  # of the machine, not of the file: no reason for a case to fail
            raise
        logger.info("%s: %s: %s", path.name, type(error).__name__, " ".join(str(error).split()))
        raise (
            disguise(path) or UNREADABLE.error(f"{path.name} is damaged or of another format than its name says")
        ) from error


def shown(shape: Sequence[int]) -> str:
    """A shape for a message: 512 x 512 x 90."""
    return " x ".join(map(str, shape))


def extent(affine: np.ndarray, shape: Sequence[int]) -> str:
    """Orientation and reach of the voxels' centres for a message: LPS, x -47 to 0, y -39 to 0, z 0 to 3 mm."""
    corners = np.array([*product(*((0, size - 1) for size in shape))]).T
    places = affine[:3, :3] @ corners + affine[:3, 3:]
    ends = zip("xyz", places.min(axis=1), places.max(axis=1), strict=True)
    # Adding 0 turns -0 into 0.
    reach = ", ".join(f"{axis} {round(low, 4) + 0:.5g} to {round(high, 4) + 0:.5g}" for axis, low, high in ends)
    return f"{''.join(aff2axcodes(affine))}, {reach} mm"


def invertible(affine: np.ndarray) -> bool:
    """Whether an affine is finite and spans a space, however small its voxels are."""
    volume = np.prod(np.linalg.norm(affine[:3, :3], axis=0))
    return bool(np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) > 1e-6 * volume)


def usable(affine: np.ndarray, name: str) -> np.ndarray | None:
    """The affine, or None with a warning if it cannot be inverted."""
    if invertible(affine):
        return affine
    logger.warning("%s has an affine that cannot be inverted: it is ignored", name)
    return None


def in_axes(array: np.ndarray) -> np.ndarray:
    """The array with three axes at least, and without the last one of four if it is 1 long."""
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    return array.reshape(array.shape + (1,) * (3 - array.ndim))


def step_lengths(affine: np.ndarray) -> tuple[float, float, float]:
    """Distance in mm between neighbours along each axis of the array."""
    x, y, z = (float(step) for step in np.linalg.norm(affine[:3, :3], axis=0))
    return x, y, z


def reorient(volume: Volume, axis: str | int) -> Volume:
    """Turn a volume so that its slices are cut along `axis`, without resampling.

    Args:
        axis: `axial`, `coronal` or `sagittal`: the array axes that come closest to the patient's, in the directions
            of `AXES`. 0, 1 or 2: that array axis, everything else as stored.

    Returns:
        The turned volume. A volume without an affine stays as stored; so does a single picture for a numbered axis.
    """
    if isinstance(axis, int):
        return volume if volume.planar else _transpose(volume, axis)
    if volume.affine is None:
        if not volume.planar:
            logger.warning("%s says nothing of its orientation: its third axis is taken for %s", volume.name, axis)
        return volume
    return _towards(volume, AXES[axis])


def _towards(volume: Volume, codes: Sequence[str]) -> Volume:
    """Permute and flip the axes so that they come closest to the directions `codes`."""
    turn = ornt_transform(io_orientation(volume.affine), axcodes2ornt(tuple(codes)))
    affine, *others = (reading @ inv_ornt_aff(turn, volume.shape) for reading in volume.readings)
    array = apply_orientation(volume.array, turn)
    return replace(
        volume, array=array, affine=affine, other_affines=tuple(others), spacing=step_lengths(affine), planes=()
    )


def _transpose(volume: Volume, axis: int) -> Volume:
    """Make `axis` the last of the three axes; the other two keep their order."""
    order = [other for other in range(3) if other != axis] + [axis]
    affines = tuple(reading[:, [*order, 3]] for reading in volume.readings)
    x, y, z = (volume.spacing[index] for index in order) if volume.spacing else (float("nan"),) * 3
    array = volume.array.transpose(*order, *range(3, volume.array.ndim))
    spacing = (x, y, z) if volume.spacing else None
    affine = affines[0] if affines else None
    return replace(volume, array=array, affine=affine, other_affines=affines[1:], spacing=spacing, planes=())
