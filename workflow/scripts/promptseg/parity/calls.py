"""What a fixture of a promptable network asks: its calls, one after the other."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from promptseg.methods import Method, Prompt
from promptseg.parity.fixtures import Fixture, FixtureError

_NAMED = re.compile(r"(?P<box>box)?_?(?:p(?P<points>\d+))?_?(?P<extra>single|maskin)?")
_ARRAY = re.compile(r"(.+?)_(?:low|low_stats|iou|logits|mask)_(\d+)")
_MASK_FROM = "p3"  # the call whose first low-resolution map is the mask input of `..._maskin`
_BOXES: Mapping[Any, tuple[str, ...]] = {0: (), 1: ("box",), "second": ("box2",), 2: ("box", "box2")}
# Keys of a call that switch an attribute of the method.
_SWITCHES = {"hq_token_only": "hq_token_only", "stability": "dynamic_multimask"}


@dataclass(frozen=True)
class Call:
    """One recorded call.

    Attributes:
        points: how many of the image's points.
        boxes: names of the boxes, each of which is a prompt of its own.
        mask: the earlier call of whose answer a low-resolution map is part of the prompt.
        multimask: whether several masks are asked for.
        scribble: whether the image's scribbles are part of the prompt.
        switches: attributes of the method, by name, that are other than usual.
        first: whether it is the first map of the earlier call, not the one with the highest predicted IoU.
    """

    name: str
    points: int = 0
    boxes: tuple[str, ...] = ()
    mask: str | None = None
    multimask: bool = True
    scribble: bool = False
    switches: Mapping[str, bool] = field(default_factory=dict)
    first: bool = False

    @classmethod
    def named(cls, name: str) -> "Call":
        """What a name such as `p3`, `box`, `box_p3`, `p3_single` or `p5_maskin` says.

        Raises:
            FixtureError: nothing.
        """
        match = _NAMED.fullmatch(name)
        if not match or not (match["box"] or match["points"]):
            raise FixtureError(f"the prompt {name} is not understood")
        fed = _MASK_FROM if match["extra"] == "maskin" else None
        return cls(
            name, int(match["points"] or 0), _BOXES[int(bool(match["box"]))], fed, not match["extra"], first=True
        )

    @classmethod
    def parse(cls, entry: Any) -> "Call":
        """What an entry of the list `calls` says.

        Raises:
            FixtureError: it has no name, or a key or value that is not known.
        """
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise FixtureError(f"the call {entry} has no name")
        rest = {key: value for key, value in entry.items() if key != "name"}
        name, points, box = entry["name"], rest.pop("points", 0), rest.pop("box", 0)
        mask, flags = rest.pop("mask", None), {"multimask": True, "scribble": False}
        flags |= {key: rest.pop(key) for key in flags if key in rest}
        switches = {attribute: rest.pop(key) for key, attribute in _SWITCHES.items() if key in rest}
        if rest:
            raise FixtureError(f"the call {name} has the unknown key {next(iter(rest))}")
        known = isinstance(box, int | str) and box in _BOXES and isinstance(mask, str | None)
        known &= isinstance(points, int) and all(
            isinstance(flag, bool) for flag in (*flags.values(), *switches.values())
        )
        if not known:
            raise FixtureError(f"a value of the call {name} is not understood: {entry}")
        return cls(name, points, _BOXES[box], mask, switches=switches, **flags)

    def prompts(self, fixture: Fixture, key: str) -> list[Prompt]:
        """Its prompts in image `key`: one for each box, or the one without."""
        points, labels = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)
        if self.points:
            points = fixture.array(f"point_coords_{key}", (None, 2))[: self.points].astype(np.int32)
            labels = fixture.array(f"point_labels_{key}", (None,))[: self.points].astype(np.int8)
            if not len(points) == len(labels) == self.points:
                raise FixtureError(f"a prompt of image {key} has {self.points} points, the file {len(points)}")
        boxes = [fixture.array(f"{box}_{key}", (4,)).astype(np.int32) for box in self.boxes]
        return [Prompt(points, labels, box) for box in boxes] or [Prompt(points, labels)]

    @contextmanager
    def switched(self, method: Method) -> Iterator[None]:
        """The method with the switches of the call, which are set back afterwards."""
        for name in self.switches:
            if not hasattr(method, name):
                raise FixtureError(f"the call {self.name} sets {name}, which {type(method).__name__} does not have")
        before = {name: getattr(method, name) for name in self.switches}
        vars(method).update(self.switches)
        try:
            yield
        finally:
            vars(method).update(before)


def read_calls(fixture: Fixture, key: str) -> list[Call]:
    """The calls about image `key`: those that the file lists, or else what the names of its arrays say.

    Raises:
        FixtureError: there are none, or they are not understood.
    """
    recorded: dict[str, set[str]] = {}  # names of calls and the images that they are about
    for name in fixture.names:
        if match := _ARRAY.fullmatch(name):
            recorded.setdefault(match[1], set()).add(match[2])
    if fixture.listed:
        calls = [Call.parse(entry) for entry in fixture.json("calls", list)]
        calls = [call for call in calls if key in recorded.get(call.name, {key})]  # large images have fewer than others
    else:
        calls = [Call.named(name) for name, keys in recorded.items() if key in keys]
    if not calls:
        raise FixtureError(f"no prompt of image {key} is recorded")
    seen: set[str] = set()
    for call in calls:
        if call.name in seen:
            raise FixtureError(f"the call {call.name} comes twice")
        if call.mask is not None and call.mask not in seen and not call.first:
            raise FixtureError(f"the call {call.name} takes its mask from {call.mask}, which is no earlier call")
        seen.add(call.name)
    return calls
