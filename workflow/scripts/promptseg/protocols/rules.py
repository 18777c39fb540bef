"""The rules of the block `clicks`: what the user shows after the first prompt."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from promptseg.protocols.blocks import Clicks
from promptseg.protocols.deepest import Deepest, Likely
from promptseg.protocols.draws import Draws
from promptseg.protocols.planned import Planned
from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.slicewise import EverySlice, Slicewise


class Rule(Protocol):
    """A rule in front of one object."""

    def started(self, shown: Shown | None) -> None:
        """Takes note of the first prompt."""

    def next(self, prediction: np.ndarray) -> Shown | None:
        """What is shown after a (d, h, w) bool prediction; None: nothing."""


class Silent:
    """Nothing is shown after the first prompt."""

    def __init__(self, block: Clicks, scene: Scene, draws: Draws) -> None:
        pass

    def started(self, shown: Shown | None) -> None:
        """Says nothing."""

    def next(self, prediction: np.ndarray) -> Shown | None:
        """Nothing."""


_RULES: Mapping[str, Callable[[Clicks, Scene, Draws], Rule]] = {
    "none": Silent,
    "deepest": Deepest,
    "likely": Likely,
    "planned": Planned,
    "slicewise": Slicewise,
    "every_slice": EverySlice,
}


def rule_of(block: Clicks, scene: Scene, draws: Draws) -> Rule:
    """The rule of a block, for one object."""
    return _RULES[block.rule](block, scene, draws)
