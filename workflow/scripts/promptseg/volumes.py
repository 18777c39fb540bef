"""Images and label maps from files: NIfTI, NRRD, DICOM and the usual 2-D formats.

Every reader gives a `Volume` whose array has the order (column, row, slice), the order in which NIfTI and NRRD store
it. A slice as it is shown, with rows going down, is therefore `array[:, :, k].T`, whatever the file was.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import nibabel as nib
import nrrd
import numpy as np
import pydicom
from nibabel.orientations import (
    aff2axcodes,
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)
from PIL import Image
from PIL.ImageFile import ImageFile
from pydicom.misc import is_dicom
from pydicom.pixels import apply_color_lut, apply_modality_lut

from promptseg.errors import PromptsegError

logger = logging.getLogger(__name__)

# The directions in which columns, rows and slices count: rows go down to posterior or inferior, the patient's left is
# on the right of an axial or coronal picture.
AXES = {"axial": "LPS", "coronal": "LIP", "sagittal": "PIL"}

_NIFTI = (".nii", ".nii.gz")
_NRRD = (".nrrd", ".nhdr")
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
# Objects that lie in the folder of a series without being pictures of it.
_NOT_IMAGES = {"SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "SR", "PR", "KO", "REG"}
_NRRD_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}
_MILLIMETRES = {"meter": 1000.0, "micron": 0.001}
_DICOM_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Volume:
    """A grid of values and where it lies in the patient.

    Attributes:
        array: (columns, rows, slices) values, or (columns, rows, slices, 3) for colour; one slice for 2-D files.
        affine: 4 x 4, voxel index to RAS coordinates in mm; None where the file does not say.
        spacing: mm along the three axes of the array, NaN for an axis that is not known; None where nothing is known.
        name: the file's name, for messages.
    """

    array: np.ndarray
    affine: np.ndarray | None
    spacing: tuple[float, float, float] | None
    name: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(columns, rows, slices)."""
        columns, rows, slices = self.array.shape[:3]
        return columns, rows, slices

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
        """Slice `index` as (rows, columns) or (rows, columns, 3)."""
        return np.swapaxes(self.array[:, :, index], 0, 1)


@dataclass(frozen=True)
class MaskFiles:
    """Files of which each marks the same object.

    Attributes:
        value: the label that the object gets.
        threshold: in the file's own units: values of at least this are the object; None: all values but 0.
    """

    paths: tuple[Path, ...]
    value: int
    threshold: float | None = None


def read_volume(paths: Sequence[Path]) -> Volume:
    """Read an image: one file, or the files of one DICOM series.

    DICOM values are rescaled to their physical unit, MONOCHROME1 is inverted (dark is low), slices are put in order
    by their position. 2-D files keep 16 bits and lose an alpha channel; a palette is replaced by its colours. Pixel
    sizes of 2-D files are not used: they are print resolutions.

    Raises:
        PromptsegError: a file is unreadable or of an unknown format, holds more than three dimensions or several
            pages, or several files are not one DICOM series.
    """
    return _read(paths, as_labels=False)


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
    """Make one label map of several masks or probability maps; where they overlap, the later one wins.

    Returns, raises: as `read_labels`.
    """
    array = np.zeros(like.shape, np.int32)
    for mask in masks:
        for path in mask.paths:
            values = _read_mask([path], like).array
            array[values != 0 if mask.threshold is None else values >= mask.threshold] = mask.value
    names = ", ".join(path.name for mask in masks for path in mask.paths)
    return Volume(array, like.affine, like.spacing, names)


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


def _read(paths: Sequence[Path], as_labels: bool) -> Volume:
    first = paths[0]
    suffix = first.name.lower()
    if len(paths) == 1 and suffix.endswith((*_NIFTI, *_NRRD, *_PICTURES)):
        with _reading(first):
            if suffix.endswith(_NIFTI):
                return _read_nifti(first)
            if suffix.endswith(_NRRD):
                return _read_nrrd(first)
            return _read_picture(first, as_labels)
    with _reading(first):
        dicom = [path for path in paths if is_dicom(path)]
    if dicom:
        with _reading(first):
            return _read_dicom(dicom)
    if len(paths) > 1:
        raise PromptsegError(
            f"several files: {', '.join(path.name for path in paths[:5])} are not one DICOM series; "
            "make the pattern in `cases` narrower"
        )
    raise PromptsegError(f"unknown format: {first.name}; NIfTI, NRRD, DICOM, PNG, JPEG, TIFF and BMP files can be read")


def _read_mask(paths: Sequence[Path], like: Volume) -> Volume:
    segmentations = [path for path in paths if _is_segmentation(path)]
    if segmentations:
        with _reading(segmentations[0]):
            return _read_segmentation(segmentations, like)
    mask = _read(paths, as_labels=True)
    return _align(replace(mask, array=_single_channel(mask.array, mask.name)), like)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one kind of error."""
    try:
        yield
    except (PromptsegError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).replace(str(path), path.name).split()) or type(error).__name__
        raise PromptsegError(f"unreadable: {path.name}: {reason}") from error


def _three_axes(array: np.ndarray, name: str) -> np.ndarray:
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim > 3:
        raise PromptsegError(
            f"too many dimensions: {name} has the shape {_shown(array.shape)}; write each volume to a file of its own"
        )
    return array.reshape(array.shape + (1,) * (3 - array.ndim))


def _shown(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _usable(affine: np.ndarray, name: str) -> np.ndarray | None:
    if np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) > 1e-12:
        return affine
    logger.warning("%s has an affine that cannot be inverted: it is ignored", name)
    return None


def _step_lengths(affine: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(step) for step in np.linalg.norm(affine[:3, :3], axis=0))
    return x, y, z


def _read_nifti(path: Path) -> Volume:
    image: Any = nib.load(path)
    array = np.asanyarray(image.dataobj)
    if array.dtype.fields is not None:
        raise PromptsegError(f"colour NIfTI: {path.name} holds {array.dtype}; save it with one number a voxel")
    scale = _MILLIMETRES.get(image.header.get_xyzt_units()[0], 1.0)
    affine = None
    # Without a code nibabel makes an affine up, and with it a left and a right.
    if image.header["qform_code"] > 0 or image.header["sform_code"] > 0:
        affine = _usable(np.diag([scale, scale, scale, 1.0]) @ image.affine, path.name)
    zooms = [float(zoom) * scale for zoom in image.header.get_zooms()[:3]]
    x, y, z = (*zooms, *[float("nan")] * (3 - len(zooms)))
    spacing = (x, y, z) if affine is None else _step_lengths(affine)
    return Volume(_three_axes(array, path.name), affine, spacing, path.name)


def _read_nrrd(path: Path) -> Volume:
    array, header = nrrd.read(str(path))
    array = _three_axes(array, path.name)
    directions = np.asarray(header.get("space directions", []), float)
    signs = _NRRD_TO_RAS.get(str(header.get("space", "")).lower())
    if directions.shape == (3, 3):
        affine = np.eye(4)
        affine[:3, :3] = directions.T
        affine[:3, 3] = header.get("space origin", np.zeros(3))
        spacing = _step_lengths(affine)
        if signs is None:
            return Volume(array, None, spacing, path.name)
        return Volume(array, _usable(np.diag([*signs, 1.0]) @ affine, path.name), spacing, path.name)
    steps = [float(step) for step in header.get("spacings", [])]
    if len(steps) in (2, 3):
        x, y, z = (*steps, *[float("nan")] * (3 - len(steps)))
        return Volume(array, None, (x, y, z), path.name)
    return Volume(array, None, None, path.name)


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


def _read_dicom(paths: Sequence[Path]) -> Volume:
    """One series of single-frame DICOM images; the geometry follows the Image Plane Module (PS3.3 C.7.6.2)."""
    headers = [(path, pydicom.dcmread(path, stop_before_pixels=True)) for path in paths]
    headers = [
        (path, header) for path, header in headers if "Rows" in header and header.get("Modality") not in _NOT_IMAGES
    ]
    if not headers:
        raise PromptsegError(f"no DICOM image: {paths[0].name} and the files beside it hold no picture")
    name = headers[0][0].name
    series = sorted({str(header.get("SeriesInstanceUID", "")) for _, header in headers})
    if len(series) > 1:
        raise PromptsegError(
            f"several DICOM series: the files beside {name} belong to {', '.join(series)}; "
            "make the pattern in `cases` narrower, so that it matches one series"
        )
    if any(int(header.get("NumberOfFrames", 1)) > 1 for _, header in headers):
        raise PromptsegError(f"multi-frame DICOM: {name}; convert it to single-frame DICOM or to NIfTI")
    if any("ImagePositionPatient" not in header or "ImageOrientationPatient" not in header for _, header in headers):
        if len(headers) > 1:
            raise PromptsegError(f"no ImagePositionPatient: the slices beside {name} cannot be put in order")
        array = _dicom_pixels(headers[0][0])
        steps = headers[0][1].get("PixelSpacing")
        spacing = None if steps is None else (float(steps[1]), float(steps[0]), float("nan"))
        return Volume(array[:, :, None], None, spacing, name)

    orientations = np.array([header.ImageOrientationPatient for _, header in headers], float)
    if np.abs(orientations - orientations[0]).max() > 1e-3:
        raise PromptsegError(f"several orientations: the slices beside {name} are not parallel; keep one plane")
    if len({(header.Rows, header.Columns) for _, header in headers}) > 1:
        raise PromptsegError(f"several sizes: the slices beside {name} differ in rows or columns")
    across, down = orientations[0][:3], orientations[0][3:]
    normal = np.cross(across, down)
    places = np.array([header.ImagePositionPatient for _, header in headers], float)
    order = np.argsort(places @ normal, kind="stable")
    headers = [headers[index] for index in order]
    places = places[order]

    first = headers[0][1]
    if len(headers) > 1:
        _check_spacing(np.diff(places @ normal), name)
        step = (places[-1] - places[0]) / (len(places) - 1)
    else:
        step = normal * float(first.get("SpacingBetweenSlices") or first.get("SliceThickness") or 1.0)
    affine = np.eye(4)
    affine[:3, 0] = across * float(first.PixelSpacing[1])
    affine[:3, 1] = down * float(first.PixelSpacing[0])
    affine[:3, 2] = step
    affine[:3, 3] = places[0]
    affine = _DICOM_TO_RAS @ affine
    array = np.stack([_dicom_pixels(path) for path, _ in headers], axis=2)
    return Volume(array, affine, _step_lengths(affine), name)


def _check_spacing(steps: np.ndarray, name: str) -> None:
    usual = float(np.median(steps))
    if steps.min() < 1e-3:
        raise PromptsegError(
            f"two slices at one place: the series of {name} holds more than one volume; keep the files of one of them"
        )
    if steps.max() > 1.5 * usual:
        logger.warning("%s: slices are missing: steps of %.2f to %.2f mm", name, steps.min(), steps.max())
    elif steps.max() - steps.min() > 0.1 * usual:
        logger.warning("%s: the slices are spaced unevenly: steps of %.2f to %.2f mm", name, steps.min(), steps.max())


def _dicom_pixels(path: Path) -> np.ndarray:
    """(columns, rows) float32 in the unit of the rescaled values, or (columns, rows, 3) for colour."""
    with _reading(path):
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, dataset)
        if pixels.ndim == 3:
            return np.swapaxes(pixels, 0, 1)
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            # Inverted within the range of the stored bits, which is the same for all slices.
            last = 2 ** int(dataset.BitsStored) - 1 if dataset.PixelRepresentation == 0 else -1
            pixels = last - pixels.astype(np.int32)
        return np.asarray(apply_modality_lut(pixels, dataset), np.float32).T


def _is_segmentation(path: Path) -> bool:
    if path.name.lower().endswith((*_NIFTI, *_NRRD, *_PICTURES)):
        return False
    with _reading(path):
        if not is_dicom(path):
            return False
        return pydicom.dcmread(path, specific_tags=["Modality"], stop_before_pixels=True).get("Modality") == "SEG"


def _read_segmentation(paths: Sequence[Path], like: Volume) -> Volume:
    """Place the frames of DICOM SEG files (PS3.3 C.8.20) into the grid of `like`."""
    name = paths[0].name
    if like.affine is None:
        raise PromptsegError(f"no position: {like.name} does not say where it lies, so {name} cannot be laid over it")
    to_voxels = np.linalg.inv(like.affine)
    array = np.zeros(like.shape, np.int32)
    for path in paths:
        dataset = pydicom.dcmread(path)
        kind = dataset.get("SegmentationType")
        if kind not in ("BINARY", "FRACTIONAL"):
            raise PromptsegError(f"unknown DICOM SEG: {path.name} is of the type {kind}; save it as BINARY")
        least = 1.0 if kind == "BINARY" else dataset.MaximumFractionalValue / 2
        frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns) >= least
        shared = dataset.SharedFunctionalGroupsSequence[0]
        placed = []
        for frame, own in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            identified = _group(own, shared, "SegmentIdentificationSequence")
            placed.append(
                (int(identified.ReferencedSegmentNumber), _voxels(frame, own, shared, to_voxels, like, path.name))
            )
        for segment, voxels in sorted(placed, key=lambda item: item[0]):
            if np.isin(array[voxels], (0, segment), invert=True).any():
                logger.warning("%s: segment %d covers a part of another one", path.name, segment)
            array[voxels] = segment
    return Volume(array, like.affine, like.spacing, name)


def _group(own: Any, shared: Any, keyword: str) -> Any:
    """The first item of a functional group, which stands with the frame or with all frames."""
    return (own if keyword in own else shared)[keyword][0]


def _voxels(
    frame: np.ndarray, own: Any, shared: Any, to_voxels: np.ndarray, like: Volume, name: str
) -> tuple[np.ndarray, ...]:
    """Indices into `like` of the pixels of a frame of a DICOM SEG that are set; `to_voxels` inverts its affine."""
    orientation = np.array(_group(own, shared, "PlaneOrientationSequence").ImageOrientationPatient, float)
    steps = _group(own, shared, "PixelMeasuresSequence").PixelSpacing
    affine = np.eye(4)
    affine[:3, 0] = orientation[:3] * float(steps[1])
    affine[:3, 1] = orientation[3:] * float(steps[0])
    affine[:3, 3] = np.array(_group(own, shared, "PlanePositionSequence").ImagePositionPatient, float)
    rows, columns = np.nonzero(frame)
    points = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)])
    exact = (to_voxels @ _DICOM_TO_RAS @ affine @ points)[:3]
    index = np.rint(exact).astype(int)
    if np.abs(exact - index).max(initial=0.0) > 0.1:
        raise PromptsegError(f"another grid: the pixels of {name} do not lie on those of {like.name}; resample it")
    if (index < 0).any() or (index >= np.array(like.shape)[:, None]).any():
        raise PromptsegError(f"sizes differ: {name} reaches beyond {like.name} ({_shown(like.shape)})")
    return tuple(index)


def _single_channel(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim == 3:
        return array
    if (array != array[..., :1]).any():
        raise PromptsegError(
            f"coloured mask: the channels of {name} differ; save the label values as one channel (or with a palette)"
        )
    return array[..., 0]


def _integers(array: np.ndarray, name: str) -> np.ndarray:
    if not np.issubdtype(array.dtype, np.floating):
        return array
    wrong = array[~((np.abs(array) < 2**31) & (array == np.rint(array)))]
    if wrong.size:
        raise PromptsegError(
            f"float labels that are not integers: {name} holds {wrong[0]:g}; save whole numbers, or give the file "
            "as a list entry with `value` and `threshold` if it is a probability map"
        )
    return array.astype(np.int32)


def _align(labels: Volume, like: Volume) -> Volume:
    """Labels in the array order of the image; their sizes must then be equal, their places are compared."""
    if labels.affine is not None and like.affine is not None:
        labels = _towards(labels, aff2axcodes(like.affine))
    if labels.shape != like.shape:
        raise PromptsegError(
            f"sizes differ: the image {like.name} has {_shown(like.shape)} pixels, "
            f"the mask {labels.name} has {_shown(labels.shape)}; they must cover the same grid"
        )
    if labels.affine is None or like.affine is None:
        if (labels.affine is None) != (like.affine is None):
            silent = labels if labels.affine is None else like
            logger.warning("%s says nothing of its orientation: image and mask are laid over as stored", silent.name)
        return replace(labels, affine=like.affine, spacing=like.spacing)
    ends = [(0, size - 1) for size in like.shape]
    corners = np.stack([*(grid.ravel() for grid in np.meshgrid(*ends)), np.ones(8)])
    apart = float(np.linalg.norm(((labels.affine - like.affine) @ corners)[:3], axis=0).max())
    if apart > 0.1 * min(_step_lengths(like.affine)):
        logger.warning("%s and %s lie up to %.2f mm apart; they are laid over as stored", like.name, labels.name, apart)
    return labels


def _towards(volume: Volume, codes: Sequence[str]) -> Volume:
    """Permute and flip the axes so that they come closest to the directions `codes`."""
    turn = ornt_transform(io_orientation(volume.affine), axcodes2ornt(tuple(codes)))
    affine = volume.affine @ inv_ornt_aff(turn, volume.shape)
    return replace(volume, array=apply_orientation(volume.array, turn), affine=affine, spacing=_step_lengths(affine))


def _transpose(volume: Volume, axis: int) -> Volume:
    """Make `axis` the last of the three axes; the other two keep their order."""
    order = [other for other in range(3) if other != axis] + [axis]
    affine = None if volume.affine is None else volume.affine[:, [*order, 3]]
    x, y, z = (volume.spacing[index] for index in order) if volume.spacing else (float("nan"),) * 3
    array = volume.array.transpose(*order, *range(3, volume.array.ndim))
    return replace(volume, array=array, affine=affine, spacing=(x, y, z) if volume.spacing else None)
