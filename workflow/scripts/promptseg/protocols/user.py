"""The simulated user of a preset."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.protocols.blocks import Clicks, Start
from promptseg.protocols.draws import Draws
from promptseg.protocols.rules import rule_of
from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.starts import first_prompt


class User:
    """The simulated user of a preset in front of one object. Steps are asked for in order.

    Args:
        start, clicks: the two blocks of the preset, see preset_start.schema.yaml and preset_clicks.schema.yaml; keys
            that are missing have their defaults.
        seed: of the run, for blocks with `seed: run`.
    """

    def __init__(self, start: Mapping[str, Any], clicks: Mapping[str, Any], scene: Scene, seed: int) -> None:
        self._scene, self._start = scene, Start.of(start)
        self._draws = Draws(self._start.seed, seed, scene.object_id)
        block = Clicks.of(clicks)
        draws = self._draws if block.reseed == "never" else Draws(block.seed, seed, scene.object_id)
        self._rule = rule_of(block, scene, draws)

    def start(self) -> Shown | None:
        """The first prompt; None if there is none: the prediction is empty, and the method is not asked."""
        shown = first_prompt(self._scene, self._start, self._draws)
        self._rule.started(shown)
        return shown

    def next(self, prediction: np.ndarray) -> Shown | None:
        """What the user adds, or None if nothing is left to say.

        Args:
            prediction: (d, h, w) bool, the answer to what was shown so far; empty if that is nothing.
        """
        return self._rule.next(prediction)
