"""The routes of a method for images: all objects and settings of a volume advance together, slice by slice."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from promptseg.core.routes import BETWEEN, BOX, EACH
from promptseg.methods.base import Method
from promptseg.methods.slice_store import IN_MEMORY, Kept, SliceStore
from promptseg.methods.volume import Slices, VolumeAnswer
from promptseg.predict.abilities import Abilities
from promptseg.predict.failures import Failures
from promptseg.predict.plan import feeds_back
from promptseg.prompts.clicks import Protocol
from promptseg.volumes.routes.answering import Job, Manner, Outcome
from promptseg.volumes.routes.carry import Carrier, carry, carry_on
from promptseg.volumes.routes.controls import heights
from promptseg.volumes.routes.interpolation import interpolate_prompts
from promptseg.volumes.routes.questions import Asked, Asker, Question, SliceAnswer
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.slicewise import click_by_click, slice_by_slice
from promptseg.volumes.routes.steps import Steps, run
from promptseg.volumes.routes.trail import Trail

# Pixels of slices in memory of a method that cannot pack what it makes of them, which are maps of their size mostly: 64
# slices of 512 x 512.
_UNPACKED = 2**24


class SliceAnswering:
    """Carries, or asks slice by slice; see `answering.Answering`.

    Args:
        kept: a cache of embeddings; it is left alone by methods that are not `cacheable`.
    """

    def __init__(self, method: Method, settings: VolumeSettings, failures: Failures, kept: Kept | None = None):
        self.method, self.settings = method, settings
        self.asker = Asker(method, failures)
        # As many masks are asked for as the method's authors do with such a prompt.
        self._manner = Manner(settings.selection, "official", feeds_back(method, Protocol()))
        self._kept = kept if method.cacheable else None
        self._boxes = BOX in Abilities.of(method).prompt_types
        self._store: SliceStore[Any] | None = None

    def answer(self, volume: Slices, jobs: Sequence[Job]) -> list[Outcome]:
        """See `Answering`. After all but the first query about an object the state of the answer before is needed."""
        return self.follow(volume, jobs, [self.steps(volume, job) for job in jobs])

    def follow(self, volume: Slices, jobs: Sequence[Job], routes: Sequence[Steps[Trail]]) -> list[Outcome]:
        """What becomes of jobs on routes that are given for each of them."""
        store = self._stored(volume)
        found = run(routes, self._ask(store, jobs))
        return [
            Outcome(one)
            if isinstance(one, str)
            else Outcome(
                VolumeAnswer(one.stack(volume.shape[0]), one.scores, one, one.dropped),
                frozenset(one.asked),
                one.seconds,
            )
            for one in found
        ]

    def encoding(self, slices: Iterable[int]) -> float:
        """See `Answering`."""
        return sum(self._store.took.get(z, 0.0) for z in slices) if self._store else 0.0

    def close(self) -> None:
        """See `Answering`."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _stored(self, volume: Slices) -> SliceStore[Any]:
        if self._store is None or self._store.volume is not volume:
            self.close()
            packs = self.method.cacheable
            self._store = SliceStore(
                volume,
                self._encode,
                self.method.pack if packs else None,
                self.method.unpack if packs else None,
                IN_MEMORY if packs else max(IN_MEMORY, _UNPACKED // (volume.shape[1] * volume.shape[2])),
                self._kept,
            )
        return self._store

    def _encode(self, pixels: np.ndarray) -> Any:
        shown = pixels.view() if self.method.says("looks_at_pixels") else np.zeros_like(pixels)
        shown.flags.writeable = False  # a method that draws into its image would change the answers to later prompts
        return self.method.encode(shown)

    def _ask(
        self, store: SliceStore[Any], jobs: Sequence[Job]
    ) -> Callable[[list[tuple[int, Question]]], list[SliceAnswer | str]]:
        def ask(questions: list[tuple[int, Question]]) -> list[SliceAnswer | str]:
            asked = []
            for index, question in questions:
                job = jobs[index]
                truth, manner = job.truth.slice(question.z) if told else None, job.manner or self._manner
                asked.append(Asked(question, job.name, truth, manner.selection, manner.multimask))
            return self.asker.ask(store, asked)

        told = self.method.needs_truth
        return ask

    def steps(self, volume: Slices, job: Job) -> Steps[Trail]:
        """The route of a job."""
        route, query = job.setting.route, job.query
        feeds = (job.manner or self._manner).feeds_back
        carrier = Carrier(route, self._boxes, self.settings.grow, self.settings.stop_iou)
        if query.clicks:
            click = query.clicks[-1]
            if route in (EACH, BETWEEN):
                return click_by_click(query.previous, click, feeds_back=feeds)
            return carry_on(query, carrier, query.previous, click, feeds_back=feeds)
        size = volume.shape[1:]
        if route == EACH:
            return slice_by_slice(query.prompts, size)
        if route == BETWEEN:
            return slice_by_slice(interpolate_prompts(query.prompts, heights(volume)), size)
        return carry(query, carrier, size)
