"""Series of DICOM images, single-frame and multi-frame.

The geometry is worked out here and not by highdicom, which reads complete objects only: it refuses the CT series of the
quickstart, whose anonymised headers have lost their class, and series in which a slice is missing, which are read here
with a warning. It also gives all values as one array of floating point, several times the size of the stored integers.
"""

import fnmatch
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut, apply_modality_lut
from pydicom.uid import UID

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Plane, Volume, reading, rescaled, step_lengths
from promptseg.preprocess.suv import suv_factor

logger = logging.getLogger(__name__)
# Objects that lie in the folder of a series without being pictures of it.
_NOT_IMAGES = {"SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "SR", "PR", "KO", "REG"}
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class _Frame:
    """Where one picture of a series lies (in the coordinates of DICOM, mm) and how its numbers are scaled."""

    file: int
    index: int
    position: np.ndarray
    orientation: np.ndarray
    spacing: tuple[float, float]
    scale: tuple[float, float] | None


def read_series(paths: Sequence[Path], series: str | Sequence[str] | None = None, units: str = "stored") -> Volume:
    """The images of one series as a volume; the geometry follows the Image Plane Module (PS3.3 C.7.6.2).

    The frames of multi-frame objects are placed by their functional groups (PS3.3 C.7.6.16). Slices are put in order
    by their position along the normal of their plane.

    Args:
        paths: DICOM files; segmentations, plans and reports among them are left out.
        series: glob on the SeriesDescription, case-insensitive; the series that matches is read. Of several globs the
            first that a series matches decides.
        units: `suv` for standardised uptake values of PET, `stored` for values in the unit of the files.

    Returns:
        Integers with the scale of their values if all slices have the same; float32 values if not, and for SUV.

    Raises:
        PromptsegError: no image, no series or several; slices that do not form one grid; see `suv.suv_factor`.
    """
    found = [(path, pydicom.dcmread(path, stop_before_pixels=True)) for path in paths]
    files = [(path, header) for path, header in found if _is_picture(header)]
    if not files:
        raise PromptsegError(f"no DICOM image: {paths[0].name} and the files beside it hold no picture")
    if series is not None:
        files = _described(files, [series] if isinstance(series, str) else series)
    for path, header in files:
        if "Rows" not in header:
            raise PromptsegError(f"unreadable: {path.name}: the file ends before its picture")
    name = files[0][0].name
    numbers = sorted({str(header.get("SeriesInstanceUID", "")) for _, header in files})
    if len(numbers) > 1:
        raise PromptsegError(
            f"several DICOM series: the files beside {name} belong to {', '.join(numbers)}; make the pattern in "
            "`cases` narrower, so that it matches one series, or choose by `series`"
        )
    headers = [header for _, header in files]
    factor = suv_factor(headers, name) if units == "suv" else None
    frames = [
        frame for file, (path, header) in enumerate(files) for frame in _frames(file, header, path, len(files) == 1)
    ]
    frame_of_reference = str(headers[0].get("FrameOfReferenceUID", ""))
    if not frames:
        plane_alone = Plane(str(headers[0].get("SOPInstanceUID", "")), 1, None)
        return replace(_one_picture(*files[0], factor), planes=(plane_alone,), frame_of_reference=frame_of_reference)
    if len({(header.Rows, header.Columns) for _, header in files}) > 1:
        raise PromptsegError(f"several sizes: the slices beside {name} differ in rows or columns")
    frames, affine = _in_order(frames, files[0][1], name)
    planes = tuple(
        Plane(str(headers[frame.file].get("SOPInstanceUID", "")), frame.index + 1, frame.position) for frame in frames
    )
    volume = _read_frames([path for path, _ in files], frames, affine, factor)
    return replace(volume, planes=planes, frame_of_reference=frame_of_reference)


def _is_picture(header: Any) -> bool:
    """Whether a file is a picture, or was one before its end was lost."""
    if header.get("Modality") in _NOT_IMAGES:
        return False
    storage = UID(str(header.file_meta.get("MediaStorageSOPClassUID", "")))
    return "Rows" in header or storage.name.endswith("Image Storage")


def _described(files: Sequence[tuple[Path, Any]], globs: Sequence[str]) -> list[tuple[Path, Any]]:
    """The files of the one series whose description matches the first glob that any matches."""
    descriptions = {
        str(header.get("SeriesInstanceUID", "")): str(header.get("SeriesDescription", "")) for _, header in files
    }
    matching = (
        {number for number, text in descriptions.items() if fnmatch.fnmatchcase(text.lower(), glob.lower())}
        for glob in globs
    )
    wanted = next(filter(None, matching), set())
    if len(wanted) != 1:
        found = "several series match" if wanted else "no series matches"
        raise PromptsegError(
            f"{found} `series: {', '.join(globs)}`: the files beside {files[0][0].name} are described as "
            f"{', '.join(sorted(map(repr, descriptions.values())))}; correct `series` in `cases`"
        )
    return [(path, header) for path, header in files if str(header.get("SeriesInstanceUID", "")) in wanted]


def _frames(file: int, header: Any, path: Path, alone: bool) -> list[_Frame]:
    """The frames of a file; none if it is the only one and says nothing of its place."""
    if int(header.get("NumberOfFrames", 1)) > 1 or "PerFrameFunctionalGroupsSequence" in header:
        if "PerFrameFunctionalGroupsSequence" not in header:
            raise PromptsegError(
                f"multi-frame DICOM: {path.name} does not say where its frames lie; convert it to single-frame DICOM "
                "or to NIfTI"
            )
        shared = header.SharedFunctionalGroupsSequence[0]
        return [
            _functional_frame(file, index, own, shared)
            for index, own in enumerate(header.PerFrameFunctionalGroupsSequence)
        ]
    if "ImagePositionPatient" not in header or "ImageOrientationPatient" not in header:
        if alone:
            return []
        raise PromptsegError(f"no ImagePositionPatient: the slices beside {path.name} cannot be put in order")
    return [
        _Frame(
            file,
            0,
            np.array(header.ImagePositionPatient, float),
            np.array(header.ImageOrientationPatient, float),
            (float(header.PixelSpacing[0]), float(header.PixelSpacing[1])),
            _scale(header),
        )
    ]


def _functional_frame(file: int, index: int, own: Any, shared: Any) -> _Frame:
    position, orientation, spacing = plane(own, shared)
    named = "PixelValueTransformationSequence"
    scale = _scale(group(own, shared, named)) if named in own or named in shared else (1.0, 0.0)
    return _Frame(file, index, position, orientation, spacing, scale)


def _scale(header: Any) -> tuple[float, float] | None:
    """Slope and intercept; None where a table stands in their place."""
    if "ModalityLUTSequence" in header:
        return None
    return float(header.get("RescaleSlope", 1)), float(header.get("RescaleIntercept", 0))


def group(own: Any, shared: Any, keyword: str) -> Any:
    """The first item of a functional group, which stands with the frame or with all frames."""
    return (own if keyword in own else shared)[keyword][0]


def plane(own: Any, shared: Any) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Position, orientation and (row, column) spacing of a frame."""
    steps = group(own, shared, "PixelMeasuresSequence").PixelSpacing
    return (
        np.array(group(own, shared, "PlanePositionSequence").ImagePositionPatient, float),
        np.array(group(own, shared, "PlaneOrientationSequence").ImageOrientationPatient, float),
        (float(steps[0]), float(steps[1])),
    )


def _in_order(frames: Sequence[_Frame], header: Any, name: str) -> tuple[list[_Frame], np.ndarray]:
    """The frames by their place, and the affine of the volume that they make."""
    orientations = np.array([frame.orientation for frame in frames])
    if np.abs(orientations - orientations[0]).max() > 1e-3:
        raise PromptsegError(f"several orientations: the slices beside {name} are not parallel; keep one plane")
    across, down = orientations[0][:3], orientations[0][3:]
    normal = np.cross(across, down)
    places = np.array([frame.position for frame in frames])
    order = np.argsort(places @ normal, kind="stable")
    places = places[order]
    if len(frames) > 1:
        _check_spacing(np.diff(places @ normal), name)
        step = (places[-1] - places[0]) / (len(places) - 1)
    else:
        step = normal * float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 1.0)
    affine = np.eye(4)
    affine[:3, 0] = across * frames[0].spacing[1]
    affine[:3, 1] = down * frames[0].spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = places[0]
    return [frames[index] for index in order], TO_RAS @ affine


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


def _one_picture(path: Path, header: Any, factor: float | None) -> Volume:
    """A single image without a place, such as a radiograph."""
    with reading(path):
        pixels, scale = _stored(pydicom.dcmread(path)), _scale(header)
    steps = header.get("PixelSpacing")
    spacing = None if steps is None else (float(steps[1]), float(steps[0]), float("nan"))
    if factor is not None:
        pixels = _values(pixels, scale, factor)
        scale = None
    array, left = (pixels, None) if scale is None or pixels.ndim > 2 else rescaled(pixels, *scale)
    return Volume(np.swapaxes(array, 0, 1)[:, :, None], None, spacing, path.name, left)


def _read_frames(paths: Sequence[Path], frames: Sequence[_Frame], affine: np.ndarray, factor: float | None) -> Volume:
    """The pixels of all frames, `frames` being in the order of the slices."""
    scales = {frame.scale for frame in frames}
    scale = scales.pop() if len(scales) == 1 and factor is None else None
    slices: dict[int, list[tuple[int, _Frame]]] = {}
    for index, frame in enumerate(frames):
        slices.setdefault(frame.file, []).append((index, frame))
    array: np.ndarray | None = None
    for file, wanted in slices.items():
        with reading(paths[file]):
            dataset = pydicom.dcmread(paths[file])
            stored = _stored(dataset)
            many = int(dataset.get("NumberOfFrames", 1)) > 1
            for index, frame in wanted:
                pixels = stored[frame.index] if many else stored
                if scale is None and pixels.ndim == 2:
                    pixels = _values(pixels, frame.scale, factor)
                if array is None:
                    shape = (pixels.shape[1], pixels.shape[0], *pixels.shape[2:], len(frames))
                    array = np.empty(shape, pixels.dtype, order="F")
                elif array.dtype != pixels.dtype:
                    array = array.astype(np.promote_types(array.dtype, pixels.dtype), order="F")
                array[..., index] = np.swapaxes(pixels, 0, 1)
    assert array is not None
    array = np.moveaxis(array, -1, 2)
    left = None
    if scale is not None and array.ndim == 3:
        array, left = rescaled(array, *scale)
    return Volume(array, affine, step_lengths(affine), paths[frames[0].file].name, left)


def _stored(dataset: Any) -> np.ndarray:
    """(rows, columns) numbers, (rows, columns, 3) colours, or the frames of both; a table of values is applied."""
    pixels = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return apply_color_lut(pixels, dataset)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        # Inverted within the range of the stored bits, which is the same for all slices.
        last = 2 ** int(dataset.BitsStored) - 1 if dataset.PixelRepresentation == 0 else -1
        pixels = last - pixels.astype(np.int32 if pixels.itemsize < 4 else np.int64)
    return apply_modality_lut(pixels, dataset) if "ModalityLUTSequence" in dataset else pixels


def _values(pixels: np.ndarray, scale: tuple[float, float] | None, factor: float | None) -> np.ndarray:
    """float32 values of a picture in their own unit, or in SUV."""
    slope, intercept = scale or (1.0, 0.0)
    return ((pixels * np.float64(slope) + intercept) * (1.0 if factor is None else factor)).astype(np.float32)
