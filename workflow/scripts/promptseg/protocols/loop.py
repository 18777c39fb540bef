"""The loop of a preset: what the user shows of one object step by step, and what is kept of the answers.

Who answers is another matter: `protocols.images` asks about many objects of many images at once. A volume differs in
its asker alone, see `Course`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.core.reason import USER_STOPS
from promptseg.methods import Method
from promptseg.predict.abilities import Abilities
from promptseg.protocols.blocks import Clicks, Start
from promptseg.protocols.showing import Scene, Shown, together
from promptseg.protocols.user import User

NOT_APPLICABLE = "not_applicable"
_KINDS = {"point": "points", "box": "boxes", "mask": "contours"}


@dataclass(frozen=True)
class Asking:
    """What is asked under a preset or one of its variants: keys of preset.schema.yaml."""

    preset: str
    variant: str
    start: Mapping[str, Any]
    clicks: Mapping[str, Any]
    prompts: int = 0
    stop: Mapping[str, Any] = field(default_factory=dict)
    feedback: Literal["keep", "none"] = "keep"
    selection: Literal["first", "best_score"] = "first"
    multimask: Literal["always", "official"] = "official"
    route: Sequence[str] = ()
    passes: Literal["both", "forward"] = "both"
    begin: Literal["prompt", "mask"] = "prompt"

    @property
    def first(self) -> str:
        """The kind of the first prompt: `none`, `box`, `point` or `mask`."""
        return Start.of(self.start).prompt


@dataclass(frozen=True)
class Takes:
    """What a method takes of what a user may show.

    Attributes:
        kinds: subset of {"point", "box", "mask"}.
        negatives: whether it was made for points on the background.
        most: points at once; None for any number.
        not_at_all, not_later: why it is asked nothing, or nothing after the first prompt; empty if it is.
    """

    kinds: frozenset[str]
    negatives: bool = True
    most: int | None = None
    not_at_all: str = ""
    not_later: str = ""

    @classmethod
    def of(cls, method: Method) -> "Takes":
        """Of a method for images, as far as its entry does not lift it; a contour would be the answer itself."""
        found = Abilities.of(method)
        kinds = found.prompt_types & {"point", "box"}
        return cls(kinds, method.negative_points or method.settings.off_label, found.max_points)

    def refuses(self, asking: Asking, step: int) -> str:
        """Why a method is not asked at a step, of any object; empty where it is.

        Where it takes no points on the background it is not asked after the first one on the object: it could answer
        those few objects that happen to need none, whose mean would be no rival's. So it is with too many points.
        """
        if self.not_at_all:
            return self.not_at_all
        if self.not_later and step > int(asking.first == "none"):
            return self.not_later
        kind = asking.first if step == 0 else "point"
        if kind != "none" and kind not in self.kinds:
            return f"the method takes no {_KINDS[kind]}"
        if step > int(asking.first == "none") and not self.negatives:
            return "the method takes no points on the background"
        if self.most is not None and _points(asking, step) > self.most:
            return f"the method takes at most {self.most} points"
        return ""

    def lacks(self, shown: Shown) -> str:
        """Why a method is not asked with what is shown; empty where it is."""
        given = {"point": len(shown.points), "box": len(shown.boxes), "mask": len(shown.masks)}
        for kind, count in given.items():
            if count and kind not in self.kinds:
                return f"the method takes no {_KINDS[kind]}"
        if not self.negatives and not shown.labels.all():
            return "the method takes no points on the background"
        if self.most is not None and len(shown.points) > self.most:
            return f"the method takes at most {self.most} points"
        return ""


@dataclass(frozen=True, eq=False)
class Turn:
    """What a method is asked at one step about one object.

    Attributes:
        step: 0 for the start.
        shown: all that the method gets, with that of earlier steps as the preset says; `new` of it is new.
        previous: state of the answer before, where the preset feeds it back and there is one.
        final: whether no step follows, so that no state has to be kept.
    """

    step: int
    shown: Shown
    new: Shown
    previous: Any
    final: bool


class Course:
    """One object under one preset.

    As long as there is a `turn`, whoever asks the method gives its answer to `take`, or the reason of a failure to
    `fail`.

    Args:
        on: "images" or "volumes".
        seed: of the run, for blocks that take it.

    Attributes:
        turn: what to ask now; None when nothing is left.
    """

    def __init__(self, asking: Asking, scene: Scene, takes: Takes, on: Literal["images", "volumes"], seed: int):
        self.asking, self.scene, self.takes = asking, scene, takes
        self.turn: Turn | None = None
        self._about = {
            "object_id": scene.object_id,
            "preset": asking.preset,
            "variant": asking.variant,
            "on": on,
        }
        self._history: list[Shown] = []
        self._steps: list[list[dict[str, Any]]] = []
        self._stopped = False
        if reason := takes.refuses(asking, int(asking.first == "none")):
            self._refuse(reason)
            return
        try:
            self._user = User(asking.start, asking.clicks, scene, seed)
            shown = self._user.start()
        except PromptsegError as error:
            self._end(error)
            return
        if shown is not None:
            self._ask(shown, None)
        else:
            self._record(Shown(), [{"z": None}], status="ok")
            self._go_on(np.zeros(scene.truth.shape, bool), None)

    def take(self, prediction: np.ndarray, coded: Sequence[Mapping[str, Any]], state: Any = None) -> None:
        """The answer to `turn`, after which the user says what comes next.

        Args:
            prediction: (d, h, w) bool.
            coded: `z`, `rle` and `score` of rows of PROTOCOL_ANSWERS; first the row of the step, without z.
            state: what the method gets with the next prompt.
        """
        turn = self._turn()
        self._stopped = self._good_enough(prediction, turn.step)
        self._record(turn.new, coded, status="ok", stopped=self._stopped)
        if not self._stopped:
            self._go_on(prediction, None if turn.final or self.asking.feedback == "none" else state)

    def fail(self, status: str) -> None:
        """The method did not answer `turn`."""
        self._record(self._turn().new, [{"z": None}], status=status)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows of PROTOCOL_ANSWERS, of every step; after an early stop there are none.

        Also an object that ended early, by a failure or a good answer, does not count where the method is not asked at
        a later step: else the mean would go over such objects alone.
        """
        later = range(len(self._steps), self.asking.prompts + 1)
        refused = self._steps[-1][0]["status"].startswith(NOT_APPLICABLE)
        reason = next(filter(None, (self.takes.refuses(self.asking, step) for step in later)), "")
        if reason and not refused:
            self._refuse(reason)
        for step in range(self.asking.prompts + 1):
            if step < len(self._steps):
                yield from self._steps[step]
            elif self._stopped and not reason:
                return
            else:
                for row in self._steps[-1]:
                    shown = {} if row["z"] is not None else _as_row(Shown())
                    yield row | {"step": step} | shown

    def _turn(self) -> Turn:
        assert self.turn is not None
        turn, self.turn = self.turn, None
        return turn

    def _go_on(self, prediction: np.ndarray, state: Any) -> None:
        step = len(self._steps)
        if step > self.asking.prompts:
            return
        if reason := self.takes.refuses(self.asking, step):
            self._refuse(reason)
            return
        try:
            shown = self._user.next(prediction)
        except PromptsegError as error:
            self._end(error)
        else:
            if shown is not None:
                self._ask(shown, state)

    def _ask(self, new: Shown, state: Any) -> None:
        self._history.append(new)
        shown = together(self._history, Clicks.of(self.asking.clicks).earlier)
        if reason := self.takes.lacks(shown):
            self._refuse(reason)
        else:
            step = len(self._steps)
            self.turn = Turn(step, shown, new, state, step == self.asking.prompts)

    def _good_enough(self, prediction: np.ndarray, step: int) -> bool:
        stop = self.asking.stop
        if not stop or step < stop["prompts"]:
            return False
        counted = np.ones_like(prediction) if self.scene.ignored is None else ~self.scene.ignored
        union = np.count_nonzero((prediction | self.scene.truth) & counted)
        return bool(union) and np.count_nonzero(prediction & self.scene.truth & counted) / union >= stop["iou"]

    def _end(self, error: PromptsegError) -> None:
        self._record(Shown(), [{"z": None}], status=USER_STOPS.status(f"{self.scene.object_id}: {error}"))

    def _refuse(self, reason: str) -> None:
        self._record(Shown(), [{"z": None}], status=f"{NOT_APPLICABLE}: {reason}")

    def _record(self, new: Shown, coded: Sequence[Mapping[str, Any]], **facts: Any) -> None:
        about = {**self._about, "step": len(self._steps), "stopped": False, **facts}
        self._steps.append([about | dict(row) | (_as_row(new) if row["z"] is None else {}) for row in coded])


def _points(asking: Asking, step: int) -> float:
    """How many points a method gets at a step at least, of an object that is large enough."""
    start, clicks = Start.of(asking.start), Clicks.of(asking.clicks)
    several = {"random": start.points, "ends": 3, "grid": 9}
    first = several.get(start.place, 1) if start.prompt == "point" else 0
    if step == 0:
        return first
    if clicks.rule in ("slicewise", "every_slice"):
        return np.inf  # any number
    return 1 if clicks.earlier == "dropped" else first + step


def _as_row(shown: Shown) -> dict[str, Any]:
    """What is shown at a step, as the columns of PROTOCOL_ANSWERS have it."""
    return {
        "points": shown.points.tolist(),
        "labels": shown.labels.tolist(),
        "boxes": shown.boxes.tolist(),
        "contours": sorted(shown.masks),
    }
