"""Build a dataset's `volumes.parquet`, `volume_index.parquet` and `volume_objects.parquet` from its raw files."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from promptseg.config.cases import Case
from promptseg.core.choices import did_you_mean
from promptseg.core.errors import PromptsegError
from promptseg.core.partial_files import partial_folder
from promptseg.core.progress import progress
from promptseg.core.tables import TableWriter, open_table
from promptseg.preprocess.decisions import decide, depends_on_others, log_readings
from promptseg.preprocess.evidence import Decisions, Encodings, Evidence
from promptseg.preprocess.inputs import Inputs, failures_told, note_case
from promptseg.preprocess.workers import one_thread, run_in_order
from promptseg.volumes.data.case import VolumeResult, evidence_of, process_volume, settings_of
from promptseg.volumes.data.tables import VOLUME_INDEX, VOLUME_OBJECTS, VOLUMES

logger = logging.getLogger(__name__)

_ROWS = 1000  # of index and objects that wait until they are a row group


def build_volumes(
    files: Path, outputs: Sequence[Path], dataset: str, entry: Mapping[str, Any], strict: bool, threads: int
) -> None:
    """Write the three tables of a dataset, case by case in sorted order; the bytes do not depend on `threads`.

    Every slice of a volume is kept; one that is among the images of the dataset has the same pixels. A case that fails
    becomes a row of the index whose status says why; one that is a single picture gives none. Memory is that of the
    volumes that `threads` workers read, however many there are.

    Args:
        files: files.csv with the columns name and path.
        outputs: files to write, in the order volumes, index, objects.
        entry: the dataset's configuration with the keys cases, patient, axis, intensity, tasks, other_labels, volumes
            and, if they differ from their defaults, channels, colours, frame_of_reference, geometry, raters and units.
        strict: stop at the first case that fails.
        threads: number of worker processes.

    Raises:
        PromptsegError: no volume, a failing case if `strict`, a name in `volumes.cases` that no case has, and what
            `cases.match_cases` raises.
    """
    inputs = Inputs.of(files, entry)
    cases = chosen_cases(inputs.cases, dataset, entry)
    provenance = {"dataset": dataset, "files_sha256": inputs.digest}
    with one_thread(), partial_folder(outputs[0].parent) as folder:
        written = [folder / path.name for path in outputs]

        def read(decisions: Decisions) -> _Found:
            work = [
                partial(process_volume, case, inputs.paths_of(case), entry, decisions, folder / str(index))
                for index, case in enumerate(cases)
            ]
            with ExitStack() as stack:
                tables = [
                    stack.enter_context(open_table(path, table, provenance))
                    for path, table in zip(written, (VOLUMES, VOLUME_INDEX, VOLUME_OBJECTS), strict=True)
                ]
                # Closed before the folder goes: workers may still be writing into it when a case ends the run.
                results = stack.enter_context(closing(run_in_order(work, threads)))
                shown = zip(cases, progress(results, len(work), dataset, "volume"), strict=True)
                return _collect(shown, tables, dataset, strict)

        found, how = read({}), Encodings.of(entry, {})
        evidence = found.evidence
        if len(cases) < len(inputs.cases) and depends_on_others(evidence):
            evidence = _evidence_of_all(inputs, entry, threads)
        decisions = decide(replace(how, evidence=evidence))
        if decisions:
            logger.warning("%s: its masks as a whole are to be read otherwise than alone: all are read again", dataset)
            found = read(decisions)
        log_readings(dataset, replace(how, decisions=decisions, evidence=found.evidence))
        if not found.volumes:
            raise PromptsegError(_nothing(dataset, entry, len(cases), found))
        for made, path in zip(written, outputs, strict=True):
            made.replace(path)
    logger.info("%s: %d volumes from %d cases", dataset, found.volumes, len(cases))
    if found.planar:
        logger.warning("%s: %d cases are single pictures, which give no volume", dataset, found.planar)
    if found.failures:
        logger.error("%s: %s", dataset, failures_told(found.failures, len(cases)))


def chosen_cases(cases: Sequence[Case], dataset: str, entry: Mapping[str, Any]) -> list[Case]:
    """The cases that `volumes.cases` names, all without it, in their order.

    Raises:
        PromptsegError: it names one that the dataset has not.
    """
    wanted = settings_of(entry).get("cases")
    if wanted is None:
        return list(cases)
    names = [case.name for case in cases]
    for name in wanted:
        if name not in names:
            there = did_you_mean(name, names) or f" The first of them: {', '.join(names[:5])}."
            raise PromptsegError(
                f"{dataset}: `volumes.cases` names {name!r}, which is none of its {len(names)} cases.{there}"
            )
    return [case for case in cases if case.name in wanted]


@dataclass
class _Found:
    """What all cases gave beside the rows of the tables; failures are by the name of the case."""

    failures: dict[str, str] = field(default_factory=dict)
    volumes: int = 0
    planar: int = 0
    evidence: Evidence = field(default_factory=Evidence)


def _collect(
    results: Iterable[tuple[Case, VolumeResult]], tables: Sequence[TableWriter], dataset: str, strict: bool
) -> _Found:
    """Write the rows of all cases in groups; those of slices are groups already."""
    found = _Found()
    volumes, index, objects = tables
    entries: list[dict[str, Any]] = []
    marked: list[dict[str, Any]] = []
    for case, result in results:
        found.failures |= note_case(dataset, case, result.messages, result.failure, strict=strict)
        found.evidence.add(result.evidence)
        found.planar += result.planar
        found.volumes += result.index is not None and result.failure is None
        for rows in result.groups():
            volumes.write(rows.images)
            marked += rows.objects
        if result.index is not None:
            entries.append(result.index)
        if len(entries) + len(marked) > _ROWS:
            index.write(entries)
            objects.write(marked)
            entries, marked = [], []
    index.write(entries)
    objects.write(marked)
    return found


def _evidence_of_all(inputs: Inputs, entry: Mapping[str, Any], threads: int) -> Evidence:
    """What the masks of all cases look like, because those of the chosen ones can be read in more than one way."""
    evidence = Evidence()
    work = [partial(evidence_of, case, inputs.paths_of(case), entry, {}) for case in inputs.cases]
    with closing(run_in_order(work, threads)) as results:
        for one in results:
            evidence.add(one)
    return evidence


def _nothing(dataset: str, entry: Mapping[str, Any], cases: int, found: _Found) -> str:
    if found.failures:
        return f"{dataset}: no usable volume. {failures_told(found.failures, cases)}"
    if found.planar:
        which = "all its cases" if found.planar == cases else f"{found.planar} of its {cases} cases"
        others = "" if found.planar == cases else "; the others hold no object"
        return (
            f"{dataset}: `volumes` is on, and {which} are single pictures, which have no slices{others}. Remove "
            "`volumes` from its entry, or let `cases` make one case of all slices of a volume."
        )
    return (
        f"{dataset}: the masks of all {cases} volumes are empty: none holds an object of the tasks "
        f"{', '.join(entry['tasks'])} with at least {settings_of(entry)['min_voxels']} voxels. "
        "Check the label values in `tasks`, and `volumes`."
    )
