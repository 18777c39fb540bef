"""Segmentation objects of DICOM."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.reasons import (
    ANOTHER_FRAME_OF_REFERENCE,
    ANOTHER_GRID,
    BEYOND_THE_IMAGE,
    DOUBLE_FRAMES,
    UNKNOWN_SEG,
)
from promptseg.preprocess.dicom_files import opened
from promptseg.preprocess.dicom_frames import group
from promptseg.preprocess.dicom_place import Placement, SegFrame, Slices, seg_frame
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.names import matching

logger = logging.getLogger(__name__)


def read_segmentation(paths: Sequence[Path], like: Volume) -> Volume:
    """Lay the frames of DICOM SEG files (PS3.3 C.8.20) on the slices of `like`; see `labels.read_labels`.

    Frames go to the slices that they refer to, or to those at their positions. What reaches beyond the image, or
    belongs to slices that are not there, is cut off.

    Raises:
        PromptsegError: another frame of reference, unless frames refer to slices of the image; nothing lies on the
            image; two frames contradict each other; a kind that is not understood; see `dicom_place.Slices.place`.
    """
    array = np.zeros(like.shape, np.uint16, order="F")
    for path in paths:
        _lay(opened(path), path.name, Slices(like), array)
    return Volume(array, like.affine, like.spacing, paths[0].name)


def read_named(path: Path, pattern: str, like: Volume) -> np.ndarray:
    """Where the segments of a DICOM SEG lie that a pattern means: bool, in the grid of `like`.

    Args:
        pattern: on the SegmentLabel, else on the meaning of the code of its property type, else that code; see
            `names.matching`.

    Raises:
        PromptsegError: as `read_segmentation`; no segment matches.
    """
    dataset = opened(path)
    labels, meanings, codes = {}, {}, {}
    for item in dataset.SegmentSequence:
        number = int(item.SegmentNumber)
        labels[number] = str(item.get("SegmentLabel", ""))
        for code in item.get("SegmentedPropertyTypeCodeSequence") or []:
            value = code.get("CodeValue") or code.get("LongCodeValue") or code.get("URNCodeValue")
            meanings[number] = str(code.get("CodeMeaning", ""))
            codes[number] = f"{code.get('CodingSchemeDesignator', '')}:{value}"
    found = matching(labels, pattern, path.name, meanings, codes)
    array = np.zeros(like.shape, np.uint16, order="F")
    _lay(dataset, path.name, Slices(like), array, found)
    return array != 0


def _lay(dataset: Any, name: str, slices: Slices, array: np.ndarray, only: Sequence[int] | None = None) -> None:
    """Write the segments of one file, or those of some numbers, into `array`."""
    labels = dataset.get("SegmentationType") == "LABELMAP"
    pixels = _pixels(dataset, name)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    groups = list(dataset.PerFrameFunctionalGroupsSequence)
    if only is not None:
        numbers = pixels if labels else np.array([_number(own, shared) for own in groups])[:, None, None]
        pixels = np.where(np.isin(numbers, only), pixels, 0)
    frames = [
        seg_frame(own, shared, f"frame {number} of {name}", dataset.Columns, dataset.Rows)
        for number, own in enumerate(groups, 1)
    ]
    referring = any(slices.refers(frame) for frame in frames)
    _check_reference(str(dataset.get("FrameOfReferenceUID", "")), frames, slices.like, name, referring)
    measures = (shared.get("PixelMeasuresSequence") or [{}])[0]
    steps = [float(measures.get(keyword) or 0) for keyword in ("SpacingBetweenSlices", "SliceThickness")]
    _check_step(steps[0], slices, name, referring)
    near = slices.nearness(frames, steps)

    placed: dict[tuple[int, int], Placement] = {}
    for index, (frame, own) in enumerate(zip(frames, groups, strict=True)):
        place = slices.place(frame, referring, near) if pixels[index].any() else None
        if place is not None:
            placed[0 if labels else _number(own, shared), index] = place
    beside = max((place.beside for place in placed.values()), default=0.0)
    if beside > 0.1:
        logger.warning("%s lies up to %.2f pixels beside the pixels of %s", name, beside, slices.like.name)
    _check_double(placed, pixels, name)

    laid = 0
    covering: set[int] = set()
    for (segment, index), place in sorted(placed.items(), key=lambda item: item[0]):
        target, part = _overlap(pixels[index], place, array)
        here = part != 0
        if not labels and only is None and (here & (target != 0) & (target != segment)).any():
            covering.add(segment)
        target[here] = part[here] if labels else segment
        laid += int(here.sum())
    for segment in sorted(covering):
        logger.warning("%s: segment %d covers a part of another one", name, segment)
    marked = np.count_nonzero(pixels)
    if marked and not laid:
        raise BEYOND_THE_IMAGE.error(f"{name} marks {marked} pixels, and none of them lies on {slices.like.name}")
    if laid < marked:
        logger.warning(
            "%s: %d of %d marked pixels lie beyond %s: cut off", name, marked - laid, marked, slices.like.name
        )


def _number(own: Any, shared: Any) -> int:
    """The segment of a frame."""
    return int(group(own, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)


def _pixels(dataset: Any, name: str) -> np.ndarray:
    """(frames, rows, columns) bool, or the numbers of the segments of a label map."""
    kind = dataset.get("SegmentationType")
    if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
        raise UNKNOWN_SEG.error(f"{name} is of the type {kind}")
    if "TotalPixelMatrixColumns" in dataset or str(dataset.get("DimensionOrganizationType", "")).startswith("TILED"):
        raise UNKNOWN_SEG.error(f"the frames of {name} are tiles of a slide")
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    if kind == "LABELMAP":
        return np.where(frames == dataset.get("PixelPaddingValue", 0), 0, frames)
    return frames >= (1.0 if kind == "BINARY" else dataset.MaximumFractionalValue / 2)


def _check_reference(own: str, frames: Sequence[SegFrame], like: Volume, name: str, referring: bool) -> None:
    """Whether the coordinates of segmentation and image are the same (PS3.3 C.7.4.1)."""
    if own and like.frame_of_reference and own != like.frame_of_reference:
        if not referring:
            raise ANOTHER_FRAME_OF_REFERENCE.error(
                f"FrameOfReferenceUID is {own} in {name}, {like.frame_of_reference} in {like.name}, and no frame of "
                "the segmentation refers to a slice of the image"
            )
        logger.warning(
            "%s has another FrameOfReferenceUID than %s, but refers to its slices: it is laid on them", name, like.name
        )
    elif like.planes and not referring and like.affine is not None:
        why = (
            "refers to other pictures than those of" if any(frame.sources for frame in frames) else "does not refer to"
        )
        unknown = "" if own and like.frame_of_reference else ", and FrameOfReferenceUID is missing"
        logger.warning("%s %s %s%s: it is laid by its positions", name, why, like.name, unknown)


def _check_step(step: float, slices: Slices, name: str, referring: bool) -> None:
    """Frames that are further apart than the slices, and lie by position alone, would mark some of the slices only."""
    if not referring and slices.like.affine is not None and not slices.like.planar and step > 1.5 * slices.step:
        raise ANOTHER_GRID.error(
            f"the frames of {name} are {step:.2f} mm apart, the slices of {slices.like.name} {slices.step:.2f} mm"
        )


def _check_double(placed: dict[tuple[int, int], Placement], pixels: np.ndarray, name: str) -> None:
    """One frame for a segment and a place, or several equal ones."""
    seen: dict[tuple[Any, ...], int] = {}
    for (segment, index), place in placed.items():
        first = seen.setdefault((segment, *place.start, *place.steps.ravel()), index)
        if first != index and not np.array_equal(pixels[first], pixels[index]):
            raise DOUBLE_FRAMES.error(f"frames {first + 1} and {index + 1} of {name} (segment {segment})")


def _overlap(frame: np.ndarray, place: Placement, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of the image that a frame covers, and what of the frame lies there: views of one shape."""
    axes = np.abs(place.steps).argmax(axis=0)  # of the image, along the columns and the rows of the frame
    directions = place.steps.sum(axis=0)
    part = frame.T[:: directions[0], :: directions[1]]
    starts = np.clip(place.start, 0, np.array(array.shape) - 1)
    there = [slice(start, start + 1) for start in starts]
    across = 3 - int(axes.sum())
    outside = not 0 <= place.start[across] < array.shape[across]
    cut = []
    for axis, direction, size in zip(axes, directions, part.shape, strict=True):
        low = int(place.start[axis]) - (0 if direction > 0 else size - 1)
        begin = max(low, 0)
        end = begin if outside else max(begin, min(low + size, array.shape[axis]))
        there[axis] = slice(begin, end)
        cut.append(slice(begin - low, end - low))
    target = array[tuple(there)].squeeze(axis=across)
    part = part[tuple(cut)]
    return target, part if axes[0] < axes[1] else part.T
