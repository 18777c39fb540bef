"""Series of DICOM images, single-frame and multi-frame."""

import fnmatch
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from pydicom.uid import UID

from promptseg.core.reasons import NO_PICTURE, NOT_ONE_SERIES, UNREADABLE
from promptseg.preprocess.dicom_files import listed, numbers, opened
from promptseg.preprocess.dicom_frames import TO_RAS, Frame, frames_of, name_of, scale_of
from promptseg.preprocess.dicom_mixed import (
    File,
    check_close,
    check_equal,
    unplaced_without_copies,
    without_copies,
)
from promptseg.preprocess.dicom_pixels import in_unit, read_pixels
from promptseg.preprocess.grids import Plane, Volume, reading, rescaled, step_lengths
from promptseg.preprocess.suv import suv_factor

logger = logging.getLogger(__name__)
# Objects that lie in the folder of a series without being pictures of it.
_NOT_IMAGES = {"SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "SR", "PR", "KO", "REG"}

Stack: TypeAlias = list[tuple[Frame, list[Frame]]]  # the slices, each with its copies


def read_series(paths: Sequence[Path], series: str | Sequence[str] | None = None, units: str = "stored") -> Volume:
    """The images of one series as a volume; the geometry follows the Image Plane Module (PS3.3 C.7.6.2).

    The frames of multi-frame objects are placed by their functional groups (PS3.3 C.7.6.16). Slices are put in order
    by their position along the normal of their plane. Exact copies of a slice count once.

    Args:
        paths: DICOM files; segmentations, plans and reports among them are left out.
        series: glob on the SeriesDescription, case-insensitive; the series that matches is read. Of several globs the
            first that a series matches decides.
        units: `suv` for standardised uptake values of PET, `stored` for values in the unit of the files.

    Returns:
        Integers with the scale of their values if all slices have the same; float32 values if not, and for SUV.

    Raises:
        PromptsegError: no image, no series or several; slices that do not form one stack; an attribute that some or all
            of them lack; a compression that is not decoded; see `suv.suv_factor`.
    """
    files = _pictures(paths, series)
    if all(numbers(header, "ImagePositionPatient", 3) is None for _, header in files):
        files = unplaced_without_copies(files)
    names = [path.name for path, _ in files]
    headers = [header for _, header in files]
    check_equal(names, [f"{header.Columns} x {header.Rows}" for header in headers], "size")
    check_equal(names, [_counting(header) for header in headers], "PhotometricInterpretation")
    factor = suv_factor(headers, names[0]) if units == "suv" else None
    frames = frames_of(files)
    frame_of_reference = _frame_of_reference(headers, names[0])
    if not frames:
        plane_alone = Plane(str(headers[0].get("SOPInstanceUID", "")), 1, None, path=files[0][0])
        return replace(_one_picture(*files[0], factor), planes=(plane_alone,), frame_of_reference=frame_of_reference)
    stack, affine = _in_order(frames, files)
    planes = _planes(stack, files)
    frames = [frame for frame, _ in stack]
    volume = _read_frames(files, frames, affine, factor)
    return replace(volume, planes=planes, frame_of_reference=frame_of_reference)


def _pictures(paths: Sequence[Path], series: str | Sequence[str] | None) -> list[File]:
    """The files of the one series, with their headers."""
    files: list[File] = []
    for path in paths:
        with reading(path):
            header = opened(path, stop_before_pixels=True)
            if _is_picture(header):
                files.append((path, header))
    if not files:
        raise NO_PICTURE.error(f"{paths[0].name} and the files beside it hold no picture")
    for path, header in files:
        if "Rows" not in header:  # and maybe not the whole of its SeriesInstanceUID
            raise UNREADABLE.error(f"{path.name} ends before its picture")
    if series is not None:
        files = _described(files, [series] if isinstance(series, str) else series)
    members: dict[str, list[str]] = {}
    for path, header in files:
        members.setdefault(str(header.get("SeriesInstanceUID") or "no series"), []).append(path.name)
    if len(members) > 1:
        raise NOT_ONE_SERIES.error("; ".join(f"{listed(names)} belong to {uid}" for uid, names in members.items()))
    return files


def _is_picture(header: Any) -> bool:
    """Whether a file is a picture, or was one before its end was lost."""
    if header.get("Modality") in _NOT_IMAGES:
        return False
    storage = UID(str(header.file_meta.get("MediaStorageSOPClassUID") or header.get("SOPClassUID", "")))
    return "Rows" in header or not storage or storage.name.endswith("Image Storage")


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
        raise NOT_ONE_SERIES.error(
            f"{found} `series: {', '.join(globs)}`: the files beside {files[0][0].name} are described as "
            f"{', '.join(sorted(map(repr, descriptions.values())))}",
            "correct `series` in `cases`",
        )
    return [(path, header) for path, header in files if str(header.get("SeriesInstanceUID", "")) in wanted]


def _counting(header: Any) -> str:
    """What the stored numbers stand for, in words. Those of MONOCHROME1 are counted from the end of their range."""
    kind = str(header.get("PhotometricInterpretation") or "none")
    return f"{kind} of {header.get('BitsStored')} bits" if kind == "MONOCHROME1" else kind


def _frame_of_reference(headers: Sequence[Any], name: str) -> str:
    """That of all slices; none where anonymisation gave every file its own."""
    stated = {str(header.get("FrameOfReferenceUID") or "") for header in headers}
    if len(stated) > 1:
        logger.warning("%s: FrameOfReferenceUID differs among the slices: it is not used", name)
        return ""
    return stated.pop()


def _planes(stack: Stack, files: Sequence[File]) -> tuple[Plane, ...]:
    """The pictures of the slices. An identifier that several of them have says of none which it is."""

    def instance(frame: Frame) -> str:
        return str(files[frame.file][1].get("SOPInstanceUID") or "")

    often = Counter((instance(frame), frame.index) for frame, _ in stack)
    return tuple(
        Plane(
            instance(frame) if often[instance(frame), frame.index] == 1 else "",
            frame.index + 1,
            frame.position,
            tuple(sorted({instance(copy) for copy in copies} - {instance(frame)})),
            files[frame.file][0],
        )
        for frame, copies in stack
    )


def _in_order(frames: Sequence[Frame], files: Sequence[File]) -> tuple[Stack, np.ndarray]:
    """The frames by their place, each with its copies, and the affine of the volume that they make."""
    names = [name_of(frame, files) for frame in frames]
    check_close(names, np.array([frame.orientation for frame in frames]), "ImageOrientationPatient", 1e-3)
    spacing = np.array([frame.spacing for frame in frames])
    check_close(names, spacing, "PixelSpacing", 2e-3 * float(np.median(spacing)))
    across, down = frames[0].orientation[:3], frames[0].orientation[3:]
    normal = np.cross(across, down)
    heights = np.array([frame.position for frame in frames]) @ normal
    order = np.argsort(heights, kind="stable")
    ordered = [frames[index] for index in order]
    kept = without_copies(ordered, heights[order], files)
    stack = [(ordered[index], [ordered[copy] for copy in copies]) for index, copies in kept.items()]
    order = order[list(kept)]
    places = np.array([frame.position for frame, _ in stack])
    if len(order) > 1:
        _check_spacing(places @ normal, [names[index] for index in order])
        step = (places[-1] - places[0]) / (len(places) - 1)
        _check_straight(places, normal, min(frames[0].spacing), [names[index] for index in order])
    else:
        header = files[frames[0].file][1]
        step = normal * float(header.get("SpacingBetweenSlices") or header.get("SliceThickness") or 1.0)
    affine = np.eye(4)
    affine[:3, 0] = across * frames[0].spacing[1]
    affine[:3, 1] = down * frames[0].spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = places[0]
    return stack, TO_RAS @ affine


def _check_spacing(heights: np.ndarray, names: Sequence[str]) -> None:
    steps = np.diff(heights)
    usual = float(np.median(steps))
    extent = f"steps of {steps.min():.2f} to {steps.max():.2f} mm"
    if steps.max() > 1.5 * usual:
        gaps = [
            f"between {names[index]} ({heights[index]:.2f} mm) and {names[index + 1]} ({heights[index + 1]:.2f} mm)"
            for index in np.flatnonzero(steps > 1.5 * usual)[:3]
        ]
        logger.warning("%s: slices are missing: %s, %s", names[0], extent, "; ".join(gaps))
    elif steps.max() - steps.min() > 0.1 * usual:
        logger.warning("%s: the slices are spaced unevenly: %s", names[0], extent)


def _check_straight(places: np.ndarray, normal: np.ndarray, pixel: float, names: Sequence[str]) -> None:
    """Whether the first pixels lie on a line, which may be oblique, as that of a tilted gantry."""
    heights = places @ normal
    share = (heights - heights[0]) / (heights[-1] - heights[0])
    beside = np.linalg.norm(places - places[0] - share[:, None] * (places[-1] - places[0]), axis=1)
    worst = int(beside.argmax())
    if beside[worst] > pixel:
        logger.warning("%s lies %.2f mm sideways of the line of the other slices", names[worst], beside[worst])


def _one_picture(path: Path, header: Any, factor: float | None) -> Volume:
    """A single image without a place, such as a radiograph."""
    with reading(path):
        pixels, scale = read_pixels(path), scale_of(header, path.name)
    steps = numbers(header, "PixelSpacing", 2)
    spacing = None if steps is None or (steps <= 0).any() else (float(steps[1]), float(steps[0]), float("nan"))
    if factor is not None:
        pixels = in_unit(pixels, scale, factor)
        scale = None
    array, left = (pixels, None) if scale is None or pixels.ndim > 2 else rescaled(pixels, *scale)
    return Volume(np.swapaxes(array, 0, 1)[:, :, None], None, spacing, path.name, left)


def _read_frames(files: Sequence[File], frames: Sequence[Frame], affine: np.ndarray, factor: float | None) -> Volume:
    """The pixels of all frames, `frames` being in the order of the slices."""
    scales = {frame.scale for frame in frames}
    scale = scales.pop() if len(scales) == 1 and factor is None else None
    slices: dict[int, list[tuple[int, Frame]]] = {}
    for index, frame in enumerate(frames):
        slices.setdefault(frame.file, []).append((index, frame))
    array: np.ndarray | None = None
    for file, wanted in slices.items():
        path, header = files[file]
        many = int(header.get("NumberOfFrames") or 1) > 1
        with reading(path):
            stored = read_pixels(path)
            for index, frame in wanted:
                pixels = stored[frame.index] if many else stored
                if scale is None and pixels.ndim == 2:
                    pixels = in_unit(pixels, frame.scale, factor)
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
    return Volume(array, affine, step_lengths(affine), files[frames[0].file][0].name, left)
