"""What the simulated user of a preset sees and shows. Axes are (z, y, x); an image is a volume of one slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


def _none(columns: int) -> np.ndarray:
    return np.zeros((0, columns), np.int32)


@dataclass(frozen=True, eq=False)
class Shown:
    """What the user shows at one step; of a correction, what is new.

    Attributes:
        points: (n, 3) int32 (z, y, x), labels: (n,) int8, 1 on the object, 0 on the background.
        boxes: (m, 6) int32 (z0, y0, x0, z1, y1, x1), inclusive; that of a slice has z0 == z1. With `ends: exclusive` of
            the block `start` y1 and x1 are one more, as the official code hands them over.
        masks: (h, w) bool contours by slice.
        extent: first and last slice of the object, where the user tells them.
    """

    points: np.ndarray = field(default_factory=lambda: _none(3))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int8))
    boxes: np.ndarray = field(default_factory=lambda: _none(6))
    masks: Mapping[int, np.ndarray] = field(default_factory=dict)
    extent: tuple[int, int] | None = None

    @classmethod
    def clicks(cls, points: np.ndarray, labels: np.ndarray | int) -> "Shown":
        """Points alone: (n, 3) ints (z, y, x), and a label of each or of all."""
        places = np.asarray(points, np.int32).reshape(-1, 3)
        return cls(places, np.broadcast_to(np.asarray(labels, np.int8), len(places)).copy())

    @property
    def slices(self) -> list[int]:
        """Numbers of the slices with a point, a box or a contour, in order."""
        inside = [range(int(box[0]), int(box[3]) + 1) for box in self.boxes]
        return sorted({*self.points[:, 0].tolist(), *self.masks, *(z for part in inside for z in part)})


def together(history: Sequence[Shown], earlier: str) -> Shown:
    """What the method gets at a step.

    Args:
        history: what was shown at each step so far, the start first, the new step last.
        earlier: of the block `clicks`: `before` the new prompts come those of the steps before, oldest first; `after`
            them, newest first, as RadioActive merges them; `dropped`: the new ones alone.
    """
    parts = list(history[-1:] if earlier == "dropped" else history if earlier == "before" else history[::-1])
    return Shown(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        {z: mask for part in parts for z, mask in part.masks.items()},
        next((part.extent for part in parts if part.extent), None),
    )


@dataclass(frozen=True, eq=False)
class Scene:
    """An object as the user sees it.

    Attributes:
        truth: (d, h, w) bool mask of the object.
        labels: (d, h, w) int label map of all classes; None if nothing else is known.
        pixels: (d, h, w) grey values; autoPET's user looks for hot spots in them.
        spacing: (z, y, x) in mm.
        click_map: (d, h, w) float32, how likely people click on each voxel.
        ignored: (d, h, w) bool of voxels where no answer is wrong.
    """

    object_id: str
    truth: np.ndarray
    labels: np.ndarray | None = None
    pixels: np.ndarray | None = None
    spacing: tuple[float, float, float] | None = None
    click_map: np.ndarray | None = None
    ignored: np.ndarray | None = None
