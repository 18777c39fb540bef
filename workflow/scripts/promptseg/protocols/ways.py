"""How what a user of a preset shows becomes masks of a volume: the first route of its declaration that a method has."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from promptseg.core.routes import CARRY_BOX, CARRY_MASK, CARRY_POINT, EACH, MASK
from promptseg.core.vocabulary import EVERYTHING
from promptseg.methods import Method, Prompt
from promptseg.methods.volume import SlicePrompt, VolumeMethod
from promptseg.predict.abilities import Abilities
from promptseg.predict.plan import feeds_back
from promptseg.predict.volume_abilities import slice_routes
from promptseg.prompts.clicks import Protocol
from promptseg.protocols.loop import Asking, Takes
from promptseg.protocols.showing import Shown
from promptseg.volumes.routes.answering import Manner
from promptseg.volumes.routes.questions import Question
from promptseg.volumes.routes.steps import Steps
from promptseg.volumes.routes.trail import Shown as ShownOnSlice
from promptseg.volumes.routes.trail import Trail

_AT_ONCE = 8  # slices of an object whose masks are in memory together


@dataclass(frozen=True)
class Way:
    """A route of one method under one preset.

    Attributes:
        route: of core.routes; empty where the method has none of those of the preset.
        takes: what the method takes on it.
        several: whether first prompts may lie on more than one slice.
        manner: how a method for images is asked.
    """

    route: str
    takes: Takes
    several: bool = True
    manner: Manner | None = None


def way_of(method: Method | VolumeMethod, tracker: VolumeMethod | None, asking: Asking) -> Way:
    """The first route of a preset that a method has.

    Args:
        tracker: what tracks with the weights of a method for images, if anything does.
    """
    for_volumes = {one.route: one for one in (method, tracker) if isinstance(one, VolumeMethod)}
    on_slices = [] if isinstance(method, VolumeMethod) else slice_routes(method, method.settings.off_label)
    for route in asking.route:
        if route in for_volumes:
            return _whole(for_volumes[route], asking)
        if route in on_slices and not isinstance(method, VolumeMethod):
            return _sliced(method, route, asking)
    return Way("", Takes(frozenset(), not_at_all=f"the method has none of the routes {', '.join(asking.route)}"))


def _whole(method: VolumeMethod, asking: Asking) -> Way:
    if asking.begin == "mask" and MASK not in method.prompt_types:
        return Way(
            method.route, Takes(frozenset(), not_at_all="the method takes no contours, with which it is to begin")
        )
    later = "" if method.corrects else "the method takes no corrective clicks"
    if not later and asking.clicks.get("earlier") == "dropped":
        later = f"on the route {method.route} earlier prompts stay"
    if not later and asking.feedback == "none":
        later = f"on the route {method.route} a method always goes on from its masks"
    return Way(method.route, Takes(method.prompt_types, not_later=later), method.several_slices)


def _sliced(method: Method, route: str, asking: Asking) -> Way:
    found, kinds = Abilities.of(method), Abilities.of(method).prompt_types - {EVERYTHING}
    later = ""
    if route != EACH and asking.clicks.get("earlier") == "dropped":
        later = f"on the route {route} earlier prompts stay"
    shown = {CARRY_BOX: {"box"}, CARRY_POINT: {"point"}, CARRY_MASK: kinds | {"mask"}}
    # What comes after the first prompt are points on every route.
    kinds = kinds & (shown.get(route, kinds) | {"point"}) | (shown.get(route, set()) & {"mask"})
    if route in (CARRY_BOX, CARRY_POINT) and asking.first not in ("none", *shown[route]):
        return Way(route, Takes(kinds, not_at_all=f"the route {route} does not begin with a {asking.first}"))
    fed = Protocol(mask_feedback="logits") if asking.feedback == "keep" else Protocol(previous_mask="reset")
    manner = Manner(asking.selection, asking.multimask, feeds_back(method, fed))
    negatives = method.negative_points or method.settings.off_label
    return Way(route, Takes(kinds, negatives, found.max_points, not_later=later), manner=manner)


def by_slice(shown: Shown, slices: Iterable[int] | None = None) -> dict[int, SlicePrompt]:
    """What is shown on each slice; a box over several slices is shown on each of them.

    Args:
        slices: only these; None for all.
    """
    wanted = shown.slices if slices is None else sorted(slices)
    return {z: _on(shown, z) for z in wanted}


def _on(shown: Shown, z: int) -> SlicePrompt:
    if z in shown.masks:
        return SlicePrompt(z, mask=shown.masks[z])
    here = shown.points[:, 0] == z
    points = np.ascontiguousarray(shown.points[here][:, :0:-1], np.int32)
    boxes = shown.boxes[(shown.boxes[:, 0] <= z) & (z <= shown.boxes[:, 3])]
    box = np.ascontiguousarray(boxes[0, [2, 1, 5, 4]], np.int32) if len(boxes) else None
    return SlicePrompt(z, Prompt(points, shown.labels[here].astype(np.int8), box))


def several_boxes(shown: Shown) -> bool:
    """Whether a slice has more than one box."""
    where = [z for box in shown.boxes for z in range(int(box[0]), int(box[3]) + 1)]
    return len(where) > len(set(where))


def first_and_rest(shown: Shown) -> tuple[list[SlicePrompt], list[SlicePrompt]]:
    """The slices on which something is shown of the object, and the points of the others as clicks.

    "Not the object", on a slice of which nothing else is said, is no prompt to begin with.
    """
    prompts = by_slice(shown)
    begins = {
        z for z, one in prompts.items() if one.prompt is None or one.prompt.box is not None or one.prompt.labels.any()
    }
    first = [one for z, one in prompts.items() if z in begins]
    return first, [click for click in clicks_of(shown) if click.z not in begins]


def clicks_of(shown: Shown) -> Iterator[SlicePrompt]:
    """Points as clicks, one after the other."""
    for (z, y, x), label in zip(shown.points.tolist(), shown.labels.tolist(), strict=True):
        yield SlicePrompt(z, Prompt(np.array([[x, y]], np.int32), np.array([label], np.int8)))


def anew(
    known: Trail | None, prompts: Sequence[SlicePrompt], states: dict[int, Any], size: tuple[int, int]
) -> Steps[Trail]:
    """Slices by themselves: those with something new are asked, the others keep their masks.

    Args:
        known: the answer before.
        prompts: of the slices that are asked, with all that is shown there.
        states: of the masks of slices, by which the method goes on; those of the new ones replace them.
        size: (h, w) of slices.
    """
    trail = Trail(size) if known is None else known.copy()
    for start in range(0, len(prompts), _AT_ONCE):
        some = [(one.z, one.prompt) for one in prompts[start : start + _AT_ONCE] if one.prompt is not None]
        answers = yield [Question(z, prompt, None, states.get(z)) for z, prompt in some]
        for (z, prompt), answer in zip(some, answers, strict=True):
            trail.took(z, answer)
            trail.put(z, ShownOnSlice(prompt), answer)
            states[z] = answer.state
    return trail
