"""Whole loops of a preset against recorded ones: every click until the program stops, with a stand-in for the model."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.config.presets import asking
from promptseg.parity.comparison import Comparison
from promptseg.parity.packed import Packed
from promptseg.protocols.loop import Asking, Course, Takes
from promptseg.protocols.showing import Scene

# Calls of the recorded runs that differ from the preset: what stops them, and the most clicks.
_CALLS: Mapping[str, dict[str, Any]] = {
    "t90": {},
    "t85": {"stop": {"iou": 0.85, "prompts": 1}},
    "all": {"stop": {}},
    "five": {"stop": {"iou": 0.9, "prompts": 3}, "prompts": 5},
}


def check_ritm(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """The clicks of each loop, and so where it ends."""
    asked = asking(presets["ritm"])[""]
    for pair in packed.words("pairs"):
        truth = packed[f"{pair}/truth"]
        scene = Scene(pair, (truth == 1)[None], ignored=(truth == -1)[None])
        for call, changes in _CALLS.items():
            if f"{pair}/{call}/clicks" not in packed:
                continue
            course = Course(Asking("ritm", "", **asked | changes), scene, Takes(frozenset({"point"})), "images", 0)
            answers = iter(packed.masks(f"{pair}/maps_mask", truth.shape))
            while course.turn:
                course.take(next(answers)[None], [{"z": None}])
            clicks = [[*row["points"][0][1:], *row["labels"]] for row in course.rows() if row["points"]]
            comparison.exact(
                "loops", f"{pair} {call}", np.array(clicks).tolist(), packed[f"{pair}/{call}/clicks"].tolist()
            )
