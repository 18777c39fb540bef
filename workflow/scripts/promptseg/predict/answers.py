"""What a method may answer: everything it returns is checked before it counts.

Masks of probabilities, say, would be cut to 0 when they are coded, and score 0 without a word. Only masks that are not
bool have their values looked at, so that checking costs next to nothing (tests/benchmarks/answers.py). What is made
when it is asked for (`LazyArray`) is ours and is not made for that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from promptseg.core.lazy import LazyArray
from promptseg.methods import Candidates, Proposals

_MASKS = "give (k, h, w) masks of the image's size, as masks[None] for a single one"


class WrongAnswer(Exception):  # noqa: N818 - what is wrong is not the program's error
    """An answer that does not count.

    Args:
        what: is wrong with it.
        expected: what it should have been, and how to get there.
    """

    def __init__(self, what: str, expected: str):
        super().__init__(f"{what}; {expected}")
        self.what, self.expected = what, expected


@dataclass(frozen=True)
class Listed:
    """What a method of a class returns several of.

    Attributes:
        name: of the method.
        expected: what it should return.
        asked: what it was handed, one and several.
    """

    name: str
    expected: str
    asked: tuple[str, str]


PREDICTED = Listed(
    "predict", "give a list of Candidates, one for each query, in the order of the queries", ("query", "queries")
)
ENCODED = Listed(
    "encode_all", "give a list of what `encode` returns for each image, in their order", ("image", "images")
)


def listed(answers: object, count: int, what: Listed = PREDICTED) -> list[Any]:
    """The answers to `count` queries, each of which is still to be `checked`, or what was encoded of as many images.

    Raises:
        WrongAnswer: they are no list of that length, so that it cannot be told which answers which query.
    """
    if isinstance(answers, Iterator):  # `yield` in place of a list says the same
        answers = list(answers)
    asked = _number(count, *what.asked)
    if not isinstance(answers, (list, tuple)):
        raise WrongAnswer(f"{what.name} returned {_kind(answers)} for {asked}", what.expected)
    if len(answers) != count:
        raise WrongAnswer(
            f"{what.name} returned {_number(len(answers), 'answer', 'answers')} to {asked}", what.expected
        )
    return list(answers)


def checked(answer: object, size: tuple[int, int], most: int) -> Candidates:
    """An answer to one query as it counts: masks bool, scores, stability, soft_dice and probabilities float32.

    Args:
        size: (h, w) of the image.
        most: how many masks the class declares (`Method.candidates`).

    Raises:
        WrongAnswer: it is none.
    """
    if not isinstance(answer, Candidates):
        raise WrongAnswer(f"the answer is {_kind(answer)}", "give Candidates(masks, scores, states)")
    masks = _masks(answer.masks, size, most)
    count = len(masks)
    scores = None if answer.scores is None else _numbers("scores", answer.scores, count)
    if answer.states is not None:
        if not hasattr(answer.states, "__len__"):
            raise WrongAnswer(f"states are {_kind(answer.states)}", "give a list with one state for each mask, or None")
        if len(answer.states) != count:
            raise WrongAnswer(
                f"there are {len(answer.states)} states for {_number(count, 'mask', 'masks')}",
                "give one state for each mask, or None",
            )
    more = {
        name: None if (values := getattr(answer, name)) is None else _numbers(f"{name} values", values, count)
        for name in ("stability", "soft_dice")
    }
    return Candidates(masks, scores, answer.states, **more, probabilities=_probabilities(answer.probabilities, masks))


def checked_proposals(found: object, size: tuple[int, int]) -> Proposals:
    """The masks of the mode `everything`, as they count: scores and stability float32.

    Raises:
        WrongAnswer: they are none.
    """
    if not isinstance(found, Proposals):
        raise WrongAnswer(f"what everything returned is {_kind(found)}", "give Proposals(codes, scores, stability)")
    expected = "give a list with promptseg.core.masks.encode(mask) of each (h, w) bool mask"
    if not isinstance(found.codes, (list, tuple)):
        raise WrongAnswer(f"codes are {_kind(found.codes)}", expected)
    for code in found.codes:
        if not (isinstance(code, dict) and {"size", "counts"} <= set(code)):
            raise WrongAnswer(f"a code is {_kind(code)}", expected)
        if tuple(code["size"]) != size:
            raise WrongAnswer(
                f"a code is of a mask of {_sides(code['size'])} pixels, the image has {_sides(size)}", _MASKS
            )
    count = len(found.codes)
    return Proposals(
        found.codes, _numbers("scores", found.scores, count), _numbers("stability values", found.stability, count)
    )


def require_bytes(packed: object) -> bytes:
    """What `Method.pack` returned.

    Raises:
        WrongAnswer: it is no bytes.
    """
    if not isinstance(packed, bytes):
        raise WrongAnswer(f"pack returned {_kind(packed)}", "give bytes, e.g. safetensors.torch.save({'it': tensor})")
    return packed


def _masks(masks: object, size: tuple[int, int], most: int) -> np.ndarray:
    """(k, h, w) bool of what a method gave as masks."""
    if not isinstance(masks, np.ndarray | LazyArray):
        raise WrongAnswer(f"masks are {_kind(masks)}", _to_array("masks", masks))
    if len(masks.shape) != 3 or masks.shape[1:] != size:
        raise WrongAnswer(
            f"masks have the shape {masks.shape}, the image has (h, w) = {size}", _advice(masks.shape, size)
        )
    if not 1 <= len(masks) <= most:
        raise WrongAnswer(
            f"there are {len(masks)} masks, the class declares candidates = {most}",
            f"give at least 1 and at most {most}, an empty mask where nothing is found, or correct `candidates`",
        )
    return cast(np.ndarray, masks) if masks.dtype == bool else _as_bool(np.asarray(masks))


def _probabilities(values: object, masks: np.ndarray) -> np.ndarray | None:
    """(k, h, w) float32 of what a method gave as probabilities of its masks."""
    if values is None or isinstance(values, LazyArray):
        return cast(np.ndarray | None, values)
    expected = "give (k, h, w) floats from 0 to 1, as many as masks, or None"
    if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
        kind = values.dtype if isinstance(values, np.ndarray) else _kind(values)
        raise WrongAnswer(f"probabilities are {kind}", expected)
    if values.shape != masks.shape:
        raise WrongAnswer(f"probabilities have the shape {values.shape}, the masks have {masks.shape}", expected)
    if not ((values >= 0) & (values <= 1)).all():
        raise WrongAnswer("probabilities are not all from 0 to 1", expected)
    return values.astype(np.float32, copy=False)


def _advice(shape: tuple[int, ...], size: tuple[int, int]) -> str:
    """How masks of a wrong shape become right ones."""
    height, width = size
    if shape == size:
        return "give (k, h, w): masks[None] of a single one"
    if height != width and shape[-2:] == (width, height):
        return "rows come first: give (k, h, w), as masks.transpose(0, 2, 1)"
    if len(shape) == 3 and shape[:2] == size:
        return "give (k, h, w): masks.transpose(2, 0, 1)"
    if len(shape) == 4 and shape[-2:] == size and 1 in shape[:2]:
        return "give (k, h, w): masks[0] without the axis of the batch, or masks[:, 0] without that of the channels"
    if len(shape) == 3:
        return "scale the network's output back to the image's size before it is thresholded"
    return _MASKS


def _as_bool(masks: np.ndarray) -> np.ndarray:
    """The bool masks that numbers which are exactly 0 and 1 stand for."""
    if masks.dtype.kind not in "iuf":
        raise WrongAnswer(f"masks are {masks.dtype}", "give bool")
    if bool(((masks == 0) | (masks == 1)).all()):
        return masks.astype(bool)
    if not np.isfinite(masks).all():
        raise WrongAnswer(f"masks are {masks.dtype} and hold NaN or infinite values", "give bool, or exactly 0 and 1")
    low, high = (f"{value:.3g}" if masks.dtype.kind == "f" else str(value) for value in (masks.min(), masks.max()))
    threshold = "0.5" if masks.min() >= 0 and masks.max() <= 1 else "0"
    raise WrongAnswer(
        f"masks are {masks.dtype} between {low} and {high}",
        f"give bool, or exactly 0 and 1: threshold them, e.g. masks > {threshold}",
    )


def _numbers(name: str, values: object, count: int) -> np.ndarray:
    """(count,) float32 of one finite number for each mask."""
    if isinstance(values, LazyArray):
        return cast(np.ndarray, values)
    if _is_tensor(values):
        raise WrongAnswer(f"{name} are {_kind(values)}", _to_array(name, values))
    expected = f"give {_number(count, 'finite number', 'finite numbers')}, one for each mask, or None"
    try:
        numbers = np.asarray(values, np.float32)
    except (TypeError, ValueError):
        raise WrongAnswer(f"{name} are {_kind(values)}", expected) from None
    if numbers.shape != (count,):
        raise WrongAnswer(f"{name} have the shape {numbers.shape} for {_number(count, 'mask', 'masks')}", expected)
    if not np.isfinite(numbers).all():
        raise WrongAnswer(f"{name} hold NaN or infinite values", expected)
    return numbers


def _is_tensor(value: object) -> bool:
    return type(value).__module__.split(".")[0] == "torch"


def _to_array(name: str, value: object) -> str:
    if _is_tensor(value):
        return f"give a NumPy array: {name}.cpu().numpy()"
    return f"give a NumPy array: np.asarray({name})"


def _kind(value: object) -> str:
    if value is None:
        return "None (is a `return` missing?)"
    if _is_tensor(value):
        return f"a torch {type(value).__name__.lower()}"
    return {np.ndarray: "a NumPy array", Candidates: "one Candidates"}.get(
        type(value), f"of type {type(value).__name__}"
    )


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _sides(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
