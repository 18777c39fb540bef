"""Routes as generators that put questions: many advance in lockstep, so that a method is asked in batches."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

from promptseg.volumes.routes.questions import Question, SliceAnswer

T = TypeVar("T")
A = TypeVar("A")
# Yields questions, is sent their answers in order, and returns what it is about.
Steps: TypeAlias = Generator[list[Question], list[SliceAnswer], T]


class _Abreast(Generic[T]):
    """Generators side by side.

    Attributes:
        waiting: questions of those that are not done, by their number.
        found: what the others returned.
    """

    def __init__(self, parts: Sequence[Steps[T]]):
        self.parts = parts
        self.waiting: dict[int, list[Question]] = {}
        self.found: dict[int, T] = {}
        for index in range(len(parts)):
            self.advance(index, None)

    def advance(self, index: int, answers: list[SliceAnswer] | None) -> None:
        """Start one, or hand it the answers to its questions."""
        self.waiting.pop(index, None)
        try:
            self.waiting[index] = next(self.parts[index]) if answers is None else self.parts[index].send(answers)
        except StopIteration as done:
            self.found[index] = done.value

    def questions(self) -> list[tuple[int, Question]]:
        """All that wait for an answer, each with the number of who asks."""
        return [(index, question) for index, questions in self.waiting.items() for question in questions]


def together(parts: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Several in lockstep: in each step the next questions of all that are not done. Returns their results."""
    abreast = _Abreast(parts)
    while abreast.waiting:
        asked = dict(abreast.waiting)
        answers = iter((yield [question for _, question in abreast.questions()]))
        for index, questions in asked.items():
            abreast.advance(index, _taken(answers, len(questions)))
    return [abreast.found[index] for index in range(len(parts))]


def run(
    routes: Sequence[Steps[T]], ask: Callable[[list[tuple[int, Question]]], Sequence[SliceAnswer | str]]
) -> list[T | str]:
    """The results of several in order, which advance in lockstep; a string is the reason why one failed.

    Args:
        ask: answers questions, each with the number of who asks, or says why there is no answer: then that one ends.
    """
    abreast = _Abreast(routes)
    failed: dict[int, str] = {}
    while abreast.waiting:
        asked = dict(abreast.waiting)
        answers = iter(ask(abreast.questions()))
        for index, questions in asked.items():
            own = _taken(answers, len(questions))
            reasons = [one for one in own if isinstance(one, str)]
            if reasons:
                failed[index] = reasons[0]
                routes[index].close()
                del abreast.waiting[index]
            else:
                abreast.advance(index, [one for one in own if isinstance(one, SliceAnswer)])
    return [failed[index] if index in failed else abreast.found[index] for index in range(len(routes))]


def _taken(answers: Iterator[A], count: int) -> list[A]:
    return [next(answers) for _ in range(count)]
