"""What a route knows of an object: the masks of its slices so far, and what each of them was asked with."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from promptseg.core import masks
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Prompt
from promptseg.methods.volume import SlicePrompt
from promptseg.volumes.routes.questions import Code, Question, SliceAnswer
from promptseg.volumes.routes.steps import Steps


@dataclass(frozen=True)
class Shown:
    """What a method is shown on a slice.

    Attributes:
        prompt: without the clicks; None where there is none.
        before: code of a mask that is part of it.
        clicks: corrective ones, one point each.
    """

    prompt: Prompt | None = None
    before: Code | None = None
    clicks: tuple[Prompt, ...] = ()

    def question(self, z: int, clicks: int | None = None, state: Any = None) -> Question:
        """What is asked, with the first so many clicks, all if None; a `state` takes the place of the mask."""
        shown = [*([self.prompt] if self.prompt else []), *self.clicks[:clicks]]
        points = np.concatenate([prompt.points for prompt in shown])
        labels = np.concatenate([prompt.labels for prompt in shown])
        box = self.prompt.box if self.prompt else None
        return Question(z, Prompt(points, labels, box), self.before if state is None else None, state)


_NOTHING = Shown()


@dataclass
class Trail:
    """The answer to one query in the making.

    Attributes:
        anchors: slices that the user prompted or clicked.
        shown: what each slice with an answer was asked with.
        codes, scores: of the slices whose masks are not empty.
        seconds: that the method took.
        asked: slices that were asked about, also those dropped again.
        dropped: clicks that were of no use.
    """

    shape: tuple[int, int]
    anchors: set[int] = field(default_factory=set)
    shown: dict[int, Shown] = field(default_factory=dict)
    codes: dict[int, dict[str, Any]] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    seconds: float = 0.0
    asked: set[int] = field(default_factory=set)
    dropped: int = 0

    def copy(self) -> "Trail":
        """To go on from, with no seconds yet."""
        return replace(
            self,
            anchors=set(self.anchors),
            shown=dict(self.shown),
            codes=dict(self.codes),
            scores=dict(self.scores),
            seconds=0.0,
            asked=set(),
        )

    def put(self, z: int, shown: Shown, answer: SliceAnswer) -> None:
        """The answer that counts for a slice."""
        self.forget([z])
        self.shown[z] = shown
        if answer.code is not None:
            self.codes[z] = answer.code
            if answer.score is not None:
                self.scores[z] = answer.score

    def took(self, z: int, answer: SliceAnswer) -> None:
        """A slice was asked about."""
        self.asked.add(z)
        self.seconds += answer.seconds

    def forget(self, slices: Iterable[int]) -> None:
        """As if these slices had not been answered."""
        for z in slices:
            for known in (self.shown, self.codes, self.scores):
                known.pop(z, None)

    def mask(self, z: int) -> np.ndarray:
        """(h, w) bool."""
        return masks.decode(self.codes[z]) if z in self.codes else np.zeros(self.shape, bool)

    def stack(self, slices: int) -> MaskStack:
        """The masks of a volume with so many slices."""
        return MaskStack((slices, *self.shape), dict(sorted(self.codes.items())))


def clicked(trail: Trail, click: SlicePrompt, feeds_back: bool) -> Steps[bool]:
    """Answer the slice of a click anew, with all that it was shown before and the click. Returns whether it was used.

    Args:
        feeds_back: the method builds on its answer before the click, as click models do in two dimensions. Such
            answers are not kept: they are asked for again.
    """
    assert click.prompt is not None
    z, before = click.z, trail.shown.get(click.z, _NOTHING)
    if before is _NOTHING and not click.prompt.labels.any():
        trail.dropped += 1  # "not here", on a slice of which nothing was said
        return False
    shown = replace(before, clicks=(*before.clicks, click.prompt))
    state = None
    for clicks in range(int(before.prompt is None), len(before.clicks) + 1) if feeds_back else ():
        (answer,) = yield [shown.question(z, clicks, state)]
        trail.took(z, answer)
        state = answer.state
    (answer,) = yield [shown.question(z, state=state)]
    trail.took(z, answer)
    trail.put(z, shown, answer)
    trail.anchors.add(z)
    return True
