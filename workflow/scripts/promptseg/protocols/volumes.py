"""Presets asked about volumes: all objects of a volume under all presets, each slice encoded once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.progress import progress
from promptseg.core.routes import EACH, GIVEN, OPEN
from promptseg.core.tables import open_table
from promptseg.methods import Method
from promptseg.methods.slice_store import Kept
from promptseg.methods.volume import SlicePrompt, VolumeMethod, VolumeQuery
from promptseg.predict.failures import Failures
from promptseg.protocols.images import Presets
from promptseg.protocols.loop import NOT_APPLICABLE, Asking, Course
from promptseg.protocols.showing import Scene
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from promptseg.protocols.ways import Way, anew, by_slice, clicks_of, first_and_rest, several_boxes, way_of
from promptseg.volumes.data.stack import StoredVolume, VolumeObject, VolumeStream
from promptseg.volumes.routes.answering import Job, Outcome, VolumeAnswering
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from promptseg.volumes.routes.slice_routes import SliceAnswering
from promptseg.volumes.routes.steps import Steps
from promptseg.volumes.routes.trail import Trail

# Voxels of true masks that are in memory together.
_VOXELS = 2**28


class Player:
    """One object of a volume under one preset: it asks a method by its route and hands the answers to its course.

    What is new at a step goes to the method click by click, because that is how routes take it; the answer to the last
    one counts. On the route `each` the slices with something new are asked with all of it at once.

    Attributes:
        job: what to ask now; None when nothing is left.
    """

    def __init__(self, volume: StoredVolume, item: VolumeObject, course: Course, way: Way):
        self.volume, self.item, self.course, self.way = volume, item, course, way
        self.job: Job | None = None
        self._prompts: list[SlicePrompt] = []
        self._drafts: list[SlicePrompt] = []  # prompts whose masks are to take their place
        self._clicks: list[SlicePrompt] = []
        self._waiting: list[SlicePrompt] = []
        self._state: Any = None
        self._states: dict[int, Any] = {}  # of slices, on the route `each`
        self._begin()

    def steps(self, answering: SliceAnswering) -> Steps[Trail]:
        """The questions of `job` about slices."""
        assert self.job is not None
        if self.way.route != EACH:
            return answering.steps(self.volume, self.job)
        turn = self.course.turn
        assert turn is not None
        if not (self.way.manner and self.way.manner.feeds_back):
            self._states.clear()
        prompts = list(by_slice(turn.shown, turn.new.slices).values())
        return anew(self._state, prompts, self._states, self.volume.shape[1:])

    def take(self, outcome: Outcome) -> None:
        """The answer to `job`."""
        assert self.job is not None
        self.job, answer = None, outcome.answer
        if isinstance(answer, str):
            self.course.fail(answer)
            return
        if self._drafts:
            z = self._drafts.pop(0).z
            self._prompts.append(SlicePrompt(z, mask=answer.masks.slice(z)))
            self._draft() if self._drafts else self._ask(None)
            return
        self._state = answer.state
        if self._waiting:
            self._ask(self._waiting.pop(0))
            return
        codes = sorted(answer.masks.codes.items())
        rows = [{"z": z, "rle": code, "score": answer.scores.get(z)} for z, code in codes]
        self.course.take(answer.masks.dense(), [{"z": None, "route": self.way.route}, *rows])
        self._begin()

    def _begin(self) -> None:
        """What the course asks now, if anything."""
        turn = self.course.turn
        if turn is None:
            return
        if several_boxes(turn.shown):
            self.course.fail(f"{NOT_APPLICABLE}: a slice of a volume takes one box")
            return
        first, last = turn.shown.extent or (0, self.volume.shape[0] - 1)
        if any(not first <= z <= last for z in turn.new.slices):
            self.course.fail(f"{NOT_APPLICABLE}: a prompt lies beyond the ends of the object that were told")
        elif self._prompts:
            self._waiting = list(clicks_of(turn.new))
            self._ask(self._waiting.pop(0))
        else:
            self._prompts, self._waiting = first_and_rest(turn.shown)
            if not self._prompts:
                self.course.fail(f"{NOT_APPLICABLE}: nothing is shown of the object to begin with")
            elif len(self._prompts) > 1 and not self.way.several:
                self.course.fail(f"{NOT_APPLICABLE}: the method takes first prompts on one slice")
            elif self.course.asking.begin == "mask" and self.way.manner is None:
                self._drafts, self._prompts = self._prompts, []
                self._draft()
            else:
                self._ask(None)

    def _draft(self) -> None:
        """Ask for the mask of a prompted slice alone."""
        one = self._drafts[0]
        self.job = self._job(VolumeQuery([one], (one.z, one.z), False, final=True))

    def _ask(self, click: SlicePrompt | None) -> None:
        """Ask with one more click, or with the first prompts."""
        turn = self.course.turn
        assert turn is not None
        if self.way.route == EACH:
            self._waiting = []  # all at once, see `steps`
        elif click is not None:
            self._clicks.append(click)
        extent = turn.shown.extent
        query = VolumeQuery(
            self._prompts,
            extent or (0, self.volume.shape[0] - 1),
            extent is not None,
            tuple(self._clicks),
            self._state,
            turn.final and not self._waiting,
            self.course.asking.passes == "forward",
        )
        self.job = self._job(query)

    def _job(self, query: VolumeQuery) -> Job:
        turn = self.course.turn
        assert turn is not None
        extents = GIVEN if query.given else OPEN
        about = Setting(self.way.route, self.course.asking.preset, f"step {turn.step}", extents)
        return Job(self.item.object_id, about, query, self.item.truth, self.way.manner)


@dataclass
class VolumePresets:
    """Asks one method about one volume after another.

    Args:
        tracker: what tracks with the weights of a method for images, if anything does.
        settings: how masks are carried.
        kept: a cache of embeddings, for routes over slices.
    """

    method: Method | VolumeMethod
    tracker: VolumeMethod | None
    presets: Presets
    settings: VolumeSettings
    failures: Failures
    kept: Kept | None = None

    def __post_init__(self) -> None:
        self.seconds = 0.0
        self.asked = 0
        self._slices = None
        self._whole = {
            one.route: VolumeAnswering(one, self.failures)
            for one in (self.method, self.tracker)
            if isinstance(one, VolumeMethod)
        }
        if isinstance(self.method, Method):
            self._slices = SliceAnswering(self.method, self.settings, self.failures, self.kept)

    def rows(self, volume: StoredVolume) -> Iterator[list[dict[str, Any]]]:
        """Rows of PROTOCOL_ANSWERS of the objects of a volume, of a few objects at once."""
        ways = {id(one): way_of(self.method, self.tracker, one) for one in self.presets.askings}
        grey = _grey(volume) if any(one.clicks.get("rule") == "planned" for one in self.presets.askings) else None
        most = max(1, _VOXELS // int(np.prod(volume.shape)))
        items = volume.objects
        for start in range(0, len(items), most):
            players = [
                self._player(volume, item, scene, asking, ways[id(asking)])
                for item in items[start : start + most]
                for scene in [Scene(item.object_id, item.truth.dense(), None, grey, volume.spacing)]
                for asking in self.presets.askings
            ]
            self._play(volume, players)
            yield [row for player in players for row in player.course.rows()]

    def close(self) -> None:
        """Nothing more is asked."""
        if self._slices is not None:
            self._slices.close()

    def _player(self, volume: StoredVolume, item: VolumeObject, scene: Scene, asking: Asking, way: Way) -> Player:
        return Player(volume, item, Course(asking, scene, way.takes, "volumes", self.presets.seed), way)

    def _play(self, volume: StoredVolume, players: Sequence[Player]) -> None:
        while asking := [player for player in players if player.job is not None]:
            start = time.perf_counter()
            self.asked += len(asking)
            for route in dict.fromkeys(player.way.route for player in asking):
                some = [player for player in asking if player.way.route == route]
                jobs = [player.job for player in some if player.job is not None]
                for player, outcome in zip(some, self._answers(volume, route, some, jobs), strict=True):
                    player.take(outcome)
            self.seconds += time.perf_counter() - start

    def _answers(
        self, volume: StoredVolume, route: str, players: Sequence[Player], jobs: Sequence[Job]
    ) -> list[Outcome]:
        if route in self._whole:
            return self._whole[route].answer(volume, jobs)
        assert self._slices is not None
        return self._slices.follow(volume, jobs, [player.steps(self._slices) for player in players])


def _grey(volume: StoredVolume) -> np.ndarray:
    """(d, h, w) float32 grey values of a volume as methods see it."""
    return np.stack([volume.pixels(z).mean(axis=2, dtype=np.float32) for z in range(volume.shape[0])])


def write_volume_answers(
    volumes: VolumeStream, runner: VolumePresets, output: Path, *, label: str, provenance: Mapping[str, Any]
) -> dict[str, Any]:
    """Ask a method about all objects of the volumes of a dataset under all presets (PROTOCOL_ANSWERS).

    Returns:
        `asked`, how often a route was asked, and `seconds` that all of it took.

    Raises:
        PromptsegError: the method answered nothing at all, or ended the process; nothing is written.
    """
    with open_table(output, PROTOCOL_ANSWERS, provenance) as table:
        try:
            with runner.failures.no_exit("object"):
                for volume in progress(volumes, len(volumes), label, "volume", lambda it: len(it.objects), "object"):
                    for rows in runner.rows(volume):
                        table.gather(rows)
        finally:
            runner.close()
        runner.failures.conclude()
    return {"asked": runner.asked, "seconds": runner.seconds}
