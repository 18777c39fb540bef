"""Contours of RTSTRUCT files as masks (PS3.3 C.8.8.5 and C.8.8.6)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.reasons import (
    ANOTHER_FRAME_OF_REFERENCE,
    BEYOND_THE_IMAGE,
    NO_AREA,
    NO_LABEL_MAP,
)
from promptseg.preprocess.contours import Contour, Planes, planes_of
from promptseg.preprocess.dicom_files import opened
from promptseg.preprocess.grids import Volume, reading
from promptseg.preprocess.names import matching
from promptseg.preprocess.polygons import fill

logger = logging.getLogger(__name__)
_AREAS = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


@dataclass
class _Structure:
    """A region of interest; `skipped` counts its contours that bound no area."""

    number: int
    name: str
    frame_of_reference: str
    contours: list[Contour] = field(default_factory=list)
    skipped: int = 0


def read_contours(path: Path, pattern: str, like: Volume) -> np.ndarray:
    """Where the structures of an RTSTRUCT file lie whose names match: bool, in the grid of `like`.

    A contour is filled on the slice that it refers to, else on the slice at its place; see `contours.Planes`. Those of
    one slice make one region; see `polygons.fill`. Points and lines are left out.

    Args:
        pattern: see `names.matching`.

    Raises:
        PromptsegError: no structure matches; none has an area, or none lies on the image; its frame of reference is
            another one; contours that do not lie on slices of the image.
    """
    with reading(path):
        structures = _load(path, pattern)
    mask = np.zeros(like.shape, bool, order="F")
    for _, drawn in _masks(list(structures.values()), like, path.name):
        mask |= drawn
    return mask


def read_structures(paths: Sequence[Path], like: Volume) -> Volume:
    """All structures of RTSTRUCT files as a label map in the grid of `like`; the label is the ROI number.

    Raises:
        PromptsegError: as `read_contours`; structures overlap, or the number of one is not above 0.
    """
    name = ", ".join(path.name for path in paths)
    array = np.zeros(like.shape, np.int32, order="F")
    for path in paths:
        with reading(path):
            structures = _load(path)
        for structure, mask in _masks(list(structures.values()), like, path.name):
            if structure.number < 1:
                raise NO_LABEL_MAP.error(f"{structure.name!r} of {path.name} has the number {structure.number}")
            if array[mask].any():
                other = structures.get(int(array[mask].max()), structure).name
                raise NO_LABEL_MAP.error(f"{other!r} and {structure.name!r} of {name} share pixels")
            array[mask] = structure.number
    return Volume(array, like.affine, like.spacing, name)


def _load(path: Path, pattern: str | None = None) -> dict[int, _Structure]:
    """The structures of a file by their numbers: all, or those whose names match."""
    dataset = opened(path)
    structures = {}
    for item in dataset.StructureSetROISequence:
        number, frame = int(item.ROINumber), str(item.get("ReferencedFrameOfReferenceUID", ""))
        structures[number] = _Structure(number, str(item.get("ROIName", "")), frame)
    if pattern is not None:
        found = matching({number: structure.name for number, structure in structures.items()}, pattern, path.name)
        structures = {number: structures[number] for number in found}
    for item in dataset.get("ROIContourSequence") or []:
        structure = structures.get(int(item.ReferencedROINumber))
        if structure is None:
            continue
        for contour in item.get("ContourSequence") or []:
            points = _points(contour)
            if contour.get("ContourGeometricType") in _AREAS and len(points):
                exclusive = contour.ContourGeometricType == _AREAS[1]
                structure.contours.append(Contour(points, exclusive, _pictures(contour)))
            else:
                structure.skipped += 1
    return structures


def _points(contour: Any) -> np.ndarray:
    """(n, 3) points in mm (LPS). Read from the bytes: pydicom leaves data beyond 64 kB, written as UN, unread."""
    stored = contour.get_item("ContourData")
    numbers = (stored.value or b"").strip(b" \0") if stored is not None else b""
    points = np.array(numbers.split(b"\\") if numbers else [], float).reshape(-1, 3)
    if not np.isfinite(points).all():
        raise ValueError("coordinates that are no numbers")
    return points


def _pictures(contour: Any) -> frozenset[tuple[str, int]]:
    """SOPInstanceUID and frame, 0 where it is not said, of the pictures that a contour was drawn on."""
    found = set()
    for item in contour.get("ContourImageSequence") or []:
        frames = item.get("ReferencedFrameNumber")
        for frame in [0] if frames is None else np.atleast_1d(frames):
            found.add((str(item.ReferencedSOPInstanceUID), int(frame)))
    return frozenset(found)


def _masks(structures: Sequence[_Structure], like: Volume, file: str) -> Iterator[tuple[_Structure, np.ndarray]]:
    """Each structure that has contours, with its mask in the grid of `like`."""
    names = ", ".join(repr(structure.name) for structure in structures)
    bounded = [structure for structure in structures if structure.contours]
    skipped = sum(structure.skipped for structure in structures)
    if skipped and not bounded:
        raise NO_AREA.error(f"{names} of {file} consists of points and open lines")
    if skipped:
        logger.warning("%s: %d contours are points or open lines: they are left out", file, skipped)
    if not bounded:
        logger.warning("%s: nothing is drawn for %s", file, names)
        return
    contours = [contour for structure in bounded for contour in structure.contours]
    planes = planes_of(like, contours, file)
    referring = any(map(planes.refers, contours))
    _check_reference({structure.frame_of_reference for structure in bounded}, like, file, referring)
    if not referring and like.planes and any(contour.pictures for contour in contours):
        logger.warning("%s refers to other pictures than those of %s: it is laid by its positions", file, like.name)
    anywhere = False
    for structure in bounded:
        mask = _draw(structure, planes, f"{structure.name!r} of {file}", referring)
        anywhere |= bool(mask.any())
        yield structure, mask
    if not anywhere:
        where = planes.extents(contours)
        raise BEYOND_THE_IMAGE.error(f"no contour of {names} of {file} covers a pixel of {like.name}: {where}")


def _check_reference(frames: set[str], like: Volume, file: str, referring: bool) -> None:
    """Whether the coordinates of contours and image are the same (PS3.3 C.7.4.1)."""
    other = sorted(frames - {"", like.frame_of_reference})
    if not other or not like.frame_of_reference:
        return
    if not referring:
        raise ANOTHER_FRAME_OF_REFERENCE.error(
            f"FrameOfReferenceUID is {', '.join(other)} in {file}, {like.frame_of_reference} in {like.name}, and no "
            "contour refers to a slice of the image"
        )
    logger.warning(
        "%s has another FrameOfReferenceUID than %s, but refers to its slices: it is laid on them", file, like.name
    )


def _draw(structure: _Structure, planes: Planes, name: str, referring: bool) -> np.ndarray:
    """bool mask in the grid of the image."""
    slices: dict[int | None, list[Contour]] = {}
    for contour in structure.contours:
        slices.setdefault(planes.slice_of(contour, name, referring), []).append(contour)
    cut = slices.pop(None, [])
    if cut:
        logger.warning("%s: %d contours lie on slices that %s does not have: cut off", name, len(cut), planes.name)
    mask = np.zeros(planes.shape, bool, order="F")
    turned = np.moveaxis(mask, planes.axis, 2)
    holes = beyond = 0
    for index, contours in slices.items():
        assert index is not None
        polygons = [planes.pixels(contour, index) for contour in contours]
        beyond += sum(
            bool((polygon < -0.5).any() or (polygon > np.array(turned.shape[:2]) - 0.5).any()) for polygon in polygons
        )
        exclusive = any(contour.exclusive for contour in contours)
        turned[:, :, index], found = fill(turned.shape[:2], polygons, exclusive)
        holes += found
    if beyond:
        logger.warning("%s: %d contours reach beyond the pictures of %s: cut off", name, beyond, planes.name)
    if holes:
        logger.warning("%s: %d CLOSED_PLANAR contours lie in larger ones: they are taken for holes", name, holes)
    return mask
