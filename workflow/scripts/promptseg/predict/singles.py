"""Single prompts: an object prompted once, in one of modes 1 to 5, by scribbles or by a lasso."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from promptseg.predict.plan import Item, Target
from promptseg.predict.trajectories import Answer, coded, prediction, prompts_of, united


class Single:
    """One object prompted once."""

    def __init__(self, item: Item, target: Target, mode: str):
        self.item, self.target, self.mode = item, target, mode
        self.prompts = prompts_of(target.prompts[mode])
        self._answers: dict[int, Answer] = {}
        self._rows: list[dict[str, Any]] = []
        self.finished = False
        self._lock = Lock()  # the boxes of mode 4 may be answered in several threads

    def take(self, index: int, answer: Answer) -> None:
        """Keep the answer to one prompt until all are there; then only their code is kept."""
        with self._lock:
            self._answers[index] = answer
            if len(self._answers) == len(self.prompts):
                self._rows = self._code([self._answers[index] for index in range(len(self.prompts))])
                self._answers.clear()
                self.finished = True

    def take_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the rows of an equal prompt, if there are any."""
        self._rows = [prediction(self.target.object_id, self.mode, **coded(row)) for row in rows]
        self.finished = bool(rows)

    def _code(self, answers: Sequence[Answer]) -> list[dict[str, Any]]:
        answer = united(answers, f"{self.target.object_id} {self.mode}")
        if isinstance(answer.candidates, str):
            return [prediction(self.target.object_id, self.mode, status=answer.candidates)]
        count = len(answer.candidates.masks)
        return [prediction(self.target.object_id, self.mode, **answer.coded(index)) for index in range(count)]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each candidate, or one for a failure."""
        return self._rows
