"""Presets asked about images: all objects of several images under all presets, in the batches of the ordinary engine.

An image is a volume of one slice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from promptseg.core.progress import progress
from promptseg.core.tables import open_table
from promptseg.methods import Candidates, Method, Prompt, Query
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Item, Plan, Target
from promptseg.predict.trajectories import Answer, united
from promptseg.predict.under_way import Question, UnderWay
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.noisy import map_of
from promptseg.protocols.loop import Asking, Course, Takes
from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.tables import PROTOCOL_ANSWERS


@dataclass(frozen=True)
class Presets:
    """What is asked about each object.

    Attributes:
        askings: presets and variants, in the order of the rows.
        seed: of the run, for blocks that take it.
        strict: stop at the first prompt that a method cannot answer, instead of recording it.
    """

    askings: Sequence[Asking]
    seed: int = 0
    strict: bool = False

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Presets":
        """What `config.asked.asked_of_presets` says; what it does not say does not matter."""
        return cls(
            [Asking(name, variant, **one) for name, all_ in asked["presets"].items() for variant, one in all_.items()],
            asked.get("seed", 0),
            asked["strict"],
        )


def prompts_of(shown: Shown) -> list[Prompt]:
    """What is shown of an image as prompts: one with all points or, of several boxes, one for each with all points."""
    points = np.ascontiguousarray(shown.points[:, :0:-1])
    boxes = np.ascontiguousarray(shown.boxes[:, [2, 1, 5, 4]])
    return [Prompt(points, shown.labels, box) for box in boxes] or [Prompt(points, shown.labels)]


def scene_of(image: LabelledImage, grey: np.ndarray, object_id: str, truth: np.ndarray) -> Scene:
    """An object of an image as the user sees it.

    Args:
        grey: (h, w) grey values of the image.
        truth: (h, w) bool.
    """
    spacing = None if image.spacing is None else (1.0, *image.spacing)
    return Scene(object_id, truth[None], image.labels[None], grey[None], spacing)


def with_map(scene: Scene, pattern: str | None) -> Scene:
    """An object of an image with the map of where people click on it, see `prompts.noisy.map_of`, if there is one.

    Raises:
        PromptsegError: there is no such file, or it is no map of the image.
    """
    if pattern is None:
        return scene
    found = map_of(pattern, scene.object_id, scene.truth.shape[1:])
    return replace(scene, click_map=found[None].astype(np.float32))


class Player:
    """One object of an image under one preset: it asks the method and hands the answers to its course."""

    def __init__(self, item: Item, target: Target, course: Course):
        self.item, self.target, self.course = item, target, course
        self._answers: dict[int, Answer] = {}
        self._lock = Lock()  # several boxes may be answered in several threads

    def questions(self, group: UnderWay) -> Iterator[Question]:
        """What to ask now, if anything."""
        turn = self.course.turn
        if turn is None:
            return
        prompts, asking = prompts_of(turn.shown), self.course.asking
        for index, prompt in enumerate(prompts):
            multimask, truth = group.multimask(asking.multimask), group.truth(self.target)
            query = Query(self.item.encoded, prompt, turn.previous, multimask=multimask, truth=truth)
            name = f"{self.target.object_id} {asking.preset} step {turn.step}"
            yield Question(self.item, name, query, partial(self._take, index, len(prompts), name))

    def _take(self, index: int, count: int, name: str, answer: Answer) -> None:
        with self._lock:
            self._answers[index] = answer
            if len(self._answers) < count:
                return
        answers, self._answers = [self._answers[index] for index in range(count)], {}
        self._give(united(answers, name))

    def _give(self, answer: Answer) -> None:
        found = answer.candidates
        if not isinstance(found, Candidates):
            self.course.fail(found)
            return
        index = answer.select(self.course.asking.selection, self.target.truth)
        mask, coded = found.masks[index], answer.coded(index)
        row = {"z": None, "rle": coded["rle"] if mask.any() else None, "score": coded["score"]}
        self.course.take(mask[None], [row], None if found.states is None else found.states[index])


class PresetGroup(UnderWay):
    """Images under way together under presets."""

    def __init__(self, items: Sequence[Item], method: Method, presets: Presets):
        super().__init__(items, method)
        self.players = [player for item in items for player in self._players(item, presets)]

    def _players(self, item: Item, presets: Presets) -> Iterator[Player]:
        takes, grey = Takes.of(self.method), item.image.pixels.mean(axis=2, dtype=np.float32)
        for target in item.targets:
            scene = scene_of(item.image, grey, target.object_id, target.truth)
            for asking in presets.askings:
                seen = with_map(scene, asking.clicks.get("map"))
                yield Player(item, target, Course(asking, seen, takes, "images", presets.seed))

    def unanswered(self) -> list[Item]:
        """Those with an object about which a preset asks something."""
        asking = {id(player.item) for player in self.players if player.course.turn}
        return [item for item in self.items if id(item) in asking]

    def prompts(self, item: Item) -> int:
        """Those that are asked now."""
        return sum(player.item is item and player.course.turn is not None for player in self.players)

    def drop(self, item: Item, reason: str) -> None:
        """The steps of each object that were to be asked say why."""
        for player in self.players:
            if player.item is item and player.course.turn:
                player.course.fail(reason)

    def questions(self) -> Iterator[Question]:
        """Those of each object and preset."""
        for player in self.players:
            yield from player.questions(self)

    def finish(self) -> None:
        """Rows in the order of objects and presets."""
        for item in self.items:
            item.rows = [row for player in self.players if player.item is item for row in player.course.rows()]
        self.finished = True


class PresetRunner(Runner):
    """Asks one method under presets about one image after another, see `predict.engine.Runner`."""

    def __init__(self, method: Method, presets: Presets, **more: Any):
        super().__init__(method, Plan(protocols={}, strict=presets.strict), **more)
        self.presets = presets

    def begin(self, items: Sequence[Item]) -> UnderWay:
        """A group of images, and what is asked about them."""
        return PresetGroup(items, self.method, self.presets)


def targets_of(objects: ObjectStream) -> Iterator[tuple[LabelledImage, list[Target]]]:
    """Images with their objects, whose prompts the presets find."""
    for image, found in objects:
        yield image, [Target(one.row.object_id, one.mask, {}) for one in found]


def write_answers(
    objects: ObjectStream, runner: PresetRunner, output: Path, *, label: str, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Ask a method about all objects of a dataset under all presets, and write its answers (PROTOCOL_ANSWERS).

    Returns:
        Counts and seconds, see `predict.plan.Cost`.

    Raises:
        PromptsegError: the method answered no prompt at all; nothing is written.
    """
    with open_table(output, PROTOCOL_ANSWERS, provenance) as table:
        done: Iterable[Item] = runner.run(targets_of(objects))
        for item in progress(done, len(objects), label, "image", lambda item: len(item.targets), "object"):
            table.gather(item.rows)
        runner.failures.conclude()
    return vars(runner.cost)
