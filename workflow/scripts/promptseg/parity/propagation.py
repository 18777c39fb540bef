"""RadioActive's prompts that follow the answer of the slice before.

In a run these are the routes `carry_box` and `carry_point` of volumes, which have rules of their own for where to stop.
Source: MIC-DKFZ/radioactive 1796386, prompts/prompt_utils.py, box_propagation and point_propagation.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from promptseg.protocols.blocks import Start
from promptseg.protocols.draws import Draws
from promptseg.protocols.showing import Scene, Shown, together
from promptseg.protocols.starts import first_prompt

_NEXT = Start(prompt="box", ends="exclusive"), Start(prompt="point", place="centre", parts=1, equal="last")


def propagated(first: Shown, truth: np.ndarray, answers: np.ndarray, points: int) -> Shown:
    """All prompts: boxes in the order of slices; points as they come, the first ones, upwards, downwards.

    Args:
        first: on one slice.
        truth: (d, h, w) bool, not empty; it says how far prompts go.
        answers: (d, h, w) bool: what the method says on a slice, whatever it is shown.
        points: how many the first slice was to be shown. The official program leaves out so many points of the way
            down, as those of the first slice; where there were fewer, it leaves out some that follow.
    """
    (start,) = first.slices
    inside = np.flatnonzero(truth.any(axis=(1, 2)))
    ways = (range(start, inside[-1] + 1), range(start, inside[0] - 1, -1))
    walk = _boxes if len(first.boxes) else _points
    up, down = (list(walk(first, way, answers)) for way in ways)
    if len(first.points):
        down = down[points - len(first.points) :]
    found = together([first, *up, *down], "before")
    return Shown(found.points, found.labels, found.boxes[np.argsort(found.boxes[:, 0], kind="stable")])


def _boxes(first: Shown, way: Iterable[int], answers: np.ndarray) -> Iterable[Shown]:
    """The slice after the first one is shown its box, each other one that of the answer in the slice before."""
    box = first.boxes[0]
    for z in list(way)[1:]:
        box = np.array([z, box[1], box[2], z, box[4], box[5]], np.int32)
        yield Shown(boxes=box[None])
        if not answers[z].any():
            return
        box = _of_answer(answers, z, _NEXT[0]).boxes[0]


def _points(_: Shown, way: Iterable[int], answers: np.ndarray) -> Iterable[Shown]:
    """Each slice after the first one is shown the centre of the answer in the slice before."""
    for z, after in pairwise(way):
        if not answers[z].any():
            return
        point = _of_answer(answers, z, _NEXT[1]).points[0]
        yield Shown.clicks(np.array([after, *point[1:]]), 1)


def _of_answer(answers: np.ndarray, z: int, block: Start) -> Shown:
    """What is shown of the answer in a slice."""
    shown = first_prompt(Scene("", answers[z : z + 1]), block, Draws(0, 0, ""))
    assert shown is not None
    return shown
