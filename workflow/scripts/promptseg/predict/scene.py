"""A drawn image with one object, and every kind of prompt about it, for the trial of a method."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from promptseg.core import masks
from promptseg.methods import Prompt, Scribble
from promptseg.predict.abilities import Abilities
from promptseg.prompts.lines import lasso

SIZES = ((96, 128), (144, 100))  # (h, w): different, and not square
BOX_AND_POINT = "box and a point"  # which the pipeline does not ask


@dataclass(frozen=True)
class Scene:
    """A bright ellipse on a darker, noisy ground.

    Attributes:
        pixels: (h, w, 3) uint8.
        truth: (h, w) bool, the ellipse.
    """

    pixels: np.ndarray
    truth: np.ndarray

    @classmethod
    def draw(cls, size: tuple[int, int]) -> "Scene":
        """One of a size (h, w); its ellipse is left of the middle and above it."""
        height, width = size
        y, x = np.ogrid[:height, :width]
        truth = ((x - 0.4 * width) / (0.22 * width)) ** 2 + ((y - 0.45 * height) / (0.3 * height)) ** 2 <= 1
        noise = np.random.default_rng(0).normal(0, 8, size)
        grey = np.clip(np.where(truth, 170, 70) + noise, 0, 255).astype(np.uint8)
        return cls(np.repeat(grey[..., None], 3, axis=2), truth)

    def prompts(self, abilities: Abilities) -> Iterator[tuple[str, Prompt]]:
        """Every kind of prompt that a method is asked, with its name."""
        height, width = self.truth.shape
        points = np.array(
            [[0.4 * width, 0.45 * height], [0.3 * width, 0.5 * height], [0.9 * width, 0.9 * height]], np.int32
        )
        labels, box = np.array([1, 1, 0], np.int8), np.array(masks.tight_box(self.truth), np.int32)
        if "point" in abilities.prompt_types:
            yield "one point", Prompt(points[:1].copy(), labels[:1].copy())
            if abilities.max_points is None or abilities.max_points >= 3:
                several = 3 if abilities.max_clicks != 1 else 2
                name = "three points, one of them beside" if several == 3 else "two points"
                yield name, Prompt(points[:several].copy(), labels[:several].copy())
        if "box" in abilities.prompt_types:
            yield "box", Prompt(points[:0].copy(), labels[:0].copy(), box.copy())
            if "point" in abilities.prompt_types:
                yield BOX_AND_POINT, Prompt(points[:1].copy(), labels[:1].copy(), box.copy())
        nowhere = points[:0].copy(), labels[:0].copy()
        if "scribble" in abilities.prompt_types:
            yield "scribble", Prompt(*nowhere, scribbles=(Scribble(points[:2].copy(), 1, 3),))
        if "lasso" in abilities.prompt_types:
            yield "lasso", Prompt(*nowhere, lasso=lasso(self.truth, 0.1))
