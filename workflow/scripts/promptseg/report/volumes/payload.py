"""What the page of a volume knows of it: slices as pictures, masks as run-length codes, what was shown and said."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from promptseg.core.lines import closed
from promptseg.core.masks import decode, encode
from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import SlicePrompt, Slices

SIDE = 384  # pixels of the longer side of a slice at most; larger ones are shown smaller


@dataclass(frozen=True)
class Answer:
    """The masks that one method gave an object in one setting.

    Attributes:
        title: method, route and setting, for people.
        prompted: slices on which the user showed something.
        prompts: what was shown there.
        dice: over the volume; None where there is no score.
        beyond: mm, or slices, beyond the object's ends; None where the object has no end inside the volume.
        status: `ok`, or why there is no mask.
    """

    title: str
    masks: MaskStack
    prompted: Sequence[int] = ()
    prompts: Sequence[SlicePrompt] = ()
    dice: float | None = None
    beyond: float | None = None
    status: str = "ok"


@dataclass(frozen=True)
class Shown:
    """An object and all answers about it."""

    title: str
    truth: MaskStack
    answers: Sequence[Answer] = field(default_factory=list)


def payload(volume: Slices, positions: Sequence[float] | None, objects: Sequence[Shown]) -> dict[str, Any]:
    """What `viewer.js` shows, as JSON.

    The slices are those with a truth or an answer, and one more on either side; all numbers of slices count from there.

    Args:
        volume: its pixels.
        positions: of all its slices in mm, or None if unknown.
        objects: at least one.
    """
    first, last = _reach(volume.shape[0], objects)
    factor = -(-max(volume.shape[1:]) // SIDE)
    spacing = volume.spacing or (1.0, 1.0, 1.0)
    pictures = [
        _reduced(volume.pixels(z).mean(axis=2).round().astype(np.uint8), factor) for z in range(first, last + 1)
    ]
    found = [_object(one, first, last, factor) for one in objects]
    return {
        "shape": [len(pictures), *pictures[0].shape],
        "spacing": [spacing[0], spacing[1] * factor, spacing[2] * factor],
        "known": positions is not None,
        "positions": list(range(first, last + 1)) if positions is None else list(positions[first : last + 1]),
        "first": first,
        "factor": factor,
        "slices": [_uri(picture) for picture in pictures],
        "objects": found,
        "start": found[0]["at"],
    }


def _reach(depth: int, objects: Sequence[Shown]) -> tuple[int, int]:
    stacks = [stack for one in objects for stack in (one.truth, *(answer.masks for answer in one.answers))]
    slices = [z for stack in stacks for z in stack.codes]
    return max(0, min(slices) - 1), min(depth - 1, max(slices) + 1)


def _reduced(picture: np.ndarray, factor: int) -> np.ndarray:
    """(h, w) uint8 in one `factor`-th of the size, rounded up."""
    if factor == 1:
        return picture
    size = (-(-picture.shape[1] // factor), -(-picture.shape[0] // factor))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _codes(stack: MaskStack, first: int, last: int, factor: int) -> dict[int, str]:
    """Run lengths of each slice that is not empty, by its number among those shown."""
    found: Mapping[int, dict[str, Any]] = {z: code for z, code in stack.codes.items() if first <= z <= last}
    if factor > 1:
        found = {z: encode(_reduced(255 * decode(code).astype(np.uint8), factor) > 127) for z, code in found.items()}
    return {z - first: code["counts"] for z, code in sorted(found.items())}


def _object(one: Shown, first: int, last: int, factor: int) -> dict[str, Any]:
    middle = max(one.truth.codes, key=lambda z: (one.truth.area(z), -z))
    rows, columns = np.nonzero(one.truth.slice(middle))
    at = {"z": middle - first, "y": int(np.median(rows)) // factor, "x": int(np.median(columns)) // factor}
    return {
        "title": one.title,
        "truth": _codes(one.truth, first, last, factor),
        "at": at,
        "answers": [
            {
                "title": answer.title,
                "codes": _codes(answer.masks, first, last, factor),
                "prompted": [z - first for z in answer.prompted],
                "prompts": [mark for shown in answer.prompts for mark in _marks(shown, first)],
                "dice": answer.dice,
                "beyond": answer.beyond,
                "status": answer.status,
            }
            for answer in one.answers
        ],
    }


def _marks(shown: SlicePrompt, first: int) -> list[dict[str, Any]]:
    """Box, points and lines in pixels of the slice; a contour that was drawn is the truth, which is shown anyway."""
    if shown.prompt is None:
        return []
    place = {"z": shown.z - first}
    boxes = [] if shown.prompt.box is None else [{**place, "box": shown.prompt.box.tolist()}]
    points = zip(shown.prompt.points.tolist(), shown.prompt.labels.tolist(), strict=True)
    drawn = [scribble.line for scribble in shown.prompt.scribbles]
    drawn += [] if shown.prompt.lasso is None else [closed(shown.prompt.lasso)]
    lines = [{**place, "line": line.tolist()} for line in drawn]
    return [*boxes, *lines, *({**place, "point": point, "label": label} for point, label in points)]


def _uri(picture: np.ndarray) -> str:
    done, content = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert done
    return "data:image/png;base64," + base64.b64encode(content.tobytes()).decode("ascii")
