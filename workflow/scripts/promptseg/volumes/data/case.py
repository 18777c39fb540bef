"""One case as a volume: read and turned as for the images, every slice of it encoded."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.config.cases import Case
from promptseg.core.errors import PromptsegError
from promptseg.preprocess.case import read_case, scaling
from promptseg.preprocess.evidence import Decisions, Encodings, Evidence
from promptseg.preprocess.rows import Result
from promptseg.preprocess.shown import shown_apart
from promptseg.preprocess.workers import collected
from promptseg.volumes.data.geometry import Geometry
from promptseg.volumes.data.rows import Row, failure_row, index_row, object_rows, slice_groups

logger = logging.getLogger(__name__)


@dataclass
class VolumeResult(Result):
    """What a case gives; the images of its rows are slices, a row group in each of `Result.groups`.

    Attributes:
        index: the row of `VOLUME_INDEX`; None where the case gives none.
        planar: whether the case is a single picture.
    """

    index: Row | None = None
    planar: bool = False


def process_volume(
    case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], decisions: Decisions, spill: Path
) -> VolumeResult:
    """Read a case and encode its slices. Errors that a user can fix become the result's failure.

    A single picture gives no rows, and neither does a volume without an object of at least `min_voxels`.

    Args:
        paths: of all files of the case, by their names.
        entry: see `build.build_volumes`.
        decisions: on how the masks of the dataset are read.
        spill: file for the slices; read and removed by `Result.groups`.
    """
    how = Encodings.of(entry, decisions)
    result = VolumeResult(evidence=how.evidence)
    with collected(result.messages):
        try:
            _fill(result, case, paths, entry, how, spill)
        except PromptsegError as error:
            failed = failure_row(case, str(error))
            return VolumeResult(messages=result.messages, failure=str(error), evidence=how.evidence, index=failed)
    return result


def evidence_of(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], decisions: Decisions) -> Evidence:
    """What the masks of a case look like; a case that cannot be read says what it says before it fails."""
    how = Encodings.of(entry, decisions)
    with collected([]), suppress(PromptsegError):  # the table of images tells it
        _read(case, paths, entry, how)
    return how.evidence


def _read(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], how: Encodings) -> Any:
    if case.problem is not None:
        raise PromptsegError(case.problem)
    return read_case(case, shown_apart(paths), entry, how)


def _fill(
    result: VolumeResult, case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], how: Encodings, spill: Path
) -> None:
    stored, volume, marked = _read(case, paths, entry, how)
    if volume.planar:
        result.planar = True
        return
    geometry = Geometry.of(stored, volume)
    settings = settings_of(entry)
    objects = object_rows(case, marked.array, geometry, entry["tasks"], settings)
    if not objects:
        logger.info("no object of at least %d voxels in %s: left out", settings["min_voxels"], marked.name)
        return
    for rows in slice_groups(case, volume, marked.array, scaling(volume, entry["intensity"])):
        result.rows.add(rows, [])
        result.spill(spill)
    result.rows.add([], objects)
    result.index = index_row(case, volume, geometry)


def settings_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of `volumes` in a dataset's entry; `true` is every case, each task one object."""
    stated = entry["volumes"]
    return {"parts": False, "min_voxels": 1, **(stated if isinstance(stated, dict) else {})}
