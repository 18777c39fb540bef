"""The stage of masks from files: the same files as predictions have, so that all that follows takes them as such."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.core.provenance import provenance
from promptseg.core.reason import counted
from promptseg.core.tables import TableWriter, open_table, read_table, write_table
from promptseg.masks.answers import NOT_ASKED, Files, Given, Place, takes
from promptseg.masks.manifest import Manifest
from promptseg.masks.permuted import Overlaps
from promptseg.masks.reading import Wanted
from promptseg.masks.turned import Turns
from promptseg.predict.tables import PREDICTIONS, PROPOSALS
from promptseg.preprocess.decisions import decide
from promptseg.preprocess.evidence import Decisions
from promptseg.preprocess.images import object_mask
from promptseg.preprocess.inputs import Inputs
from promptseg.preprocess.objects import ObjectStream
from promptseg.preprocess.tables import IMAGES

logger = logging.getLogger(__name__)

_ROWS = 20_000  # of a row group
_FINE = ("ok", NOT_ASKED)
PACKAGES = ["numpy", "nibabel", "pillow", "pycocotools", "pydicom"]


class Answers(Protocol):
    """What gives the rows of objects."""

    def rows(self, place: Place, row: Any) -> list[dict[str, Any]]:
        """Rows of PREDICTIONS of one object, a row of OBJECTS."""


def places(images: str | Path, inputs: Inputs) -> dict[str, Place]:
    """Image -> where it comes from, of the readable images of a dataset.

    Args:
        images: file of IMAGES.
        inputs: the cases that they were made of.
    """
    cases = {case.name: case for case in inputs.cases}
    table = read_table(images, IMAGES, ["image_id", "height", "width", "slice", "status"])
    found = {}
    for row in table[table["status"] == "ok"].itertuples():
        index = None if pd.isna(row.slice) else int(row.slice)
        name = row.image_id if index is None else row.image_id.rpartition("_z")[0]
        found[row.image_id] = Place(cases[name], index, (int(row.height), int(row.width)), inputs.paths_of(cases[name]))
    return found


@dataclass(frozen=True)
class Outputs:
    """What is written: files of PREDICTIONS and PROPOSALS."""

    predictions: Path
    everything: Path


def facts_of(given: Given, files_sha256: str) -> dict[str, Any]:
    """Where the masks of a method on one dataset come from, see `core.provenance`."""
    about = {"method": given.method, "dataset": given.dataset, "entry": {"masks": dict(given.masks)}}
    return dict(provenance(PACKAGES, **about, files_sha256=files_sha256))


def import_masks(
    given: Given, stream: ObjectStream, inputs: Inputs, outputs: Outputs, *, strict: bool, files_sha256: str
) -> dict[str, Any]:
    """Write the masks of files as predictions of one method on one dataset.

    An object whose mask is missing or does not fit is a row with the reason. The masks of a dataset are read once more
    where what some of them mean depends on the others, as truths are (`preprocess.decisions`).

    Args:
        strict: stop at the first object without a mask.
        files_sha256: digest of the files.

    Returns:
        Counts for `throughput.json`.

    Raises:
        PromptsegError: no object has a mask; labels are permuted; masks are turned; see `Given` and `answers.Files`.
    """
    facts = facts_of(given, files_sha256)
    if not given.has_masks:
        logger.info("methods.%s.masks has no masks of %s: not asked", given.method, given.dataset)
        for path, table in ((outputs.predictions, PREDICTIONS), (outputs.everything, PROPOSALS)):
            write_table(path, [], table, {**facts, **takes([])})
        return {"images": 0, "objects": 0, "predictions": 0}
    known = places(stream.images, inputs)
    if given.folder.pattern is None:
        manifest = Manifest(given, stream.objects["object_id"])
        facts = {**facts, **manifest.takes}
        with open_table(outputs.predictions, PREDICTIONS, facts) as writer:
            statuses = _write(given, stream, known, manifest, writer, strict)
        write_table(outputs.everything, manifest.proposals(known), PROPOSALS, facts)
        return _counts(stream, statuses)

    def write(decisions: Decisions) -> tuple[Files, Counter[str]]:
        answers = files_of(given, decisions)
        with open_table(outputs.predictions, PREDICTIONS, {**facts, **takes(answers.settings)}) as table:
            return answers, _write(given, stream, known, answers, table, strict)

    answers, statuses = write({})
    decisions = decide(answers.wanted.how)
    if decisions:
        logger.warning("%s: its masks as a whole are to be read otherwise than alone: all are read again", given.method)
        answers, statuses = write(decisions)
    write_table(outputs.everything, [], PROPOSALS, {**facts, **takes(answers.settings)})
    return _counts(stream, statuses)


def _counts(stream: ObjectStream, statuses: Counter[str]) -> dict[str, int]:
    return {"images": len(stream), "objects": len(stream.objects), "predictions": statuses["ok"]}


def files_of(given: Given, decisions: Decisions) -> Files:
    """The files of a method on one dataset that a pattern finds."""
    pattern = given.folder.pattern
    assert pattern is not None
    alone = pattern.one_object or pattern.text.lower().endswith(".json")
    return Files(given, pattern, Wanted.of(given.masks, given.entry, alone, decisions))


def _write(
    given: Given,
    stream: ObjectStream,
    known: Mapping[str, Place],
    answers: Answers,
    table: TableWriter,
    strict: bool,
) -> Counter[str]:
    """Write the rows of all objects.

    Returns:
        How many have which status.

    Raises:
        PromptsegError: see `import_masks`.
    """
    overlaps, turns = Overlaps(list(stream.tasks)), Turns()
    statuses, rows = Counter[str](), list[dict[str, Any]]()
    for image, objects in progress(stream, len(stream), f"import_masks {given.method} {given.dataset}", "image"):
        place = known[image.image_id]
        for item in objects:
            found = answers.rows(place, item.row)
            if strict and (bad := next((row["status"] for row in found if row["status"] not in _FINE), None)):
                raise PromptsegError(f"{item.row.object_id}: {bad} (`strict` is on, so this ends the run)")
            statuses.update(row["status"] for row in found)
            rows += found
        if isinstance(answers, Files):
            truths = {task: object_mask(image.labels, values) for task, values in stream.tasks.items()}
            masks = answers.masks(place, image.image_id, stream.tasks)
            overlaps.add(masks, truths)
            turns.add(masks, truths)
        if len(rows) >= _ROWS:
            table.write(rows)
            rows = []
    table.write(rows)
    _tell(given, statuses, len(stream.objects))
    about, refuse = f"methods.{given.method} on {given.dataset}", given.masks.get("check_labels", True)
    overlaps.check(about, refuse)
    turns.check(about, refuse)
    return statuses


def _tell(given: Given, statuses: Mapping[str, int], objects: int) -> None:
    """Say how many objects have no mask, and why.

    Raises:
        PromptsegError: none has one.
    """
    bad = {status: count for status, count in statuses.items() if status not in _FINE}
    about = f"methods.{given.method} on {given.dataset}"
    if not bad and (statuses or not objects):
        return
    many = sum(bad.values())
    if not statuses["ok"]:
        there, first = given.folder.names(), f" The first: {next(iter(bad))}." if bad else ""
        raise PromptsegError(
            f"{about} has none of {many or objects} masks.{first} Files that count in {given.folder.path}: "
            f"{', '.join(there[:5]) or 'none'}{f' and {len(there) - 5} more' if len(there) > 5 else ''}."
        )
    reasons = counted(status for status, count in bad.items() for _ in range(count))
    logger.warning("%s: %d of %d masks are not there (%s). The first: %s",
                   about, many, sum(statuses.values()), reasons, next(iter(bad)))  # fmt: skip
