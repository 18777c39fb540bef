"""Run one method on one dataset: every prompt of every object, one encoder pass an image."""

import json
import logging
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg import masks
from promptseg.clicks import Click, Protocol, next_click
from promptseg.errors import PromptsegError
from promptseg.files import atomic
from promptseg.images import LabelledImage, object_mask, read_images, shard_of
from promptseg.methods import Candidates, Method, Prompt, Query
from promptseg.progress import progress
from promptseg.prompts import BOX_MODES, SINGLE_MODES, applies
from promptseg.tables import OBJECTS, PREDICTIONS, PROMPTS, open_table, read_table

SELECTIONS = ("first", "best_score", "oracle")


@dataclass(frozen=True)
class Plan:
    """What is asked of the method.

    Attributes:
        tasks: task name to the label values that form its object.
        clicks: length of the iterative trajectories.
        protocols: name to protocol.
        strict: stop at the first prompt that a method cannot answer, instead of recording it.
    """

    tasks: Mapping[str, Sequence[int]]
    clicks: int = 9
    protocols: Mapping[str, Protocol] = field(default_factory=lambda: {"corrected": Protocol()})
    tie_break: str = "random"
    seed: int = 0
    strict: bool = False


@dataclass
class Timer:
    """Seconds spent in the method and counts, for `throughput.json`."""

    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    images: int = 0
    objects: int = 0
    predictions: int = 0


@dataclass
class Target:
    """One object of the image at hand: its truth and its prompts by mode."""

    object_id: str
    truth: np.ndarray
    prompts: dict[str, Mapping[str, Any]]


@dataclass
class Trajectory:
    """One object clicked under one protocol, following one selection."""

    target: Target
    protocol: str
    selection: str
    clicks: list[Click]
    state: Any = None
    prediction: np.ndarray | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False


def _prompt_rows_to_prompts(row: Mapping[str, Any]) -> list[Prompt]:
    """Prompts of one mode: all points in one prompt, but every box in its own."""
    no_points = (np.zeros((0, 2), np.int32), np.zeros(0, np.int8))
    if row["mode"] in BOX_MODES:
        return [Prompt(*no_points, box=np.asarray(box, np.int32)) for box in row["boxes"]]
    points = np.asarray([list(point) for point in row["points"]], np.int32)
    return [Prompt(points, np.asarray(row["point_labels"], np.int8))]


def _join(parts: Sequence[Candidates]) -> Candidates:
    """One answer of several (mode 4): masks united candidate by candidate, as in the study; scores averaged."""
    if len(parts) == 1:
        return parts[0]
    scores = [part.scores for part in parts if part.scores is not None]
    return Candidates(np.logical_or.reduce([part.masks for part in parts]), np.mean(scores, axis=0) if scores else None)


def _row(object_id: str, mode: str, **values: Any) -> dict[str, Any]:
    return {"object_id": object_id, "mode": mode, "step": 0, "status": "ok", **values}


class Runner:
    """Asks one method about one image after another."""

    def __init__(self, method: Method, plan: Plan):
        self.method = method
        self.plan = plan
        self.timer = Timer()
        self.selections = SELECTIONS if method.candidates > 1 else SELECTIONS[:1]

    def run_image(self, image: LabelledImage, targets: Sequence[Target]) -> list[dict[str, Any]]:
        """Rows of tables.PREDICTIONS for the objects of one image, in the order of `targets`."""
        start = time.perf_counter()
        try:
            encoded = self.method.encode(image.pixels)
        except Exception as error:
            reason = self._failure(error, image.image_id)
            return [_row(t.object_id, mode, status=reason) for t in targets for mode in self._modes(t)]
        finally:
            self.timer.encode_seconds += time.perf_counter() - start
            self.timer.images += 1
            self.timer.objects += len(targets)
        rows = self._single_modes(encoded, targets) + self._trajectories(encoded, image, targets)
        self.timer.predictions += len(rows)
        order = {target.object_id: index for index, target in enumerate(targets)}
        return sorted(rows, key=lambda row: order[row["object_id"]])

    def _modes(self, target: Target) -> list[str]:
        return [mode for mode in target.prompts if applies(mode, self.method.prompt_types)]

    def _failure(self, error: Exception, where: str) -> str:
        reason = f"failed: {type(error).__name__}: {error}".splitlines()[0]
        if self.plan.strict:
            raise PromptsegError(f"{where}: {reason} (strict: true stops at the first failure)") from error
        logging.exception("%s: %s", where, reason)
        return reason

    def _ask(self, queries: list[Query], names: Sequence[str]) -> list[Candidates | str]:
        """Answers in order; after a failed batch each query is asked alone, and a reason stands in for a failure."""
        start = time.perf_counter()
        try:
            return list(self.method.predict(queries))
        except Exception as error:
            if len(queries) == 1:
                return [self._failure(error, names[0])]
        finally:
            self.timer.decode_seconds += time.perf_counter() - start
        return [self._ask([query], [name])[0] for query, name in zip(queries, names, strict=True)]

    def _query(self, encoded: Any, target: Target, prompt: Prompt, previous: Any = None) -> Query:
        return Query(encoded, prompt, previous, target.truth if self.method.needs_truth else None)

    def _single_modes(self, encoded: Any, targets: Sequence[Target]) -> list[dict[str, Any]]:
        keys: list[tuple[Target, str, int]] = []
        queries: list[Query] = []
        for target in targets:
            for mode in self._modes(target):
                if mode in SINGLE_MODES:
                    prompts = _prompt_rows_to_prompts(target.prompts[mode])
                    keys.append((target, mode, len(prompts)))
                    queries += [self._query(encoded, target, prompt) for prompt in prompts]
        names = [f"{target.object_id} {mode}" for target, mode, count in keys for _ in range(count)]
        answers = iter(self._ask(queries, names) if queries else [])
        rows: list[dict[str, Any]] = []
        for target, mode, count in keys:
            parts = [next(answers) for _ in range(count)]
            failures = [part for part in parts if isinstance(part, str)]
            if failures:
                rows.append(_row(target.object_id, mode, status=failures[0]))
                continue
            answer = _join([part for part in parts if isinstance(part, Candidates)])
            for index, mask in enumerate(answer.masks):
                score = None if answer.scores is None else float(answer.scores[index])
                rows.append(_row(target.object_id, mode, candidate=index, score=score, rle=masks.encode(mask)))
        return rows

    def _trajectories(self, encoded: Any, image: LabelledImage, targets: Sequence[Target]) -> list[dict[str, Any]]:
        """All clicks of all objects of the image; the trajectories advance together, one batch a click."""
        trajectories = [
            Trajectory(target, protocol, selection, [_first_click(target)])
            for target in targets
            if "iterative" in self._modes(target)
            for protocol in self.plan.protocols
            for selection in self.selections
        ]
        for step in range(1, self.plan.clicks + 1):
            running = [trajectory for trajectory in trajectories if not trajectory.finished]
            if not running:
                break
            queries = [self._query(encoded, t.target, _clicks_prompt(t.clicks), t.state) for t in running]
            answers = self._ask(queries, [f"{t.target.object_id} click {step}" for t in running])
            for trajectory, answer in zip(running, answers, strict=True):
                self._advance(trajectory, answer, image)
        return [row for trajectory in trajectories for row in self._padded(trajectory)]

    def _advance(self, trajectory: Trajectory, answer: Candidates | str, image: LabelledImage) -> None:
        target, clicks = trajectory.target, trajectory.clicks
        row = _row(
            target.object_id,
            "iterative",
            protocol=trajectory.protocol,
            selection=trajectory.selection,
            step=len(clicks),
            click_x=clicks[-1].x,
            click_y=clicks[-1].y,
            click_label=int(clicks[-1].positive),
        )
        trajectory.rows.append(row)
        if isinstance(answer, str):
            row["status"] = answer
            trajectory.finished = True
            return
        index = _select(answer, trajectory.selection, target.truth)
        row |= {
            "candidate": index,
            "score": None if answer.scores is None else float(answer.scores[index]),
            "rle": masks.encode(answer.masks[index]),
        }
        trajectory.state = None if answer.states is None else answer.states[index]
        if len(clicks) == self.plan.clicks:
            trajectory.finished = True
            return
        following = next_click(
            target.truth,
            answer.masks[index],
            clicks,
            image.labels,
            self.plan.protocols[trajectory.protocol],
            tie_break=self.plan.tie_break,
            seed=self.plan.seed,
            object_id=target.object_id,
        )
        if following is None:
            trajectory.finished = True
        else:
            clicks.append(following)

    def _padded(self, trajectory: Trajectory) -> list[dict[str, Any]]:
        """Rows of all steps.

        Once nothing is left to correct, or the method failed, the last row is repeated without a click. (The study's
        script then clicks a random pixel of the image.)
        """
        last = trajectory.rows[-1]
        rest = range(last["step"] + 1, self.plan.clicks + 1)
        nothing = {"click_x": None, "click_y": None, "click_label": None}
        return trajectory.rows + [last | nothing | {"step": step} for step in rest]


def _select(answer: Candidates, selection: str, truth: np.ndarray) -> int:
    if selection == "oracle":
        return masks.best_candidate(answer.masks, truth)
    if selection == "best_score" and answer.scores is not None:
        return int(np.argmax(answer.scores))
    return 0


def _first_click(target: Target) -> Click:
    x, y = target.prompts["iterative"]["points"][0]
    return Click(int(x), int(y), True)


def _clicks_prompt(clicks: Sequence[Click]) -> Prompt:
    points = np.array([(click.x, click.y) for click in clicks], np.int32)
    return Prompt(points, np.array([click.positive for click in clicks], np.int8))


def _targets(image: LabelledImage, objects: pd.DataFrame, prompts: pd.DataFrame, plan: Plan) -> list[Target]:
    by_object = dict(tuple(prompts.groupby("object_id", sort=False)))
    return [
        Target(
            row.object_id,
            object_mask(image.labels, plan.tasks[row.task]),
            {prompt["mode"]: prompt for prompt in by_object[row.object_id].to_dict("records")},
        )
        for row in objects.itertuples()
    ]


def _peak_memory_mb(device: str) -> float:
    """Largest resident memory of this process, or largest memory held on the GPU, in MB."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def predict(
    images: Path,
    objects: Path,
    prompts: Path,
    method: Method,
    plan: Plan,
    output: Path,
    throughput: Path,
    *,
    shard: tuple[int, int] = (1, 1),
    label: str = "predict",
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write predictions of one method for one dataset (tables.PREDICTIONS) and what they cost (JSON).

    Args:
        shard: (i, n): only the i-th of n parts of the images.
        label: shown beside the progress.
        provenance: stored in the metadata of `output`.
    """
    object_table = read_table(objects, OBJECTS)
    image_ids = shard_of(list(dict.fromkeys(object_table["image_id"])), shard)
    object_table = object_table[object_table["image_id"].isin(image_ids)]
    prompt_table = read_table(prompts, PROMPTS)
    prompt_table = prompt_table[prompt_table["object_id"].isin(object_table["object_id"])]
    image_of = object_table.set_index("object_id")["image_id"]
    objects_by_image = dict(tuple(object_table.groupby("image_id", sort=False)))
    prompts_by_image = dict(tuple(prompt_table.groupby(prompt_table["object_id"].map(image_of), sort=False)))
    runner = Runner(method, plan)
    start = time.perf_counter()
    with open_table(output, PREDICTIONS, provenance) as table:
        stream = read_images(images, keep=set(image_ids))
        for image in progress(stream, len(image_ids), label, "image"):
            targets = _targets(image, objects_by_image[image.image_id], prompts_by_image[image.image_id], plan)
            table.write(runner.run_image(image, targets))
    cost = {
        **vars(runner.timer),
        "wall_seconds": time.perf_counter() - start,
        "peak_memory_mb": _peak_memory_mb(method.settings.device),
        "device": method.settings.device,
    }
    with atomic(throughput) as temporary:
        temporary.write_text(json.dumps(cost, indent=1))
