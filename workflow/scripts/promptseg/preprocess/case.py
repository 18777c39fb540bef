"""One case: its image and label map, read, turned, sampled and encoded."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.config.cases import Case, Labels
from promptseg.core.errors import PromptsegError
from promptseg.core.randomness import generator
from promptseg.core.reasons import WRONG_AXIS
from promptseg.preprocess.consensus import consensus
from promptseg.preprocess.evidence import Decisions, Encodings
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.intensity import limits, to_uint8
from promptseg.preprocess.labels import MaskFiles, read_labels, read_masks
from promptseg.preprocess.lowest import lowest_of
from promptseg.preprocess.rows import Result, Rows, failure_row, image_row, object_rows, slice_id, upright
from promptseg.preprocess.shown import shown_apart
from promptseg.preprocess.volumes import read_colours, read_volume
from promptseg.preprocess.workers import collected

logger = logging.getLogger(__name__)


def process_case(
    case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], decisions: Decisions, spill: Path
) -> Result:
    """Read, turn, sample and encode one case. Errors that a user can fix become the result's failure.

    Args:
        paths: of all files of the case, by their names.
        entry: see `build`.
        decisions: on how the masks of the dataset are read.
        spill: file for the rows if they are many; read and removed by `Result.groups`.
    """
    how = Encodings.of(entry, decisions)
    result = Result(evidence=how.evidence)
    with collected(result.messages):
        try:
            if case.problem is not None:
                raise PromptsegError(case.problem)
            _fill(result, case, shown_apart(paths), entry, how, spill)
        except PromptsegError as error:
            failed = Rows()
            failed.add([failure_row(case, str(error))], [])
            result = Result(rows=failed, messages=result.messages, failure=str(error), evidence=how.evidence)
    return result


def _fill(
    result: Result, case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], how: Encodings, spill: Path
) -> None:
    _, volume, marked = read_case(case, paths, entry, how)
    labels = marked.array
    sampling = sampling_of(entry)
    least = sampling.get("min_area", 1)

    found: dict[int, list[dict[str, Any]]] = {}
    for index in range(0, volume.shape[2], sampling.get("every", 1)):
        image_id = case.name if volume.planar else slice_id(case, index)
        rows = object_rows(upright(labels, index), image_id, case.patient, entry["tasks"], least)
        if rows:
            found[index] = rows
    if not found:
        logger.info("no object of at least %d pixels in %s: left out", least, marked.name)
        return
    chosen = list(found)
    if "per_case" in sampling and len(chosen) > sampling["per_case"]:
        draw = generator(sampling.get("seed", 1), case.name)
        chosen = sorted(draw.choice(chosen, sampling["per_case"], replace=False).tolist())
    scale = scaling(volume, entry["intensity"])
    black = 0
    for index in chosen:
        picture, pixels = upright(labels, index), scale(volume.picture(index))
        black += not pixels.any()
        result.rows.add([image_row(case, volume, found[index][0]["image_id"], index, pixels, picture)], found[index])
        if "lowest" in entry:
            result.lowest.update(lowest_of(picture, found[index], entry))
        if result.rows.fill_a_group():
            result.spill(spill)
    if black:
        what = "all values of each are equal, or `intensity` cuts off what differs"
        logger.warning("%s: %d of %d pictures are black: %s", volume.name, black, len(chosen), what)


def read_case(
    case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], how: Encodings
) -> tuple[Volume, Volume, Volume]:
    """The image as stored, and turned to be cut into slices; the label map, turned in the same way.

    Args:
        entry: see `build`.

    Raises:
        PromptsegError: a file cannot be read or does not fit; a slice has less than two columns or rows.
    """
    stored = read_stored(case, paths, entry)
    volume = reorient(stored, entry["axis"])
    width, height, _ = volume.shape
    if min(width, height) < 2 and not volume.planar:
        raise WRONG_AXIS.error(f"slices of {volume.name} along {entry['axis']} have {width} x {height} pixels")
    return stored, volume, reorient(read_marked(case, paths, entry, how, stored), entry["axis"])


def read_stored(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any]) -> Volume:
    """The image of the case as stored, as its masks are laid over it."""
    stored = read_image(case, paths, entry)
    return replace(stored, frame_of_reference="") if entry.get("frame_of_reference") == "any" else stored


def read_image(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any]) -> Volume:
    """The image of the case as stored; see `volumes.read_volume`."""
    files = [paths[name] for name in case.image]
    if case.colours:
        return read_colours(files, entry.get("geometry", "agree"))
    return read_volume(files, entry.get("channels"), case.series, entry.get("units", "stored"))


def read_marked(
    case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], how: Encodings, like: Volume
) -> Volume:
    """The label map of the case, put together from its files and raters."""
    if case.absent:
        logger.warning("no mask of rater %s; those that are there count", ", ".join(case.absent))
    by_rater: dict[str, list[Labels]] = {}
    for part in case.labels:
        by_rater.setdefault(part.rater, []).append(part)
    maps = {rater: _read_rater(parts, paths, entry, how, like) for rater, parts in by_rater.items()}
    first = next(iter(maps.values()))
    if list(maps) == [""]:
        return first
    array = consensus({rater: one.array for rater, one in maps.items()}, entry.get("raters", "majority"))
    return replace(first, array=array, name=", ".join(one.name for one in maps.values()))


def _read_rater(
    parts: Sequence[Labels], paths: Mapping[str, Path], entry: Mapping[str, Any], how: Encodings, like: Volume
) -> Volume:
    """The label map of one rater, or of all; its values are declared."""
    geometry = entry.get("geometry", "agree")
    if parts[0].value is None:
        return read_labels([paths[name] for name in parts[0].names], like, geometry, how)
    masks = [
        MaskFiles(tuple(paths[name] for name in part.names), part.value, part.threshold, part.segment)
        for part in parts
        if part.value is not None
    ]
    return read_masks(masks, like, geometry, how)


def scaling(volume: Volume, intensity: Mapping[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """What turns pictures of a volume into 8 bits; channels that are measurements of their own are scaled alone."""
    if not volume.separate:
        low, high = limits(volume.array, intensity, volume.name, volume.scale)
        return lambda picture: to_uint8(picture, low, high)
    ends = [
        limits(volume.array[..., channel], intensity, volume.name, volume.scale)
        for channel in range(volume.array.shape[3])
    ]
    return lambda picture: np.dstack([to_uint8(picture[..., channel], *bounds) for channel, bounds in enumerate(ends)])


def sampling_of(entry: Mapping[str, Any]) -> Mapping[str, int]:
    """The settings of `sampling`; `all` is every slice with an object of any size."""
    return {} if entry["sampling"] == "all" else entry["sampling"]
