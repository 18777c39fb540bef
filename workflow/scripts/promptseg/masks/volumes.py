"""Masks of whole volumes from files, in the place of what a route answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.errors import PromptsegError
from promptseg.core.routes import FILES, NOTHING, OPEN
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import open_table, read_table, write_table
from promptseg.masks.answers import NOT_ASKED, Files, Given, Place
from promptseg.masks.run import facts_of, files_of
from promptseg.preprocess.decisions import decide
from promptseg.preprocess.evidence import Decisions
from promptseg.preprocess.inputs import Inputs
from promptseg.volumes.data.tables import VOLUME_INDEX, VOLUME_OBJECTS
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS, VOLUME_SECONDS

_SETTING = {"route": FILES, "slices": NOTHING, "prompt": NOTHING, "extents": OPEN, "step": 0}


def stack_of(files: Files, place: Place, slices: int, task: str) -> MaskStack:
    """The mask of a task in all slices of a volume.

    Args:
        place: of the volume; its index does not matter.
        slices: how many it has.

    Raises:
        PromptsegError: a file is missing or does not fit.
    """
    codes = {}
    for z in range(slices):
        picture = Place(place.case, z, place.size, place.paths)
        code = files.code(picture, f"{place.case.name}_z{z:03d}", task)
        if code != files.empty(place.size):
            codes[z] = code
    return MaskStack((slices, *place.size), codes)


def _rows(files: Files | None, place: Place, row: Any, slices: int) -> Iterator[dict[str, Any]]:
    """Rows of VOLUME_PREDICTIONS of one object."""
    about = {"object_id": row.object_id, **_SETTING}
    whole = pd.isna(row.part) and files is not None and not files.pattern.asked and row.task in files.wanted.values
    if not whole:
        yield {**about, "status": NOT_ASKED}
        return
    assert files is not None
    try:
        stack = stack_of(files, place, slices, row.task)
    except PromptsegError as error:
        yield {**about, "status": str(error)}
        return
    spent = {"k": 0, "prompted": [], "n_interactions": 0, "n_contours": 0, "dropped": 0}
    yield {**about, **spent, "first": 0, "last": slices - 1, "status": "ok"}
    yield from ({**about, "z": z, "rle": stack.codes[z], "status": "ok"} for z in stack.slices)


def import_volumes(
    given: Given,
    inputs: Inputs,
    index: str | Path,
    objects: str | Path,
    outputs: tuple[Path, Path],
    files_sha256: str,
) -> None:
    """Write the masks of files as what the route `files` makes of each object of the volumes of a dataset.

    They are one answer without prompts, whose ends nobody told. Parts of a task,
    points in time, and masks that answer prompts on images do not apply.

    Args:
        index, objects: files of VOLUME_INDEX and VOLUME_OBJECTS.
        outputs: files of VOLUME_PREDICTIONS and, without rows, of VOLUME_SECONDS.
        files_sha256: digest of the files.
    """
    facts = facts_of(given, files_sha256)
    volumes = read_table(index, VOLUME_INDEX)
    volumes = volumes[volumes["status"] == "ok"]
    by_volume = dict(tuple(read_table(objects, VOLUME_OBJECTS).groupby("volume_id", sort=False)))
    cases = {case.name: case for case in inputs.cases}

    def write(decisions: Decisions) -> Files | None:
        read = given.has_masks and given.folder.pattern is not None
        files = files_of(given, decisions) if read else None
        with open_table(outputs[0], VOLUME_PREDICTIONS, facts) as table:
            for volume in volumes.itertuples():
                case, rows = cases.get(volume.volume_id), list[dict[str, Any]]()
                for row in by_volume.get(volume.volume_id, pd.DataFrame()).itertuples():
                    if case is None:
                        rows.append({"object_id": row.object_id, **_SETTING, "status": NOT_ASKED})
                        continue
                    place = Place(case, 0, (int(volume.height), int(volume.width)), inputs.paths_of(case))
                    rows += _rows(files, place, row, int(volume.n_slices))
                table.write(rows)
        return files

    files = write({})
    if files and (decisions := decide(files.wanted.how)):
        write(decisions)
    write_table(outputs[1], [], VOLUME_SECONDS, facts)
