"""Masks and channels laid over their image: by what the headers of both agree on, or as the dataset's entry says.

A file may state several places for its voxels (`Volume.readings`), and programs differ in which one they believe. Every
reading of the one file is therefore held against every reading of the other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from promptseg.core.errors import PromptsegError
from promptseg.core.reasons import ANOTHER_GRID, NO_POSITION, PLACES_DIFFER, SIZES_DIFFER
from promptseg.preprocess.grids import Volume, extent, shown, step_lengths

logger = logging.getLogger(__name__)

_HALF = 0.51  # voxels: two grids of one size are the same if no corner is further off; half a voxel and some rounding
_QUARTER = 0.25  # voxels: the same for a grid that is shifted by whole voxels, where every shift is near one of them
_SHIFT = 0.9  # voxels: less than a whole one
_STRETCH = 0.1  # of the length of an axis
_NOTED = 0.1  # voxels
_TILT = 1e-3  # of a step between slices

_DEFAULTS = (np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0]))  # of NIfTI and of ITK

# Signs of the axes, and whether the middle of the grid is at 0; see `_made_up`.
_OF_NIBABEL = [((-1, 1, 1), True)]
_OF_DICOM = [((-1, -1, 1), True), ((1, -1, 1), False)]


@dataclass(frozen=True)
class Fit:
    """How a grid lies on the one of an image, by one reading of each.

    Attributes:
        turn: (3, 2) orientation of nibabel that puts its axes in the order and direction of the image's.
        offset: (3,) voxel of the image on which its first voxel then falls.
        shape: its shape then.
        off: (3, 8) distance in voxels along the axes of the image, by which its corners then still miss the image's
            voxels. Across a single slice the distance counts as 0: it cannot lie on another slice.
        apart: the furthest of these distances in mm, also across a single slice.
        stated: whether neither place is the identity, which programs write where they know none.
    """

    turn: np.ndarray
    offset: np.ndarray
    shape: tuple[int, ...]
    off: np.ndarray
    apart: float
    stated: bool

    @property
    def plain(self) -> bool:
        """Whether the array stays as it is stored."""
        return bool((self.turn == [[0, 1], [1, 1], [2, 1]]).all()) and not self.offset.any()

    @property
    def key(self) -> tuple[float, ...]:
        """Equal for fits that lead to the same array."""
        return (*self.turn.ravel(), *self.offset)

    def same_grid(self) -> bool:
        """Whether the voxels coincide, up to half a voxel."""
        return bool(np.abs(self.off).max() <= (_QUARTER if self.offset.any() else _HALF))

    def same_but_for_a_step(self) -> bool:
        """Whether the same axes begin, end or cross within less than a voxel and part by a tenth of their length.

        That is a spacing or direction written with few digits, or the mean step of a series with a gap. Along axes that
        are turned the voxels have to coincide: about what lies around 0 a turn says nothing.
        """
        shift = np.maximum(np.maximum(self.off.min(axis=1), -self.off.max(axis=1)), 0)
        reach = np.maximum(_SHIFT, _STRETCH * np.array(self.shape))
        for axis, (target, direction) in enumerate(self.turn):
            if (axis, 1) != (target, direction):
                reach[int(target)] = _HALF
        return bool((shift <= _SHIFT).all() and (np.abs(self.off).max(axis=1) <= reach).all())


def fit_of(own: np.ndarray, shape: Sequence[int], place: np.ndarray, like: Sequence[int], free: bool = False) -> Fit:
    """How the grid of the affine `own` and `shape` lies on the grid of the affine `place` and the shape `like`.

    Args:
        free: whether it may be shifted by whole voxels.
    """
    between = np.linalg.inv(place) @ own
    turn = io_orientation(between)
    turn[np.array(shape) == 1, 1] = 1  # an axis of one voxel has no direction
    between = between @ inv_ornt_aff(turn, shape)
    turned = [1, 1, 1]
    for axis, target in enumerate(turn[:, 0]):
        turned[int(target)] = shape[axis]
    start = between[:3, 3]
    offset = np.where(free & (np.abs(start) > _HALF), np.rint(start), 0).astype(int)
    corners = np.array([*product(*((0, size - 1) for size in turned))]).T
    off = (between @ np.vstack([corners, np.ones(8)]))[:3] - corners - offset[:, None]
    apart = float(np.linalg.norm(place[:3, :3] @ off, axis=0).max())
    off[(np.array(turned) == 1) & (np.array(like) == 1)] = 0
    stated = not any(np.array_equal(affine, default) for affine in (own, place) for default in _DEFAULTS)
    return Fit(turn, offset, tuple(turned), off, apart, stated)


def without_tilt(affine: np.ndarray) -> list[np.ndarray]:
    """A stack of slices that are shifted against each other, as by a tilted gantry, as if they were not.

    ITK keeps the distance between the slices' origins, dcm2niix in its qform that between their planes. Empty for
    slices that are not shifted.
    """
    step = affine[:3, 2]
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    height = normal * (step @ normal) / (normal @ normal)
    if np.linalg.norm(step - height) < _TILT * np.linalg.norm(step):
        return []
    stacks = [affine.copy(), affine.copy()]
    stacks[0][:3, 2] = height * np.linalg.norm(step) / np.linalg.norm(height)
    stacks[1][:3, 2] = height
    return stacks


def align(grid: Volume, like: Volume, geometry: str = "agree", cut: bool = False) -> Volume:
    """A mask or channel in the array order of the image `like`, not resampled.

    Args:
        geometry: `stored`, array on array, whatever the headers say. `header`, by the headers: turned, shifted by whole
            voxels and cut off at the borders of the image, 0 where it says nothing. `agree`, by what agrees: of all
            readings of both headers (see `without_tilt`, too) those count that lay the grids on each other up to half a
            voxel. If the array stays as stored by the preferred readings, or all that count turn it in the same way,
            that is right; the identity proves no turn. Without any, `Fit.same_but_for_a_step` is asked, with
            a warning. Otherwise nobody knows.
        cut: whether it may cover a part of the image only, as segmentations of 3D Slicer do, which are cut to the box
            of their segments.

    A grid that says nothing of its place is laid over as stored, unless the place of the other one shows that it was
    turned. (That is also how the published breast masks of Duke-Breast-Cancer-MRI lie on their series, slices rising
    from the feet: the turns and flips of their authors' reader cancel out.)

    Raises:
        PromptsegError: the sizes differ, or the places, or the headers contradict themselves.
    """
    if grid.affine is None or like.affine is None or geometry == "stored":
        return _as_stored(grid, like, geometry)
    free = geometry == "header" or (cut and grid.shape != like.shape)
    fits = [fit_of(grid.affine, grid.shape, like.affine, like.shape, free)]
    certain = fits[0].plain and fits[0].shape == like.shape and fits[0].same_grid()
    if geometry != "header" and not certain:
        pairs = product(_readings(like), _readings(grid))
        fits = [fit_of(own, grid.shape, place, like.shape, free) for place, own in pairs]
    if not free and all(shape != like.shape for shape in (grid.shape, *(fit.shape for fit in fits))):
        raise _sizes_error(replace(grid, array=apply_orientation(grid.array, fits[0].turn)), like)
    found = _agreed(fits, Fit.same_grid, grid, like, free)
    if found is None and not free:
        found = _agreed(fits, Fit.same_but_for_a_step, grid, like, free)
    if found is None:
        if free:
            raise ANOTHER_GRID.error(f"the voxels of {grid.name} do not lie on those of {like.name}")
        raise PLACES_DIFFER.error(f"{_placed('image', like)}, {_placed('mask', grid)}")
    if found.apart > _NOTED * min(step_lengths(like.affine)):
        logger.warning(
            "%s and %s lie up to %.2f mm apart; they are laid over voxel by voxel", like.name, grid.name, found.apart
        )
    return _laid(grid, like, found)


def _readings(volume: Volume) -> list[np.ndarray]:
    """What the header states, and what programs make of it that know no shear."""
    return [*volume.readings, *(affine for stated in volume.readings for affine in without_tilt(stated))]


def _agreed(fits: Sequence[Fit], test: Callable[[Fit], bool], grid: Volume, like: Volume, free: bool) -> Fit | None:
    """The one arrangement of the fits that pass, None if none does; the first fit is by the preferred readings."""
    passed = [fit for fit in fits if (free or fit.shape == like.shape) and test(fit)]
    if not passed:
        return None
    preferred = passed[0] is fits[0]
    if not free and preferred and passed[0].plain:
        return passed[0]
    if len({fit.key for fit in passed}) > 1:
        raise PLACES_DIFFER.error(
            f"the headers fit in more than one way: {_placed('image', like)}, {_placed('mask', grid)}",
            "set `geometry: stored` in the dataset's entry if the arrays fit voxel by voxel, or `geometry: header` if "
            "the place that is named first is the right one",
        )
    if not free and not passed[0].plain and not any(fit.stated for fit in passed):
        return None
    if not preferred:
        logger.warning(
            "%s and %s do not lie in one place by what their headers state first, but by another reading of them, "
            "which counts",
            like.name,
            grid.name,
        )
    return passed[0]


def _placed(kind: str, volume: Volume) -> str:
    return f"the {kind} {volume.name} lies at " + " or ".join(
        extent(affine, volume.shape) for affine in volume.readings
    )


def _sizes_error(grid: Volume, like: Volume) -> PromptsegError:
    return SIZES_DIFFER.error(
        f"the image {like.name} has {shown(like.shape)} pixels, the mask {grid.name} has {shown(grid.shape)}"
    )


def _as_stored(grid: Volume, like: Volume, geometry: str) -> Volume:
    if geometry == "header":
        silent = grid if grid.affine is None else like
        raise NO_POSITION.error(f"{silent.name} says nothing of its place", "take `geometry: header` away")
    if grid.shape != like.shape:
        raise _sizes_error(grid, like)
    if geometry != "stored":
        _check_silent(grid, like)
    return replace(grid, affine=like.affine, other_affines=like.other_affines, spacing=like.spacing)


def _check_silent(grid: Volume, like: Volume) -> None:
    """One of the two says nothing of its place: whether the place of the other is one that was turned on the way."""
    grids = grid.readings or grid.other_affines
    images = like.readings or (*like.other_affines, *_made_up(like)) if grids else ()
    fits = [fit_of(own, grid.shape, place, like.shape) for place, own in product(images, grids)]
    known = [fit for fit in fits if fit.shape == like.shape and fit.same_grid()]
    silent = like if like.affine is None else grid
    if not all(fit.plain for fit in known):
        raise PLACES_DIFFER.error(
            f"{silent.name} says nothing of its place, and the one in {grid.name} ({extent(grids[0], grid.shape)}) "
            "may come of turning its array",
            "set `geometry: stored` in the dataset's entry if the arrays fit voxel by voxel, or save the mask in the "
            "order of the image's pixels",
        )
    if (grid.affine is None) != (like.affine is None):
        logger.warning("%s says nothing of its orientation: image and mask are laid over as stored", silent.name)


def _made_up(image: Volume) -> list[np.ndarray]:
    """The places that programs give to an image that states none, for its array in the order in which it is stored.

    ITK: from 0 to the left and back. nibabel: around 0, to the left and front (`Nifti1Header.get_base_affine`).
    dcm2niix turns the rows of a DICOM file over, and counts from 0 to the right without a code.
    """
    steps = [step if np.isfinite(step) and step > 0 else 1.0 for step in image.spacing or (1.0,) * 3]
    middle = [(size - 1) / 2 for size in image.shape]
    made = []
    for signs, centred in [((-1, -1, 1), False), *(_OF_DICOM if image.planes else _OF_NIBABEL)]:
        affine = np.diag([*(step * sign for step, sign in zip(steps, signs, strict=True)), 1.0])
        affine[:3, 3] = -(affine[:3, :3] @ middle) if centred else 0
        made.append(affine)
    return made


def _laid(grid: Volume, like: Volume, fit: Fit) -> Volume:
    """The array turned and shifted, on the whole grid of the image."""
    turned = apply_orientation(grid.array, fit.turn)
    placed = replace(
        grid, array=turned, affine=like.affine, other_affines=like.other_affines, spacing=like.spacing, planes=()
    )
    if fit.shape == like.shape and not fit.offset.any():
        return placed
    array = np.zeros((*like.shape, *turned.shape[3:]), turned.dtype)
    low = np.maximum(fit.offset, 0)
    high = np.minimum(fit.offset + fit.shape, like.shape)
    if (low >= high).any():
        what = f"{_placed('image', like)}, {_placed('mask', grid)}"
        raise PLACES_DIFFER.error(what, "check that the two belong together: by their headers they do not meet")
    inside = tuple(slice(*ends) for ends in zip(low, high, strict=True))
    part = turned[tuple(slice(*ends) for ends in zip(low - fit.offset, high - fit.offset, strict=True))]
    array[inside] = part
    lost = np.count_nonzero(turned) - np.count_nonzero(part)
    if lost:
        logger.warning("%s: %d marked voxels lie outside of %s and are cut off", grid.name, lost, like.name)
    return replace(placed, array=array)
