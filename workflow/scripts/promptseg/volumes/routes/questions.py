"""Questions about single slices, put to a method for images in batches: equal ones once, what fails by itself."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from promptseg.core import masks
from promptseg.methods.base import Method, Prompt, Query
from promptseg.methods.slice_store import IN_MEMORY, SliceStore
from promptseg.predict.answers import WrongAnswer, checked, listed
from promptseg.predict.failures import Failures

Code: TypeAlias = Mapping[str, Any]  # of a mask, see `masks.encode`
BATCH_PIXELS = 2**27  # of all masks of the answers to a batch, as in `predict.engine`


@dataclass(frozen=True)
class Question:
    """What is asked of a slice.

    Attributes:
        z: its number.
        before: code of a mask that is part of the prompt, see `Method.state_of`.
        state: of the answer before a click, which is part of the prompt instead; None if there was none.
    """

    z: int
    prompt: Prompt
    before: Code | None = None
    state: Any = None


@dataclass(frozen=True, eq=False)
class SliceAnswer:
    """The mask of a slice that counts.

    Attributes:
        mask: (h, w) bool.
        code: of the mask; None if it is empty.
        score: the method's own estimate of its IoU, or None.
        state: of this mask, see `Candidates.states`, or None.
        seconds: that the method took for it, as its share of a batch.
    """

    mask: np.ndarray
    code: dict[str, Any] | None
    score: float | None = None
    state: Any = None
    seconds: float = 0.0

    @classmethod
    def of(cls, mask: np.ndarray, **facts: Any) -> "SliceAnswer":
        """With the code of an (h, w) bool mask."""
        return cls(mask, masks.encode(mask) if mask.any() else None, **facts)


@dataclass(frozen=True)
class Asked:
    """A question, who asks, and what controls are told.

    Attributes:
        name: of object and setting, for what is said of failures.
        truth: (h, w) bool of the slice, where the method needs it.
        selection: which of several masks counts, `first` or `best_score`.
        multimask: see `Query`.
    """

    question: Question
    name: str
    truth: np.ndarray | None = None
    selection: Literal["first", "best_score"] = "best_score"
    multimask: Literal["always", "official"] = "official"

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for questions that have one answer."""
        question, prompt = self.question, self.question.prompt
        box = None if prompt.box is None else prompt.box.tobytes()
        before = None if question.before is None else question.before["counts"]
        truth = None if self.truth is None else self.truth.tobytes()
        asked = question.z, prompt.points.tobytes(), prompt.labels.tobytes(), box, before, id(question.state), truth
        return *asked, self.selection, self.multimask


class Asker:
    """Asks a method about the slices of one volume after another."""

    def __init__(self, method: Method, failures: Failures):
        self.method, self.failures = method, failures

    def ask(self, store: SliceStore[Any], asked: Sequence[Asked]) -> list[SliceAnswer | str]:
        """Answers in order; a reason stands in for one that failed.

        Equal questions have one answer, the same object, and each of those who asked is told all of its seconds.
        """
        first = {one.key: one for one in reversed(asked)}
        order = sorted(first.values(), key=lambda one: one.question.z)
        answers: dict[tuple[Any, ...], SliceAnswer | str] = {}
        for batch in self._batches(order, store.volume.shape[1:]):
            self.failures.asked += len(batch)
            for one, answer in zip(batch, self._answers(store, batch), strict=True):
                answers[one.key] = answer
        return [answers[one.key] for one in asked]

    def _batches(self, asked: Sequence[Asked], size: tuple[int, int]) -> Iterator[list[Asked]]:
        """Questions in the order of slices, as many as a batch may have: by pixels of masks, and by slices."""
        most = max(1, BATCH_PIXELS // (self.method.candidates * size[0] * size[1]))
        batch: list[Asked] = []
        for one in asked:
            slices = {each.question.z for each in batch} | {one.question.z}
            if batch and (len(batch) == most or len(slices) > IN_MEMORY):
                yield batch
                batch = []
            batch.append(one)
        if batch:
            yield batch

    def _answers(self, store: SliceStore[Any], batch: Sequence[Asked]) -> list[SliceAnswer | str]:
        answers: dict[int, SliceAnswer | str] = {}
        queries: dict[int, Query] = {}
        for index, one in enumerate(batch):
            try:
                queries[index] = self._query(store, one)
            except Exception as error:
                answers[index] = self.failures.status(error, one.name)
        start = time.perf_counter()
        found = self._predict([batch[index].name for index in queries], list(queries.values()))
        share = (time.perf_counter() - start) / max(len(queries), 1)
        for index, answer in zip(queries, found, strict=True):
            answers[index] = self._counted(answer, batch[index], store.volume.shape[1:], share)
        return [answers[index] for index in range(len(batch))]

    def _query(self, store: SliceStore[Any], one: Asked) -> Query:
        question = one.question
        previous = question.state
        if question.before is not None:
            previous = self.method.state_of(masks.decode(dict(question.before)))
        return Query(store.get(question.z), question.prompt, previous, multimask=one.multimask, truth=one.truth)

    def _predict(self, names: Sequence[str], queries: Sequence[Query]) -> list[Any]:
        """Answers in order, yet to be checked, or reasons; after a failed batch fewer are asked at once."""
        try:
            return listed(self.method.predict(queries), len(queries)) if queries else []
        except WrongAnswer as error:
            return [self.failures.status(error, name) for name in names]
        except Exception as error:
            if len(names) == 1:
                return [self.failures.status(error, names[0])]
            parts = self.failures.parts(error, range(len(names)))
        return [
            answer
            for part in parts
            for answer in self._predict([names[index] for index in part], [queries[index] for index in part])
        ]

    def _counted(self, answer: Any, one: Asked, size: tuple[int, int], seconds: float) -> SliceAnswer | str:
        """The mask that counts, of an answer that is checked first."""
        if isinstance(answer, str):
            return answer
        try:
            found = checked(answer, size, self.method.candidates)
        except WrongAnswer as error:
            return self.failures.status(error, one.name)
        scores = found.scores
        index = masks.best_score(scores) if one.selection == "best_score" and scores is not None else 0
        return SliceAnswer.of(
            found.masks[index],
            score=None if scores is None else float(scores[index]),
            state=None if found.states is None else found.states[index],
            seconds=seconds,
        )
