"""What a tracker knows of one object in the slices of a volume: where it was shown, and what was found since.

Maps and logits of slices that are not looked at again soon go to a temporary file, or are forgotten; the memory that a
track takes does not grow with the number of slices but for a vector each.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptseg.methods.networks.sam2 import MemorySizes


class Spool:
    """Tensors in a temporary file, which goes with the last reference to it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="promptseg_tracks_")  # noqa: SIM115 - it closes itself

    def put(self, tensor: Tensor) -> "Spooled":
        """Write a tensor of any type."""
        content = tensor.detach().cpu().contiguous()
        start = self._file.seek(0, 2)
        self._file.write(content.flatten().view(torch.uint8).numpy().tobytes())
        return Spooled(self, start, tuple(content.shape), content.dtype, tensor.device)

    def read(self, start: int, size: int) -> bytearray:
        """What is at a place."""
        self._file.seek(start)
        return bytearray(self._file.read(size))


@dataclass(frozen=True)
class Spooled:
    """Where a tensor is."""

    spool: Spool
    start: int
    shape: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device

    def get(self) -> Tensor:
        """The tensor."""
        size = int(np.prod(self.shape)) * self.dtype.itemsize
        content = torch.frombuffer(self.spool.read(self.start, size), dtype=self.dtype)
        return content.view(self.shape).to(self.device)


@dataclass(frozen=True, eq=False)
class Found:
    """What was found of an object in a slice.

    Attributes:
        presence: whether it is there, as a logit.
        pointer: (c,) float32 object pointer.
        low: (4 n, 4 n) float32 logits of the mask; None if they are not needed again.
        map: (t, m) bfloat16, what will be remembered of the mask, or None.
        worth: of it as a memory, from 0 to 1: predicted IoU times how sure it is that the object is there.
    """

    presence: float
    pointer: Tensor
    low: Tensor | Spooled | None = None
    map: Tensor | Spooled | None = None
    worth: float = 0.0

    @property
    def logits(self) -> Tensor:
        """`low`, which must be there."""
        assert self.low is not None
        return self.low.get() if isinstance(self.low, Spooled) else self.low

    @property
    def memory(self) -> Tensor:
        """`map`, which must be there."""
        assert self.map is not None
        return self.map.get() if isinstance(self.map, Spooled) else self.map

    def settled(self, spool: Spool | None, *, logits_only: bool = False) -> "Found":
        """The same with its large parts in a file, or without them. Only a click asks for logits again."""

        def put(part: Tensor | Spooled | None) -> Tensor | Spooled | None:
            return None if spool is None else spool.put(part) if isinstance(part, Tensor) else part

        return replace(self, low=put(self.low), map=self.map if logits_only else put(self.map))


@dataclass(frozen=True)
class Recalled:
    """What a slice looks at.

    Attributes:
        maps: with the number of the code of time that each gets, see `Remembering.places`.
        pointers: with their distance in slices.
    """

    maps: Sequence[tuple[int, Found]]
    pointers: Sequence[tuple[int, Found]]


@dataclass(eq=False)
class Track:
    """One object in the slices from `first` to `last`, which are to it as the frames of a whole video.

    Attributes:
        reset: whether what one direction found is not known in the other.
        spool: where large parts of what was found are kept; without it they are forgotten on the way.
        shown: what was found in slices that were prompted.
        kept: what was found in slices that were clicked on after they had been tracked, where these do not become
            prompted ones: it is remembered as that of other slices is, but is not made again.
        passed: what was found in the others, by direction (whether reverse); the same in both unless `reset`.
        reverse: by slice, the direction in which it was visited last.
        points, labels: what was shown in slices so far, see `Sam2Tracker.show`.
        answers: by slice, whatever the caller makes of what was found.
        one_way: all slices are visited from the first one on, those before the prompted ones, too.
    """

    first: int
    last: int
    reset: bool = True
    spool: Spool | None = None
    shown: dict[int, Found] = field(default_factory=dict)
    kept: dict[int, Found] = field(default_factory=dict)
    passed: dict[bool, dict[int, Found]] = field(default_factory=dict)
    reverse: dict[int, bool] = field(default_factory=dict)
    points: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    answers: dict[int, Any] = field(default_factory=dict)
    one_way: bool = False

    def __post_init__(self) -> None:
        if not self.passed:
            forward: dict[int, Found] = {}
            self.passed = {False: forward, True: {} if self.reset else forward}

    def copy(self) -> "Track":
        """Another track that goes on from here."""
        forward = dict(self.passed[False])
        passed = {False: forward, True: dict(self.passed[True]) if self.reset else forward}
        return replace(
            self,
            shown=dict(self.shown),
            kept=dict(self.kept),
            passed=passed,
            reverse=dict(self.reverse),
            points=dict(self.points),
            answers=dict(self.answers),
        )

    def at(self, z: int) -> Found | None:
        """What was found last in slice `z`."""
        return self.shown.get(z) or self.kept.get(z) or self.passed[self.reverse.get(z, False)].get(z)

    def slices(self, reverse: bool) -> range:
        """Those of one direction, from the first one that was prompted on; none where it would be the only one."""
        if self.one_way:
            return range(0) if reverse else range(self.first, self.last + 1)
        start = min(self.shown)
        if reverse:
            return range(start, self.first - 1, -1) if start > self.first else range(0)
        return range(start, self.last + 1)

    def begin(self, reverse: bool) -> None:
        """Before the slices of a direction are visited."""
        if self.reset:
            self.passed[reverse].clear()
        for z in (*self.shown, *self.kept):
            for found in self.passed.values():
                found.pop(z, None)

    def recalled(self, z: int, reverse: bool, sizes: MemorySizes) -> Recalled:
        """What slice `z` looks at: prompted slices, and those that were visited just before it."""
        step = -1 if reverse else 1
        near, others = self._prompted(z, sizes.prompted)
        before = others | self.passed[reverse] | self.kept
        way = self._way(z, reverse, sizes)
        maps = [(sizes.memories - 1, found) for found in near.values()]
        for distance in range(min(len(way), sizes.memories - 1), 0, -1):
            if found := before.get(way[distance - 1]):
                maps.append((distance - 1, found))
        pointers = [((z - at) * step, found) for at, found in near.items() if (z - at) * step >= 0]
        # Of a selection the authors leave out the last pointer.
        for distance in range(1, len(way) + (sizes.least is None)):
            if distance <= self.longest(sizes) and (found := before.get(way[distance - 1])):
                pointers.append((distance, found))
        return Recalled(maps, pointers)

    def _way(self, z: int, reverse: bool, sizes: MemorySizes) -> Sequence[int]:
        """The slices before `z` that it may look at, the nearest first: their distance is their number in it."""
        step = -1 if reverse else 1
        if sizes.least is None:
            return range(z - step, z - step * (max(sizes.memories, sizes.pointers) + 1), -step)
        if z == (self.last if reverse else self.first):
            return []
        # The very first slice is left out on the way up, and not the last one on the way down: so do the authors.
        passed, past = self.passed[reverse], range(z - step, self.last + 1 if reverse else self.first, -step)
        good = [at for at in past if at in passed and passed[at].worth > sizes.least][: self.longest(sizes)]
        return good if z - step in good else [z - step, *good]

    def longest(self, sizes: MemorySizes) -> int:
        """The largest distance of a pointer."""
        return min(self.last - self.first + 1, sizes.pointers) - 1

    def _prompted(self, z: int, most: int | None) -> tuple[dict[int, Found], dict[int, Found]]:
        """Prompted slices that are looked at as such, and the others: the nearest ones, on each side one at least."""
        if most is None or len(self.shown) <= most:
            return self.shown, {}
        before = max((at for at in self.shown if at < z), default=None)
        after = min((at for at in self.shown if at >= z), default=None)
        chosen = [at for at in (before, after) if at is not None]
        rest = sorted((at for at in self.shown if at not in chosen), key=lambda at: abs(at - z))
        chosen += rest[: most - len(chosen)]
        return {at: self.shown[at] for at in chosen}, {at: self.shown[at] for at in self.shown if at not in chosen}

    def settle(self, z: int, reverse: bool, sizes: MemorySizes) -> None:
        """After slice `z` was visited: let go of what is out of reach of the next one."""
        passed, step = self.passed[reverse], -1 if reverse else 1
        if sizes.least is not None and not self.reset and self.spool is None:
            self.spool = Spool()  # the other direction may look at any of them
        if z in passed:
            passed[z] = passed[z].settled(self.spool, logits_only=True)
        near = self._way(z + step, reverse, sizes)[: sizes.memories - 1]
        for at in [at for at in passed if at not in near and isinstance(passed[at].map, Tensor)]:
            if self.reset or abs(at - min(self.shown)) >= sizes.memories:  # the other direction will look at it
                passed[at] = passed[at].settled(self.spool)

    def rest(self) -> None:
        """After both directions: let go of everything that can be."""
        for found in self.passed.values():
            for z, one in found.items():
                found[z] = one.settled(self.spool)
