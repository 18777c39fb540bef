"""Images under way together, whoever asks about them: what the engine needs of a group."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from promptseg.methods import Method, Proposals, Query
from promptseg.predict.plan import Item, Target
from promptseg.predict.trajectories import Answer, Ask


@dataclass(frozen=True, eq=False)
class Question:
    """A prompt about an object of an image, and who waits for its answer.

    Attributes:
        name: of object and prompt, for what is said of failures.
    """

    item: Item
    name: str
    query: Query
    take: Callable[[Answer], None]

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for questions that a method cannot tell apart."""
        query, prompt = self.query, self.query.prompt
        arrays = (prompt.points, prompt.labels, prompt.box, prompt.lasso)
        shown = (None if array is None else array.tobytes() for array in arrays)
        drawn = tuple((one.line.tobytes(), one.label, one.width) for one in prompt.scribbles)
        return (id(self.item), *shown, drawn, id(query.previous), query.refine, query.multimask, id(query.truth))


Taker: TypeAlias = Callable[[Proposals | str], None]


class UnderWay(ABC):
    """Images under way together.

    Attributes:
        futures: of answers that are being taken.
        finished: whether the rows of the images are there.
        reused: how many rows are taken from an earlier job.
        found: masks of the mode `everything` that an earlier job found.
    """

    def __init__(self, items: Sequence[Item], method: Method):
        self.items, self.method = items, method
        self.futures: list[Future[None]] = []
        self.finished = False
        self.reused = 0
        self.found: dict[Item, Proposals] = {}

    @abstractmethod
    def unanswered(self) -> list[Item]:
        """The images about which something is left to ask."""

    @abstractmethod
    def prompts(self, item: Item) -> int:
        """How many prompts are asked about an image at least."""

    @abstractmethod
    def drop(self, item: Item, reason: str) -> None:
        """Ask nothing about an image, which could not be encoded; its rows say so."""

    @abstractmethod
    def questions(self) -> Iterable[Question]:
        """What to ask the method now; nothing when the group is done."""

    @abstractmethod
    def finish(self) -> None:
        """Put the rows of each image together, in the order of its objects."""

    def searching(self) -> Mapping[Item, Sequence[Taker]]:
        """Who waits for the masks of the mode `everything` of an image."""
        return {}

    def wait(self) -> None:
        """Wait until all answers so far were taken."""
        for future in self.futures:
            future.result()
        self.futures.clear()

    def asks(self) -> list[Ask]:
        """What to ask the method now, equal prompts once; nothing when the group is done."""
        found: dict[Any, Ask] = {}
        for one in self.questions():
            new = Ask(one.query, one.name, [], one.item.image.labels.shape, self.method.candidates)
            found.setdefault(one.key, new).takers.append(one.take)
        return list(found.values())

    def multimask(self, wanted: Literal["always", "official"]) -> Literal["always", "official"]:
        """What is wanted, where it may make a difference: so that click models are asked once for all protocols."""
        return wanted if self.method.candidates > 1 or self.method.mask_feedback else "always"

    def truth(self, target: Target) -> np.ndarray | None:
        """What controls are told."""
        return target.truth if self.method.needs_truth else None
