"""What a method for volumes may answer: everything it returns is checked before it counts, see `answers`."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import VolumeAnswer, VolumeQuery
from promptseg.predict.answers import WrongAnswer

_STACK = "give MaskStack.of(masks) of (d, h, w) bool, all slices of the volume in order"
_PART = "MaskStack.of(masks, first, slices) of those from slice `first` on, with the number of slices of the volume"


def listed_answers(answers: object, count: int) -> list[Any]:
    """The answers to `count` queries, each of which is still to be checked.

    Raises:
        WrongAnswer: they are no list of that length, so that it cannot be told which answers which query.
    """
    expected = "give a list of VolumeAnswer, one for each query, in the order of the queries"
    asked = f"{count} {'query' if count == 1 else 'queries'}"
    if not isinstance(answers, list):
        raise WrongAnswer(f"answer returned {_kind(answers)} for {asked}", expected)
    if len(answers) != count:
        raise WrongAnswer(f"answer returned a list of {len(answers)} for {asked}", expected)
    return answers


def checked_answer(answer: object, shape: tuple[int, int, int], query: VolumeQuery) -> VolumeAnswer:
    """An answer to one query as it counts: slices that are empty left out, numbers of Python's own types.

    Args:
        shape: of the volume.

    Raises:
        WrongAnswer: it is none, of another volume, or about slices that were not asked.
    """
    if not isinstance(answer, VolumeAnswer):
        raise WrongAnswer(f"the answer is {_kind(answer)}", "give VolumeAnswer(masks)")
    masks = _masks(answer.masks, shape, query.slices)
    dropped = answer.dropped
    if isinstance(dropped, bool) or not isinstance(dropped, int) or not 0 <= dropped <= len(query.clicks):
        raise WrongAnswer(
            f"dropped is {dropped!r}, after {len(query.clicks)} clicks",
            "give the number of the query's clicks that changed nothing",
        )
    return VolumeAnswer(masks, _scores(answer.scores, query.slices), answer.state, dropped)


def _masks(masks: object, shape: tuple[int, int, int], asked: tuple[int, int]) -> MaskStack:
    if not isinstance(masks, MaskStack):
        raise WrongAnswer(f"masks are {_kind(masks)}", _STACK)
    given = tuple(masks.shape)
    if given != tuple(shape):
        raise WrongAnswer(
            f"masks have the shape {given}, the volume has (slices, rows, columns) = {tuple(shape)}",
            _advice(given, tuple(shape)),
        )
    if wrong := [z for z, code in masks.codes.items() if tuple(code["size"]) != given[1:]]:
        raise WrongAnswer(f"the mask of slice {wrong[0]} is of another size than the slices", _STACK)
    found = MaskStack(masks.shape, {z: masks.codes[z] for z in masks.slices if masks.area(z)})
    first, last = asked
    if outside := [z for z in found.slices if not first <= z <= last]:
        raise WrongAnswer(
            f"there is a mask on slice {outside[0]}, asked were slices {first} to {last}",
            "leave out what lies beyond: masks.between(*query.slices)",
        )
    return found


def _advice(given: tuple[int, ...], shape: tuple[int, ...]) -> str:
    if given != shape and given == shape[::-1]:
        return "slices come first, then rows: MaskStack.of(masks.transpose(2, 1, 0))"
    if given[1:] == shape[1:]:
        return f"give all slices, or {_PART}"
    return _STACK


def _scores(scores: object, asked: tuple[int, int]) -> dict[int, float]:
    expected = "give a dictionary of finite numbers by number of the slice, or leave it out"
    if not isinstance(scores, Mapping):
        raise WrongAnswer(f"scores are {_kind(scores)}", expected)
    try:
        found = {int(z): float(score) for z, score in scores.items()}
    except (TypeError, ValueError):
        raise WrongAnswer("scores hold something that is no number", expected) from None
    if not all(map(math.isfinite, found.values())):
        raise WrongAnswer("scores hold NaN or infinite values", expected)
    return {z: score for z, score in found.items() if asked[0] <= z <= asked[1]}


def _kind(value: object) -> str:
    if value is None:
        return "None (is a `return` missing?)"
    known = {np.ndarray: "a NumPy array", VolumeAnswer: "one VolumeAnswer", MaskStack: "a MaskStack"}
    return known.get(type(value), f"of type {type(value).__name__}")
