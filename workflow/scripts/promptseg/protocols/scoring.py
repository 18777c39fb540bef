"""Scores of what one method answered under the presets of a run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from promptseg.core.progress import progress
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import open_table, read_provenance, read_table
from promptseg.preprocess.objects import ObjectStream
from promptseg.protocols.metrics import measure
from promptseg.protocols.score_table import PROTOCOL_SCORES
from promptseg.protocols.subject import Options, Pair, Subject, image_grid
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from promptseg.volumes.data.stack import VolumeStream
from promptseg.volumes.scores.grid import Grid

Presets: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
Row: TypeAlias = dict[str, Any]
_NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Case:
    """An image or a volume with its objects.

    Attributes:
        objects: what rows say of each object (task, case_id, image_id, object_id), and its mask.
    """

    grid: Grid
    objects: Sequence[tuple[Mapping[str, str], MaskStack]]


@dataclass(frozen=True)
class Step:
    """What a method answered at one step.

    Attributes:
        mask: None if it failed.
        prompted: slices that were shown at step 0, in order.
    """

    number: int
    mask: MaskStack | None
    prompted: tuple[int, ...]
    stopped: bool
    status: str


def cases(stream: ObjectStream | VolumeStream) -> Iterator[Case]:
    """Volumes, or images as volumes of one slice."""
    if isinstance(stream, ObjectStream):
        for image, objects in stream:
            grid = image_grid(image.labels.shape, image.spacing)
            yield Case(grid, [(item.keys, MaskStack.of(item.mask[None])) for item in objects])
        return
    for volume in stream:
        named = [({**item.keys, "image_id": volume.volume_id}, item.truth) for item in volume.objects]
        yield Case(Grid(volume.shape, volume.geometry), named)


def steps_of(rows: pd.DataFrame, shape: tuple[int, int, int]) -> list[Step]:
    """The steps of one object under one preset, in order.

    Args:
        rows: of PROTOCOL_ANSWERS.
        shape: of its volume.
    """
    found: list[Step] = []
    prompted: tuple[int, ...] = ()
    for number, part in rows.groupby("step", sort=True):
        (about,) = part[part["z"].isna()].to_dict("records")
        if number == 0:
            prompted = _prompted(about)
        codes = {
            0 if pd.isna(z) else int(z): {"size": [int(side) for side in code["size"]], "counts": code["counts"]}
            for z, code in zip(part["z"], part["rle"], strict=True)
            if code is not None
        }
        mask = MaskStack(shape, codes) if about["status"] == "ok" else None
        found.append(Step(int(number), mask, prompted, bool(about["stopped"]), about["status"]))
    return found


def _prompted(about: Mapping[str, Any]) -> tuple[int, ...]:
    shown = [point[0] for point in _listed(about["points"])]
    for box in _listed(about["boxes"]):
        shown += range(int(box[0]), int(box[3]) + 1)
    return tuple(sorted({int(z) for z in [*shown, *_listed(about["contours"])]}))


def _listed(value: Any) -> Sequence[Any]:
    return [] if value is None else value


class ObjectScores:
    """Scores of one object; equal masks are measured once.

    Args:
        subject: the object.
    """

    def __init__(self, subject: Subject):
        self._subject = subject
        self._pairs: dict[Any, Pair] = {}
        self._values: dict[Any, Row] = {}

    def rows(self, steps: Sequence[Step], metrics: Mapping[str, Options], failed: str) -> Iterator[Row]:
        """What a preset measures at each step: columns of PROTOCOL_SCORES from `step` on.

        Args:
            metrics, failed: of its declaration, see preset_metrics.schema.yaml and preset_conditions.schema.yaml.
        """
        lacking = [step.status for step in steps if step.mask is None]
        out = next((text for text in lacking if text.startswith(_NOT_APPLICABLE) or failed == "leave_out"), None)
        empty = MaskStack(self._subject.grid.shape)
        last = empty
        for step in steps:
            row: Row = {"step": step.number, "stopped": step.stopped, "status": out or "ok"}
            if out is None:
                last = step.mask if step.mask is not None else last if failed == "repeat" else empty
                row |= self._measured(last, step.prompted, metrics)
                row["failed"] = None if step.mask is not None else step.status
            yield row

    def _measured(self, mask: MaskStack, prompted: tuple[int, ...], metrics: Mapping[str, Options]) -> Row:
        key = tuple((z, mask.codes[z]["counts"]) for z in mask.slices), prompted
        if key not in self._pairs:
            self._pairs[key] = Pair(mask, self._subject, prompted)
        row: Row = {}
        for name, options in metrics.items():
            each = key, name, json.dumps(options, sort_keys=True)
            if each not in self._values:
                self._values[each] = measure(self._pairs[key], {name: options})
            row |= self._values[each]
        return row


def case_rows(case: Case, answers: Mapping[str, pd.DataFrame], presets: Presets) -> Iterator[Row]:
    """Rows of PROTOCOL_SCORES of the objects of a case, but for the columns that are the same in a whole file.

    Args:
        answers: rows of PROTOCOL_ANSWERS by object; one without any has no rows here.
        presets: by name, see `config.presets.measuring`.
    """
    for keys, mask in case.objects:
        own = answers.get(keys["object_id"])
        parts = {} if own is None else dict(tuple(own.groupby(["preset", "variant"], sort=False)))
        scores = ObjectScores(Subject(mask, case.grid))
        for name, measured in presets.items():
            steps = {
                variant: steps_of(parts[name, variant], case.grid.shape)
                for variant in {one["of"] for one in measured.values()}
                if (name, variant) in parts
            }
            for variant, one in measured.items():
                for row in scores.rows(steps.get(one["of"], ()), one["metrics"], one["failed"]):
                    yield {**keys, "preset": name, "variant": variant, **row}


def score_answers(
    stream: ObjectStream | VolumeStream, answers: Path, output: Path, presets: Presets, *, dataset: str, method: str
) -> None:
    """Write the scores of one method on the images or the volumes of one dataset under presets.

    Args:
        answers: file of PROTOCOL_ANSWERS; of volumes only those of one volume are in memory.
        output: file of PROTOCOL_SCORES.
        presets: by name, see `config.presets.measuring`.

    Raises:
        PromptsegError: the answers lack a column.
    """
    images = isinstance(stream, ObjectStream)
    on = "images" if images else "volumes"
    by_object = dict(tuple(read_table(answers, PROTOCOL_ANSWERS).groupby("object_id", sort=False))) if images else {}
    with open_table(output, PROTOCOL_SCORES, read_provenance(answers)) as table:
        for case in progress(cases(stream), len(stream), f"score presets {method} {dataset}", on.removesuffix("s")):
            if not images:
                ids = [keys["object_id"] for keys, _ in case.objects]
                whole = read_table(answers, PROTOCOL_ANSWERS, filters=[("object_id", "in", ids)])
                by_object = dict(tuple(whole.groupby("object_id", sort=False)))
            rows = case_rows(case, by_object, presets)
            table.gather({"dataset": dataset, "method": method, "on": on, **row} for row in rows)
