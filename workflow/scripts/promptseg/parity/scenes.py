"""Images for fixtures of our own, and files whose bytes depend on their content alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.masks import tight_box


@dataclass(frozen=True)
class Scene:
    """An image with one object.

    Attributes:
        image: (h, w, 3) uint8.
        truth: (h, w) bool, a disk.
    """

    image: np.ndarray
    truth: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, height: int, width: int) -> "Scene":
        """A bright disk, left of the middle, in coarse noise, which takes little space."""
        rows, columns = np.mgrid[:height, :width]
        disk = (rows - 0.5 * height) ** 2 + (columns - 0.4 * width) ** 2 < (0.3 * height) ** 2
        noise = coarse_noise(rng, height, width, 120)
        return cls((noise + 120 * disk[..., None]).astype(np.uint8), disk)

    def prompts(self, negative: bool) -> dict[str, np.ndarray]:
        """Three points, the second beside the object where there may be negative ones, and two boxes."""
        height, width = self.truth.shape
        at = np.array([(0.4, 0.5), (0.85, 0.2) if negative else (0.35, 0.4), (0.45, 0.6)])
        box = tight_box(self.truth)
        return {
            "point_coords": np.round(at * (width - 1, height - 1)).astype(np.int64),
            "point_labels": np.array([1, 1 - int(negative), 1], np.int64),
            "box": np.asarray(box, np.int64),
            "box2": np.asarray(box, np.int64) // 2 + (1, 2, 1, 2),
        }

    def scribbles(self) -> np.ndarray:
        """(2, h, w) float32: a line on the object and one beside it."""
        height, width = self.truth.shape
        lines = np.zeros((2, height, width), np.float32)
        lines[0, height // 2, int(0.3 * width) : int(0.5 * width)] = 1
        lines[1, 2, :] = 0.5
        return lines


def coarse_noise(rng: np.random.Generator, height: int, width: int, most: int) -> np.ndarray:
    """(h, w, 3) int64 from 0 to below `most`, in blocks of 4 x 4 pixels."""
    blocks = rng.integers(0, most, (-(-height // 4), -(-width // 4), 3))
    return blocks.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]


def save(path: Path, **arrays: Any) -> None:
    """A compressed .npz file; equal arrays give equal bytes."""
    content: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
    np.savez_compressed(path, **content)
