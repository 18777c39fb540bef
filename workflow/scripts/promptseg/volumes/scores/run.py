"""Scores of what one method answered about the volumes of one dataset."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.progress import progress
from promptseg.core.tables import open_table, read_provenance, read_table
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.stack import StoredVolume, VolumeObject, VolumeStream
from promptseg.volumes.data.tables import VOLUME_INDEX
from promptseg.volumes.routes.answers import Answered, read_answers
from promptseg.volumes.scores.comparison import Truth, VolumeComparison
from promptseg.volumes.scores.conflicts import apart, conflict_voxels
from promptseg.volumes.scores.grid import Grid
from promptseg.volumes.scores.lesions import Labelled, Lesions, union_of
from promptseg.volumes.scores.rows import Row, about, metrics_row, score_row, setting_of, slice_rows
from promptseg.volumes.scores.tables import VOLUME_DETECTION, VOLUME_LESIONS, VOLUME_SCORES, VOLUME_SLICES

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VolumeScores:
    """Where the four tables of a method and a dataset are written."""

    scores: Path
    slices: Path
    lesions: Path
    detection: Path


class Scoring:
    """The answers about one volume beside the truth.

    Args:
        keys: dataset and method.
        connectivity: neighbours of a voxel by which lesions are one component.
    """

    def __init__(
        self,
        volume: StoredVolume,
        answers: Sequence[Answered],
        keys: Row,
        tolerance: Tolerance,
        connectivity: int,
    ):
        self._grid = Grid(volume.shape, volume.geometry)
        self._objects, self._keys, self._tolerance, self._connectivity = volume.objects, keys, tolerance, connectivity
        self._by_object: dict[str, list[Answered]] = defaultdict(list)
        self._by_setting: dict[tuple[Any, ...], dict[str, Answered]] = defaultdict(dict)
        for answer in answers:
            self._by_object[answer.object_id].append(answer)
            self._by_setting[answer.setting, answer.step][answer.object_id] = answer

    def of_objects(self) -> Iterator[tuple[list[Row], pd.DataFrame | None]]:
        """For each object rows of VOLUME_SCORES, and rows of VOLUME_SLICES if it has any."""
        others = apart({item.object_id: item.truth for item in self._objects})
        conflicts = {
            key: conflict_voxels({name: answer.masks for name, answer in beside.items()}, others)
            for key, beside in self._by_setting.items()
        }
        for item in self._objects:
            truth = Truth(item.truth, self._grid, self._tolerance)
            rows, slices = [], []
            measured: dict[tuple[Any, ...], Row] = {}  # several routes often lead to the same masks
            for answer in self._by_object[item.object_id]:
                row = {**self._keys, **about(item, answer)}
                if row["status"] == "ok":
                    masks = VolumeComparison(answer.masks, truth)
                    shared = conflicts[answer.setting, answer.step][item.object_id]
                    codes = tuple((z, code["counts"]) for z, code in sorted(answer.masks.codes.items()))
                    if codes not in measured:
                        measured[codes] = metrics_row(masks)
                    row |= measured[codes] | score_row(masks, answer, shared)
                    if answer.prompted:  # how masks change with the distance from a prompt
                        keys = {**self._keys, **item.keys, **setting_of(answer)}
                        slices.append(slice_rows(masks, answer, keys))
                rows.append(row)
            yield rows, pd.concat(slices) if slices else None

    def of_tasks(self) -> Iterator[tuple[list[Row], list[Row]]]:
        """For each task rows of VOLUME_LESIONS and VOLUME_DETECTION."""
        by_task: dict[str, list[VolumeObject]] = defaultdict(list)
        for item in self._objects:
            by_task[item.task].append(item)
        for items in by_task.values():
            truth = Labelled(union_of(item.truth for item in items), self._connectivity)
            keys = {name: value for name, value in items[0].keys.items() if name != "object_id"}
            lesions: list[Row] = []
            detection: list[Row] = []
            for beside in self._by_setting.values():
                answers = [beside[item.object_id] for item in items if item.object_id in beside]
                if answers:
                    self._task_rows(answers, truth, keys, lesions, detection)
            yield lesions, detection

    def _task_rows(
        self, answers: list[Answered], truth: Labelled, keys: Row, lesions: list[Row], detection: list[Row]
    ) -> None:
        """A task has an answer if all of its objects have one."""
        keys = {**self._keys, **keys, **setting_of(answers[0])}
        row = {**keys, "connectivity": self._connectivity, "status": "ok"}
        failed = [status for answer in answers if (status := answer.facts["status"]) != "ok"]
        if failed:
            detection.append({**row, "status": failed[0]})
            return
        predicted = Labelled(union_of(answer.masks for answer in answers), self._connectivity)
        found = Lesions.of(truth, predicted)
        lesions += [{**keys, **each} for each in found.rows(self._grid)]
        detection.append({**row, **found.summary(self._grid)})


def score_volumes(
    stream: VolumeStream,
    index: Path,
    predictions: Path,
    outputs: VolumeScores,
    tolerance: Tolerance,
    *,
    connectivity: int,
    dataset: str,
    method: str,
) -> None:
    """Write the scores of one method on the volumes of one dataset, volume by volume.

    An answer that failed or does not apply is a row with its status, and so is a volume that could not be read.

    Args:
        index: file of VOLUME_INDEX.
        predictions: file of VOLUME_PREDICTIONS.
    """
    origin = read_provenance(predictions)
    keys: Row = {"dataset": dataset, "method": method}
    files = {
        outputs.scores: VOLUME_SCORES,
        outputs.slices: VOLUME_SLICES,
        outputs.lesions: VOLUME_LESIONS,
        outputs.detection: VOLUME_DETECTION,
    }
    with ExitStack() as stack:
        scores, slices, lesions, detection = (
            stack.enter_context(open_table(path, table, origin)) for path, table in files.items()
        )
        for volume in progress(stream, len(stream), f"score volumes {method} {dataset}", "volume"):
            answers = list(read_answers(predictions, [item.object_id for item in volume.objects], volume.shape))
            scoring = Scoring(volume, answers, keys, tolerance, connectivity)
            rows: list[Row] = []
            for of_object, of_slices in scoring.of_objects():
                rows += of_object
                if of_slices is not None:
                    slices.write(of_slices)
            scores.gather(rows)
            for of_lesions, of_detection in scoring.of_tasks():
                lesions.gather(of_lesions)
                detection.gather(of_detection)
        failed = read_table(index, VOLUME_INDEX, ["volume_id", "case_id", "status"])
        failed = failed[failed["status"] != "ok"]
        if len(failed):
            logger.warning("%d volumes of %s could not be used", len(failed), dataset)
        scores.gather({**keys, **row} for row in failed.to_dict("records"))
