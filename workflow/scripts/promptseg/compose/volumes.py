"""Compose what one method answered about the volumes of one dataset."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from promptseg.compose.label_maps import label_maps
from promptseg.compose.rows import Masks, compose_all, ranking
from promptseg.compose.rules import Wanted
from promptseg.compose.tables import COMPOSED_OBJECTS
from promptseg.core.progress import progress
from promptseg.core.tables import open_table, read_provenance
from promptseg.exports.source import file_names
from promptseg.preprocess.grids import Volume
from promptseg.volumes.data.source import Sources, save_nifti
from promptseg.volumes.data.stack import StoredVolume, VolumeStream
from promptseg.volumes.routes.answers import Answered, read_answers
from promptseg.volumes.scores.conflicts import apart

NOT_STORED = "not_applicable: probabilities of voxels are not kept"
_Stored: TypeAlias = tuple[Volume, list[Path]]  # a volume as it was read, and its files


@dataclass(frozen=True)
class VolumeSource:
    """What a run has of the volumes of a dataset.

    Attributes:
        predictions: of one method, see VOLUME_PREDICTIONS.
        files: files.csv of the dataset, and its entry, for label maps in the grid of the files; None without these.
    """

    stream: VolumeStream
    predictions: Path
    files: Path | None = None
    entry: Mapping[str, Any] | None = None


def compose_volumes(source: VolumeSource, wanted: Wanted, output: Path, *, dataset: str, method: str) -> None:
    """Write compose.tables.COMPOSED_OBJECTS of one method on the volumes of one dataset, and label maps if wanted.

    Every setting is composed before any click and after the last one. A label map is `SETTING/RULE/VOLUME.nii.gz` in
    the grid of the file of its image, its values the places of the tasks in the dataset's entry, from 1, as
    `tasks.json` says.

    Raises:
        PromptsegError: label maps are wanted, and the files of a volume are not there any more.
    """
    stream = source.stream
    order = {task: place for place, task in enumerate(stream.tasks, 1)}
    stems = file_names(list(stream.index["volume_id"]))
    sources = Sources(source.files, source.entry) if wanted.folder and source.files and source.entry else None
    keys = {"dataset": dataset, "method": method, "on": "volumes"}
    with ExitStack() as stack:
        table = stack.enter_context(open_table(output, COMPOSED_OBJECTS, read_provenance(source.predictions)))
        folder = stack.enter_context(label_maps(wanted.folder, order)) if wanted.folder else None
        for volume in progress(stream, len(stream), f"compose {method} {dataset}", "volume"):
            items = sorted(volume.objects, key=lambda item: (order[item.task], item.part or 0))
            truths = {item.object_id: item.truth for item in items}
            about = {item.object_id: {"task": item.task, "case_id": volume.case_id} for item in items}
            others, stored = apart(truths), sources.read(volume.volume_id) if sources else None
            for setting, found in _by_setting(source.predictions, volume).items():
                here = {name: found[name] for name in truths if name in found}
                masks = {name: one.masks for name, one in here.items()}
                scores = {(name, z): score for name, one in here.items() for z, score in one.scores.items()}
                for rule, composed, rows in compose_all(
                    masks, truths, others, wanted.rules, ranking(masks, NOT_STORED, scores)
                ):
                    own = {**keys, "setting": setting, "rule": rule, "place_id": volume.volume_id}
                    table.gather({**own, **about[row["object_id"]], **row} for row in rows)
                    if folder and composed and sources and stored:
                        path = folder / setting / rule / f"{stems[volume.volume_id]}.nii.gz"
                        path.parent.mkdir(parents=True, exist_ok=True)
                        values = {name: order[one["task"]] for name, one in about.items()}
                        save_nifti(path, _laid(composed, values, sources, stored[0]), *stored)


def _by_setting(predictions: Path, volume: StoredVolume) -> dict[str, dict[str, Answered]]:
    """Setting -> object -> its masks, before any click and after the last one, of those that have an answer."""
    answers = list(read_answers(predictions, volume.object_ids, volume.shape))
    last = max((one.step for one in answers), default=0)
    found: dict[str, dict[str, Answered]] = defaultdict(dict)
    for one in answers:
        if one.step in (0, last) and one.facts["status"] == "ok":
            found[".".join(map(str, (*vars(one.setting).values(), one.step)))][one.object_id] = one
    return found


def _laid(composed: Masks, values: Mapping[str, int], sources: Sources, stored: Volume) -> np.ndarray:
    """(columns, rows, slices) uint8 label map in the grid of a volume as stored; see `rules.layered`."""
    found = np.zeros(stored.shape, np.uint8)
    for name in sorted(composed, key=lambda name: values[name]):
        found[sources.laid(composed[name], stored)] = values[name]
    return found
