"""What lies in the folder of a DICOM series besides one stack of slices: copies, localizers, other phases."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.reasons import DIFFERING_SLICES, TWO_SLICES_AT_ONE_PLACE
from promptseg.preprocess.dicom_files import listed
from promptseg.preprocess.dicom_frames import Frame
from promptseg.preprocess.dicom_pixels import read_pixels
from promptseg.preprocess.grids import reading

logger = logging.getLogger(__name__)

# What tells acquisitions, phases and echoes apart, the most telling first; also in functional groups.
_TELLING = (
    *("AcquisitionNumber", "TemporalPositionIdentifier", "TemporalPositionIndex", "TemporalPositionTimeOffset"),
    *("EchoNumbers", "EchoTime", "EffectiveEchoTime", "InversionTime", "FlipAngle", "RepetitionTime"),
    *("DiffusionBValue", "DiffusionGradientOrientation", "TriggerTime", "NominalCardiacTriggerDelayTime"),
    *("FrameReferenceTime", "ContrastBolusAgent", "KVP", "ConvolutionKernel", "ImageType", "FrameType", "StackID"),
    *("SliceThickness", "AcquisitionDateTime", "FrameAcquisitionDateTime", "AcquisitionTime", "ContentTime"),
    *("SeriesDescription", "InstanceNumber"),
)
_APART = 1e-3  # mm
File = tuple[Path, Any]


def check_equal(names: Sequence[str], values: Sequence[str], what: str) -> None:
    """All files of a series have the same of something.

    Raises:
        PromptsegError: names the few that differ from the others.
    """
    usual = Counter(values).most_common(1)[0][0]
    odd = [index for index, value in enumerate(values) if value != usual]
    if odd:
        different = listed(list(dict.fromkeys(names[index] for index in odd)))
        like = names[values.index(usual)]
        raise DIFFERING_SLICES.error(f"{different} and {like} differ in {what}: {values[odd[0]]} and {usual}")


def check_close(names: Sequence[str], values: np.ndarray, what: str, tolerance: float) -> None:
    """Like `check_equal` for (files, n) numbers, each within `tolerance` of the median."""
    usual = np.median(values, axis=0)
    near = (np.abs(values - usual) <= tolerance).all(axis=1)
    texts = [
        ", ".join(f"{number:g}" for number in (usual if ok else row)) for row, ok in zip(values, near, strict=True)
    ]
    check_equal(names, texts, what)


def without_copies(frames: Sequence[Frame], heights: np.ndarray, files: Sequence[File]) -> dict[int, list[int]]:
    """Which frames remain if exact copies of single-frame files are left out, each with its copies.

    Args:
        heights: (frames,), along the normal of their planes, in mm, rising.

    Raises:
        PromptsegError: two pictures at one height that are no copies; names both files and what they differ in.
    """
    kept: dict[int, list[int]] = {}
    last = -1
    for index, frame in enumerate(frames):
        if not kept or heights[index] - heights[last] > _APART:
            last = index
            kept[last] = []
        elif _is_copy(frames[last], frame, files):
            kept[last].append(index)
        else:
            raise _at_one_place(frames[last], frame, files)
    names = [files[frames[index].file][0].name for copies in kept.values() for index in copies]
    if names:
        logger.warning("%s: copies of other files of the series, left out", listed(names))
    return kept


def unplaced_without_copies(files: Sequence[File]) -> list[File]:
    """One file, if all are copies of the first picture; all files otherwise. For pictures without a place."""
    first, *others = files
    instance = first[1].get("SOPInstanceUID")
    if not others or not instance or any(header.get("SOPInstanceUID") != instance for _, header in others):
        return list(files)
    if not all(_equal_pixels(first[0], path) for path, _ in others):
        raise TWO_SLICES_AT_ONE_PLACE.error(
            f"{listed([path.name for path, _ in files])} have the same SOPInstanceUID and other pixels"
        )
    logger.warning("%s: copies of %s, left out", listed([path.name for path, _ in others]), first[0].name)
    return [first]


def _is_copy(first: Frame, second: Frame, files: Sequence[File]) -> bool:
    if first.scale != second.scale or not np.allclose(first.position, second.position, atol=_APART):
        return False
    single = not any("PerFrameFunctionalGroupsSequence" in files[frame.file][1] for frame in (first, second))
    return single and _equal_pixels(files[first.file][0], files[second.file][0])


def _equal_pixels(first: Path, second: Path) -> bool:
    with reading(first):
        pixels = read_pixels(first)
    with reading(second):
        return np.array_equal(pixels, read_pixels(second))


def _at_one_place(first: Frame, second: Frame, files: Sequence[File]) -> Exception:
    """Names both pictures and what they differ in."""
    (path, header), (other, other_header) = files[first.file], files[second.file]
    if first.file == second.file:
        groups = header.PerFrameFunctionalGroupsSequence
        told, others = _told(groups[first.index]), _told(groups[second.index])
        what = f"frames {first.index + 1} and {second.index + 1} of {path.name} lie at one place"
        remedy = "write one of the volumes in it to a file of its own"
    else:
        told, others = _told(header), _told(other_header)
        same = header.get("SOPInstanceUID") and header.get("SOPInstanceUID") == other_header.get("SOPInstanceUID")
        alike = ", with the same SOPInstanceUID and other pixels" if same else ""
        what = f"{path.name} and {other.name} lie at one place{alike}"
        remedy = ""
    differing = [key for key in _TELLING if told.get(key) != others.get(key)][:3]
    if differing:
        values = (f"{key} ({told.get(key, 'not stated')}, {others.get(key, 'not stated')})" for key in differing)
        what += f" and differ in {', '.join(values)}"
    return TWO_SLICES_AT_ONE_PLACE.error(what, remedy)


def _told(dataset: Any) -> dict[str, str]:
    """The attributes of `_TELLING`, at any depth."""
    elements = (element for element in dataset.iterall() if element.keyword in _TELLING)
    return {element.keyword: str(element.value) for element in elements}
