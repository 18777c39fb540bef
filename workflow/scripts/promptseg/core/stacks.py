"""Binary masks in three dimensions, kept slice by slice as run-length codes: a stack of any length costs little memory.

Axes are (z, y, x): slice, row, column.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from pycocotools import mask as coco

from promptseg.core.masks import decode, encode

Box3: TypeAlias = tuple[int, int, int, int, int, int]  # z0, y0, x0, z1, y1, x1, all inclusive


@dataclass(frozen=True)
class MaskStack:
    """A mask of every slice of a volume.

    Attributes:
        shape: (slices, rows, columns) of the volume.
        codes: run-length codes of the slices that are not empty, see `masks.encode`.
    """

    shape: tuple[int, int, int]
    codes: Mapping[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, masks: np.ndarray, start: int = 0, slices: int | None = None) -> "MaskStack":
        """The stack of a (d, h, w) bool array whose first slice is number `start` of `slices` (its own if None).

        Raises:
            ValueError: the array is no bool, or not one of three axes: values between 0 and 1 would count as 0.
        """
        if masks.dtype != bool or masks.ndim != 3:
            raise ValueError(f"masks are {masks.dtype} of shape {masks.shape}: give (d, h, w) bool, as masks > 0.5")
        depth, height, width = masks.shape
        codes = {start + z: encode(masks[z]) for z in range(depth) if masks[z].any()}
        return cls((slices or start + depth, height, width), codes)

    @property
    def slices(self) -> list[int]:
        """Numbers of the slices that are not empty, in order."""
        return sorted(self.codes)

    @property
    def voxels(self) -> int:
        """How many voxels it has."""
        return sum(map(self.area, self.codes))

    def area(self, z: int) -> int:
        """Pixels of slice `z`."""
        code = self.codes.get(z)
        return int(coco.area(code)) if code else 0

    def shared(self, other: "MaskStack", z: int) -> int:
        """Pixels of slice `z` that both stacks have."""
        both = [stack.codes[z] for stack in (self, other) if z in stack.codes]
        return int(coco.area(coco.merge(both, intersect=True))) if len(both) == 2 else 0

    def slice(self, z: int) -> np.ndarray:
        """(h, w) bool mask of slice `z`."""
        code = self.codes.get(z)
        return np.zeros(self.shape[1:], bool) if code is None else decode(code)

    def between(self, first: int, last: int) -> "MaskStack":
        """The part from slice `first` to slice `last`, both included; the other slices are empty."""
        return MaskStack(self.shape, {z: code for z, code in self.codes.items() if first <= z <= last})

    def box(self) -> Box3:
        """The tight box around it.

        Raises:
            ValueError: it is empty.
        """
        if not self.codes:
            raise ValueError("an empty mask has no box")
        order = self.slices
        boxes = np.array([coco.toBbox(self.codes[z]) for z in order]).astype(int)
        (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0) - 1
        return order[0], int(y0), int(x0), order[-1], int(y1), int(x1)

    def dense(self, box: Box3 | None = None) -> np.ndarray:
        """(d, h, w) bool array of the part in a box, of the whole volume if None."""
        z0, y0, x0, z1, y1, x1 = box or (0, 0, 0, *(side - 1 for side in self.shape))
        found = np.zeros((z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1), bool)
        for z in self.codes:
            if z0 <= z <= z1:
                found[z - z0] = self.slice(z)[y0 : y1 + 1, x0 : x1 + 1]
        return found

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        for z in self.slices:
            yield z, self.slice(z)


def around(*stacks: MaskStack) -> Box3:
    """The tight box around several stacks, of which one is not empty.

    Raises:
        ValueError: all are empty.
    """
    boxes = np.array([stack.box() for stack in stacks if stack.codes]).reshape(-1, 6)
    if not len(boxes):
        raise ValueError("empty masks have no box")
    low, high = boxes[:, :3].min(axis=0).tolist(), boxes[:, 3:].max(axis=0).tolist()
    return (*low, *high)
