"""Who answers about the objects of a volume: a method for images by its slices, or a method for volumes."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, Protocol

from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import Slices, VolumeAnswer, VolumeMethod, VolumeQuery
from promptseg.predict.answers import WrongAnswer
from promptseg.predict.failures import Failures
from promptseg.predict.volume_answers import checked_answer, listed_answers
from promptseg.volumes.routes.settings import Setting


@dataclass(frozen=True)
class Manner:
    """How a method for images is asked about slices.

    Attributes:
        selection: which of several masks counts.
        multimask: how many there may be, see `Query`.
        feeds_back: whether it builds on its answer before a click.
    """

    selection: Literal["first", "best_score"]
    multimask: Literal["always", "official"]
    feeds_back: bool


@dataclass(frozen=True)
class Job:
    """One object in one setting.

    Attributes:
        truth: for controls that are told it.
        manner: where it is not that of the settings of the run.
    """

    object_id: str
    setting: Setting
    query: VolumeQuery
    truth: MaskStack
    manner: Manner | None = None

    @property
    def name(self) -> str:
        """For what is said of failures."""
        setting = self.setting
        return f"{self.object_id} {setting.route} {setting.slices} {setting.prompt} {setting.extents}"


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        answer: or the reason why there is none.
        slices: that the method was asked about, as far as that is known.
        seconds: that it took but for encoding; what it shares with other jobs of a batch counts as its share of that.
    """

    answer: VolumeAnswer | str
    slices: frozenset[int] = field(default_factory=frozenset)
    seconds: float = 0.0


class Answering(Protocol):
    """Answers about the objects of one volume after another."""

    def answer(self, volume: Slices, jobs: Sequence[Job]) -> list[Outcome]:
        """What becomes of jobs, in order."""

    def encoding(self, slices: Iterable[int]) -> float:
        """Seconds that the encoding of these slices of the volume took, whoever needed them first."""

    def close(self) -> None:
        """Nothing more is asked."""


class VolumeAnswering:
    """A method for volumes, or one of the controls.

    Args:
        failures: count what it could not answer.
    """

    def __init__(self, method: VolumeMethod, failures: Failures):
        self.method, self.failures = method, failures
        self._volume: Slices | None = None
        self._encoded_before = 0.0

    def answer(self, volume: Slices, jobs: Sequence[Job]) -> list[Outcome]:
        """See `Answering`; objects in the same setting are asked together."""
        if volume is not self._volume:
            self._volume, self._encoded_before = volume, self.method.encode_seconds
        found: list[Outcome] = []
        for _, alike in groupby(jobs, key=lambda job: job.setting):
            found += self._answers(volume, list(alike))
        return found

    def encoding(self, slices: Iterable[int]) -> float:  # noqa: ARG002 - all of them are
        """See `Answering`; such a method encodes all slices of a volume that it needs, for all settings."""
        return self.method.encode_seconds - self._encoded_before

    def close(self) -> None:
        """See `Answering`."""

    def _answers(self, volume: Slices, jobs: Sequence[Job]) -> list[Outcome]:
        start, encoded = time.perf_counter(), self.method.encode_seconds
        parts: list[Sequence[Job]] = []
        try:
            answers = listed_answers(self.method.answer(volume, [job.query for job in jobs]), len(jobs))
        except Exception as error:
            if len(jobs) > 1 and not isinstance(error, WrongAnswer):
                parts = self.failures.parts(error, jobs)
            else:
                self.failures.asked += len(jobs)
                return [Outcome(self.failures.status(error, job.name)) for job in jobs]
        if parts:
            return [outcome for part in parts for outcome in self._answers(volume, part)]
        self.failures.asked += len(jobs)
        seconds = time.perf_counter() - start - (self.method.encode_seconds - encoded)
        return [
            Outcome(self._checked(volume, job, answer), frozenset(_window(job.query)), seconds / len(jobs))
            for job, answer in zip(jobs, answers, strict=True)
        ]

    def _checked(self, volume: Slices, job: Job, answer: object) -> VolumeAnswer | str:
        try:
            return checked_answer(answer, volume.shape, job.query)
        except WrongAnswer as error:
            return self.failures.status(error, job.name)


def _window(query: VolumeQuery) -> range:
    return range(query.slices[0], query.slices[1] + 1)
