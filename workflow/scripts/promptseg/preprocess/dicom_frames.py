"""The pictures of DICOM files: where each lies, and how its numbers are scaled.

The geometry is worked out here and not by highdicom, which reads complete objects only: it refuses the CT series of the
quickstart, whose anonymised headers have lost their class, and series in which a slice is missing, which are read here
with a warning. It also gives all values as one array of floating point, several times the size of the stored integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.reasons import MISSING_ATTRIBUTE, NO_PLACE_OF_FRAMES
from promptseg.preprocess.dicom_files import listed, numbers

TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
# What places a picture, and the number of its values.
_PLACE = {"ImagePositionPatient": 3, "ImageOrientationPatient": 6, "PixelSpacing": 2}
_RESCALE = "RescaleSlope", "RescaleIntercept"


@dataclass(frozen=True)
class Frame:
    """One picture of a series.

    Attributes:
        file, index: which file, and which picture in it.
        position, orientation: (3,) and (6,), in mm in the coordinates of DICOM (PS3.3 C.7.6.2).
        spacing: mm between rows, and between columns.
        scale: slope and intercept; None where a table stands in their place.
        silent: the attributes of the scale that it does not state.
    """

    file: int
    index: int
    position: np.ndarray
    orientation: np.ndarray
    spacing: tuple[float, float]
    scale: tuple[float, float] | None
    silent: frozenset[str]


def frames_of(files: Sequence[tuple[Path, Any]]) -> list[Frame]:
    """The pictures of all files; none if there is one file, with one picture that says nothing of its place.

    Raises:
        PromptsegError: an attribute is missing in some of the files.
    """
    single = [(path, header) for path, header in files if not _is_multi(header)]
    lacking = {
        keyword: [path.name for path, header in single if numbers(header, keyword, count) is None]
        for keyword, count in _PLACE.items()
    }
    if len(files) == 1 and (lacking["ImagePositionPatient"] or lacking["ImageOrientationPatient"]):
        return []
    for keyword, names in lacking.items():
        if names:
            unplaced = len(names) == len(files) and keyword != "PixelSpacing"
            remedy = "give the case one picture, or slices that say where they lie" if unplaced else ""
            raise MISSING_ATTRIBUTE.error(f"no usable {keyword} in {listed(names)}", remedy)
    made: list[Frame] = []
    for file, (path, header) in enumerate(files):
        if _is_multi(header):
            made += _functional_frames(file, header, path)
        else:
            made.append(_frame(file, 0, [header] * 3, header, path.name))
    _check_scales(made, files)
    return made


def name_of(frame: Frame, files: Sequence[tuple[Path, Any]]) -> str:
    """The file of a frame, and which of its frames it is, for messages."""
    path, header = files[frame.file]
    return f"frame {frame.index + 1} of {path.name}" if _is_multi(header) else path.name


def group(own: Any, shared: Any, keyword: str) -> Any:
    """The first item of a functional group, which stands with the frame or with all frames."""
    return (own if keyword in own else shared)[keyword][0]


def scale_of(header: Any, name: str) -> tuple[float, float] | None:
    """Slope and intercept, 1 and 0 where they are not stated; None where a table stands in their place.

    Raises:
        PromptsegError: the slope is 0.
    """
    if "ModalityLUTSequence" in header:
        return None
    slope, intercept = (numbers(header, keyword, 1) for keyword in _RESCALE)
    if slope is not None and slope[0] == 0:
        raise MISSING_ATTRIBUTE.error(f"RescaleSlope of {name} is 0")
    return 1.0 if slope is None else float(slope[0]), 0.0 if intercept is None else float(intercept[0])


def _is_multi(header: Any) -> bool:
    return int(header.get("NumberOfFrames") or 1) > 1 or "PerFrameFunctionalGroupsSequence" in header


def _functional_frames(file: int, header: Any, path: Path) -> list[Frame]:
    """The frames of a multi-frame object, by their functional groups (PS3.3 C.7.6.16)."""
    sequences = "PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"
    made = []
    shared = (header.get("SharedFunctionalGroupsSequence") or [{}])[0]
    for index, own in enumerate(header.get("PerFrameFunctionalGroupsSequence") or [{}]):
        if not all(own.get(keyword) or shared.get(keyword) for keyword in sequences):
            raise NO_PLACE_OF_FRAMES.error(f"{path.name} does not say where its frames lie")
        named = "PixelValueTransformationSequence"
        transformation = group(own, shared, named) if named in own or named in shared else {}
        places = [group(own, shared, keyword) for keyword in sequences]
        made.append(_frame(file, index, places, transformation, f"frame {index + 1} of {path.name}"))
    return made


def _frame(file: int, index: int, places: Sequence[Any], scaling: Any, name: str) -> Frame:
    """A picture by the data sets that state its position, orientation, spacing and scale."""
    found = []
    for place, (keyword, count) in zip(places, _PLACE.items(), strict=True):
        values = numbers(place, keyword, count)
        if values is None:
            raise MISSING_ATTRIBUTE.error(f"no usable {keyword} in {name}")
        found.append(values)
    position, orientation, spacing = found
    if (spacing <= 0).any():
        raise MISSING_ATTRIBUTE.error(f"PixelSpacing of {name} is {spacing[0]:g} x {spacing[1]:g} mm")
    sides = orientation.reshape(2, 3)
    if np.abs(sides @ sides.T - np.eye(2)).max() > 0.02:
        raise MISSING_ATTRIBUTE.error(f"ImageOrientationPatient of {name} is not two directions at a right angle")
    silent = frozenset(keyword for keyword in _RESCALE if numbers(scaling, keyword, 1) is None)
    steps = float(spacing[0]), float(spacing[1])
    return Frame(file, index, position, orientation, steps, scale_of(scaling, name), silent)


def _check_scales(frames: Sequence[Frame], files: Sequence[tuple[Path, Any]]) -> None:
    """All frames state slope, intercept and table, or none."""
    linear = [frame for frame in frames if frame.scale is not None]
    if 0 < len(linear) < len(frames):
        names = [name_of(frame, files) for frame in linear]
        raise MISSING_ATTRIBUTE.error(f"no ModalityLUTSequence in {listed(names)}, while the other slices have one")
    for keyword in _RESCALE:
        silent = [frame for frame in linear if keyword in frame.silent]
        if 0 < len(silent) < len(linear):
            other = next(frame for frame in linear if keyword not in frame.silent)
            names = [name_of(frame, files) for frame in silent]
            raise MISSING_ATTRIBUTE.error(
                f"no usable {keyword} in {listed(names)}, while {name_of(other, files)} states one"
            )
