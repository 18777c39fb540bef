"""The answer of a slice becomes the prompt of the next, as in micro_sam's `segment_mask_in_volume`.

From the outermost prompted slices masks go outwards: to the ends of the object where they are given; else until one is
empty or overlaps too little with that of the slice before (it is dropped). Between two prompted slices they come from
both sides without a threshold and meet in the middle; a slice that is equally far from both is shown the union of its
neighbours. Where a mask inside is empty, the next slice is shown what that slice was shown: the user has said that the
object goes on. (micro_sam carries an empty mask on, RadioActive ends there.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from promptseg.core.masks import encode, iou, tight_box
from promptseg.core.routes import CARRY_MASK, CARRY_POINT
from promptseg.methods.volume import SlicePrompt, VolumeQuery
from promptseg.prompts.modes import deepest_in
from promptseg.volumes.routes.questions import SliceAnswer
from promptseg.volumes.routes.showing import box_prompt, point_prompt
from promptseg.volumes.routes.steps import Steps, together
from promptseg.volumes.routes.trail import Shown, Trail, clicked


@dataclass(frozen=True)
class Carrier:
    """How a mask is handed on.

    Attributes:
        route: `carry_box`, `carry_point` or `carry_mask`.
        boxes: whether the method takes boxes. With the mask goes its box, as in micro_sam, or its deepest pixel, which
            click models need.
        grow: share of its sides by which a box is enlarged on each side.
        stop_iou: where the ends are open, a mask that overlaps less with that of the slice before is dropped.
    """

    route: str
    boxes: bool = True
    grow: float = 0.05
    stop_iou: float = 0.3

    def show(self, mask: np.ndarray) -> Shown:
        """What the next slice is shown of an (h, w) bool mask with a pixel in it."""
        if self.route == CARRY_POINT or (self.route == CARRY_MASK and not self.boxes):
            prompt = point_prompt(*deepest(mask))
        else:
            prompt = box_prompt(grown(tight_box(mask), mask.shape, self.grow))
        return Shown(prompt, encode(mask) if self.route == CARRY_MASK else None)


def grown(box: tuple[int, int, int, int], size: tuple[int, ...], share: float) -> tuple[int, int, int, int]:
    """A box enlarged on each side by a share of its length, rounded, and by 1 pixel at least unless the share is 0.

    Args:
        box: XYXY, inclusive; so is what is returned.
        size: (h, w) of the image, which it does not leave.
    """
    x0, y0, x1, y1 = box
    along, down = (max(1, round(share * side)) if share else 0 for side in (x1 - x0 + 1, y1 - y0 + 1))
    return max(x0 - along, 0), max(y0 - down, 0), min(x1 + along, size[1] - 1), min(y1 + down, size[0] - 1)


def deepest(mask: np.ndarray) -> tuple[int, int]:
    """(x, y) of the pixel farthest from the border of the mask, the first of equals: nothing here is drawn."""
    x, y = deepest_in(mask, "exact").pixels[0]
    return int(x), int(y)


def carry(query: VolumeQuery, carrier: Carrier, size: tuple[int, int]) -> Steps[Trail]:
    """The answer to the first prompts of a query.

    Args:
        size: (h, w) of slices.
    """
    trail = Trail(size)
    asked = {one.z: Shown(one.prompt) for one in query.prompts if one.mask is None}
    answers = yield [shown.question(z) for z, shown in asked.items()]
    for (z, shown), answer in zip(asked.items(), answers, strict=True):
        trail.took(z, answer)
        trail.put(z, shown, answer)
    for one in query.prompts:
        if one.mask is not None:
            answer = SliceAnswer.of(one.mask)
            trail.put(one.z, Shown(before=answer.code), answer)
    order = [one.z for one in query.prompts]
    trail.anchors |= set(order)
    yield from _fill(trail, query, carrier, [None, *order, None])
    return trail


def carry_on(
    query: VolumeQuery, carrier: Carrier, known: Trail, click: SlicePrompt, *, feeds_back: bool
) -> Steps[Trail]:
    """The answer after one more click: its slice is answered anew, and carried on from there, outwards or as far as to
    the next slice that the user prompted or clicked.

    Args:
        known: the answer before it.
        feeds_back: see `trail.clicked`.
    """
    trail = known.copy()
    if (yield from clicked(trail, click, feeds_back)):
        below = max((z for z in trail.anchors if z < click.z), default=None)
        above = min((z for z in trail.anchors if z > click.z), default=None)
        first = query.slices[0] if below is None else below + 1
        last = query.slices[1] if above is None else above - 1
        trail.forget(z for z in range(first, last + 1) if z != click.z)
        yield from _fill(trail, query, carrier, [below, click.z, above])
    return trail


def _fill(trail: Trail, query: VolumeQuery, carrier: Carrier, anchors: Sequence[int | None]) -> Steps[None]:
    """Carry masks into the slices between neighbours of a list; None stands for where the query ends."""
    parts = []
    for below, above in pairwise(anchors):
        if below is not None and above is not None:
            parts.append(_meet(trail, carrier, below, above))
        elif above is not None:
            parts.append(_outwards(trail, query, carrier, above, range(above - 1, query.slices[0] - 1, -1)))
        elif below is not None:
            parts.append(_outwards(trail, query, carrier, below, range(below + 1, query.slices[1] + 1)))
    yield from together(parts)


def _outwards(trail: Trail, query: VolumeQuery, carrier: Carrier, start: int, slices: Iterable[int]) -> Steps[None]:
    yield from _walk(trail, _Place.at(trail, start), carrier, slices, None if query.given else carrier.stop_iou)


def _meet(trail: Trail, carrier: Carrier, below: int, above: int) -> Steps[None]:
    half, odd = divmod(above - below - 1, 2)
    up, down = yield from together(
        [
            _walk(trail, _Place.at(trail, below), carrier, range(below + 1, below + 1 + half), None),
            _walk(trail, _Place.at(trail, above), carrier, range(above - 1, above - 1 - half, -1), None),
        ]
    )
    if odd:
        known = [place.mask for place in (up, down) if place.mask is not None]
        both = _Place(np.logical_or.reduce(known) if known else None, up.shown)
        yield from _walk(trail, both, carrier, [below + 1 + half], None)


@dataclass(frozen=True)
class _Place:
    """Where a walk stands.

    Attributes:
        mask: of the slice; None if it is empty.
        shown: what it was shown.
    """

    mask: np.ndarray | None
    shown: Shown

    @classmethod
    def at(cls, trail: Trail, z: int) -> "_Place":
        """On a slice that has its answer."""
        return cls(trail.mask(z) if z in trail.codes else None, trail.shown[z])


def _walk(trail: Trail, here: _Place, carrier: Carrier, slices: Iterable[int], stop: float | None) -> Steps[_Place]:
    """From one slice to the next.

    Args:
        stop: IoU below which a mask is dropped, which ends the walk, as an empty one does; None: it goes on to the end.
    """
    for z in slices:
        if here.mask is None and stop is not None:
            return here
        shown = here.shown if here.mask is None else carrier.show(here.mask)
        (answer,) = yield [shown.question(z)]
        trail.took(z, answer)
        if stop is not None and (answer.code is None or here.mask is None or iou(answer.mask, here.mask) < stop):
            return here
        trail.put(z, shown, answer)
        here = _Place(None if answer.code is None else answer.mask, shown)
    return here
