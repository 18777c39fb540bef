"""Which of several objects has a pixel that the masks of all of them hold.

Objects that truly overlap, a tumour and its organ, do not exclude each other and take nothing from one another. An
image is a volume of one slice.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack

LARGEST_PROBABILITY, LARGEST_SCORE = "largest_probability", "largest_score"
FIRST_WINS, LAST_WINS = "first_wins", "last_wins"
RULES = (LARGEST_PROBABILITY, LARGEST_SCORE, FIRST_WINS, LAST_WINS)

# Of an object on a slice: a number, or (h, w) of them, where the larger one wins, and the earlier object of equals.
Priority: TypeAlias = Callable[[str, int], float | np.ndarray]


@dataclass(frozen=True)
class Wanted:
    """What is made of the masks of a method.

    Attributes:
        rules: of RULES.
        folder: for label maps; None for none.
    """

    rules: Sequence[str]
    folder: Path | None = None


def by_order(masks: Mapping[str, MaskStack], rule: str) -> Priority:
    """The priority of `first_wins` or `last_wins` in the order of the masks."""
    sign = 1 if rule == LAST_WINS else -1
    places = {name: sign * place for place, name in enumerate(masks)}
    return lambda name, _: places[name]


def compose(
    masks: Mapping[str, MaskStack], others: Mapping[str, Collection[str]], priority: Priority
) -> dict[str, MaskStack]:
    """The masks without the pixels that another object wins.

    Args:
        masks: by object, in the order by which equals are told apart.
        others: the objects that exclude each one, see `conflicts.apart`.
    """
    places = {name: place for place, name in enumerate(masks)}

    def beats(rival: str, name: str, z: int) -> np.ndarray:
        theirs, own = priority(rival, z), priority(name, z)
        wins: np.ndarray = np.greater(theirs, own) | (np.equal(theirs, own) & (places[rival] < places[name]))
        return wins & masks[rival].slice(z)

    found = {}
    for name, mask in masks.items():
        codes = dict(mask.codes)
        for z in mask.codes:
            rivals = [rival for rival in others[name] if rival in masks and mask.shared(masks[rival], z)]
            if rivals:
                left = mask.slice(z) & ~np.logical_or.reduce([beats(rival, name, z) for rival in rivals])
                codes[z] = encode(left)
                if not left.any():
                    del codes[z]
        found[name] = MaskStack(mask.shape, codes)
    return found


def layered(masks: Mapping[str, MaskStack], values: Mapping[str, int], z: int) -> np.ndarray:
    """(h, w) label map of slice `z`, uint8, or uint16 for values above 255.

    Args:
        masks: composed ones. Of two that truly overlap the one with the larger value is written over the other.
        values: of each object in the map.
    """
    shape = next(iter(masks.values())).shape[1:]
    found = np.zeros(shape, np.uint8 if max(values.values()) < 256 else np.uint16)
    for name in sorted(masks, key=lambda name: values[name]):
        found[masks[name].slice(z)] = values[name]
    return found
