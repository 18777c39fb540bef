"""Build a dataset's `images.parquet` and `objects.parquet` from its raw files."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from promptseg.config.cases import Case
from promptseg.core.errors import PromptsegError
from promptseg.core.partial_files import partial_folder
from promptseg.core.progress import progress
from promptseg.core.tables import TableWriter, open_table
from promptseg.preprocess.case import process_case, sampling_of
from promptseg.preprocess.decisions import decide, log_readings
from promptseg.preprocess.evidence import Decisions, Encodings, Evidence
from promptseg.preprocess.inputs import Inputs, failures_told, note_case
from promptseg.preprocess.lowest import check_lowest
from promptseg.preprocess.rows import Result, Rows
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.preprocess.workers import one_thread, run_in_order

logger = logging.getLogger(__name__)


def build(
    files: Path,
    images: Path,
    objects: Path,
    dataset: str,
    entry: Mapping[str, Any],
    strict: bool,
    threads: int,
) -> None:
    """Write both tables of a dataset, case by case in sorted order; the bytes do not depend on `threads`.

    A case that fails becomes one row of `images` whose status says why. An image or slice without an object of at
    least `min_area` pixels is left out. Memory does not grow with the number of cases, nor with the number of slices
    that wait to be written: what a worker finds goes through files beside `images`, a group of rows at a time.

    Args:
        files: files.csv with the columns name and path.
        images, objects: the Parquet files to write.
        entry: the dataset's configuration with the keys cases, patient, axis, intensity, sampling, tasks, other_labels
            and, if they differ from their defaults, channels, colours, frame_of_reference, geometry, raters, units and
            lowest.
        strict: stop at the first case that fails.
        threads: number of worker processes.

    Raises:
        PromptsegError: no usable image, a failing case if `strict`, the task `lowest` does not lie lowest in most
            images that show it beside another one, and what `cases.match_cases` raises.
    """
    inputs = Inputs.of(files, entry)
    cases = inputs.cases
    provenance = {"dataset": dataset, "files_sha256": inputs.digest}
    with one_thread(), partial_folder(images.parent) as folder:
        written = folder / images.name, folder / objects.name

        def read(decisions: Decisions) -> _Found:
            work = [
                partial(process_case, case, inputs.paths_of(case), entry, decisions, folder / str(index))
                for index, case in enumerate(cases)
            ]
            with (
                open_table(written[0], IMAGES, provenance) as image_table,
                open_table(written[1], OBJECTS, provenance) as object_table,
                # Closed before the folder goes: workers may still be writing into it when a case ends the run.
                closing(run_in_order(work, threads)) as results,
            ):
                shown = zip(cases, progress(results, len(work), dataset, "case"), strict=True)
                return _collect(shown, image_table, object_table, dataset, strict)

        found, how = read({}), Encodings.of(entry, {})
        decisions = decide(replace(how, evidence=found.evidence))
        if decisions:
            logger.warning("%s: its masks as a whole are to be read otherwise than alone: all are read again", dataset)
            found = read(decisions)
        log_readings(dataset, replace(how, decisions=decisions, evidence=found.evidence))
        if not found.usable:
            raise PromptsegError(_nothing(dataset, entry, len(cases), found.failures))
        check_lowest(dataset, entry, found.lowest)
        for made, path in zip(written, (images, objects), strict=True):
            made.replace(path)
    logger.info("%s: %d images from %d cases", dataset, found.usable, len(cases))
    if found.failures:
        logger.error("%s: %s", dataset, failures_told(found.failures, len(cases)))


@dataclass
class _Found:
    """What all cases gave beside the rows of the tables, see `rows.Result`; failures are by the name of the case."""

    failures: dict[str, str] = field(default_factory=dict)
    usable: int = 0
    lowest: Counter[str] = field(default_factory=Counter)
    evidence: Evidence = field(default_factory=Evidence)


def _collect(
    results: Iterable[tuple[Case, Result]], images: TableWriter, objects: TableWriter, dataset: str, strict: bool
) -> _Found:
    """Write the rows of all cases in groups."""
    found = _Found()
    waiting = Rows()
    for case, result in results:
        found.failures |= note_case(dataset, case, result.messages, result.failure, strict=strict)
        found.lowest += result.lowest
        found.evidence.add(result.evidence)
        for rows in result.groups():
            found.usable += sum(row["status"] == "ok" for row in rows.images)
            waiting.add(rows.images, rows.objects)
            if waiting.fill_a_group():
                images.write(waiting.images)
                objects.write(waiting.objects)
                waiting = Rows()
    images.write(waiting.images)
    objects.write(waiting.objects)
    return found


def _nothing(dataset: str, entry: Mapping[str, Any], cases: int, failures: Mapping[str, str]) -> str:
    if failures:
        return f"{dataset}: no usable image. {failures_told(failures, cases)}"
    return (
        f"{dataset}: the masks of all {cases} cases are empty: none holds an object of the tasks "
        f"{', '.join(entry['tasks'])} with at least {sampling_of(entry).get('min_area', 1)} pixels. "
        "Check the label values in `tasks` and `sampling`."
    )
