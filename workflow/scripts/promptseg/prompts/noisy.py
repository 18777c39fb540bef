"""A user who misses: the ideal user's prompts with noise, or clicks drawn by a clickability map."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.randomness import generator
from promptseg.core.vocabulary import ITERATIVE
from promptseg.preprocess.images import decode_png
from promptseg.prompts.clicks import Click, ClickTarget, Protocol, clicked_region, next_click
from promptseg.prompts.modes import PromptSettings, make_prompts
from promptseg.prompts.noise import Box, Noise, Point, mapped_point, noisy_box, noisy_point

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NoisyUser:
    """Takes the place of the ideal user; see `prompts.users.User`.

    Every draw is an annotator of its own, called by its number: the same person on another day. Scribbles, lassos and
    the mode without a prompt are the ideal ones.

    Attributes:
        noise: how far prompts lie off.
        draws: how often each object is prompted; once where nothing is drawn.
        seed: of the random numbers, which depend on it, the object and the draw alone.
        clickability: file of a map for each image, with `{image}` and perhaps `{task}`: clicks are drawn by it, in the
            region in which the ideal user clicks; `noise.bias` and `spread` do not matter then.
    """

    noise: Noise = field(default_factory=Noise)
    draws: int = 5
    seed: int = 1
    clickability: str | None = None

    def annotators(self, object_id: str) -> Sequence[str]:  # noqa: ARG002 - the same for all
        """The numbers of the draws."""
        drawn = self.clickability or not self.noise.none
        return [str(number) for number in range(1, self.draws + 1)] if drawn else ["1"]

    def rows(
        self, object_id: str, mask: np.ndarray, modes: Sequence[str], settings: PromptSettings, annotator: str
    ) -> list[dict[str, Any]]:
        """The rows of `make_prompts` with other points and boxes."""
        parts = [part.mask for part in masks.components(mask, settings.max_components, settings.equal_components)]
        rows = make_prompts(object_id, mask, modes, settings)
        for row in rows:
            # The point of mode 1 is the first of mode 2, and the box of mode 3 the first of mode 4.
            regions = [mask] if row["mode"] == ITERATIVE else parts
            for column in ("points", "exact_points"):
                row[column] = row[column] and [
                    self._point(ideal, region, mask, object_id, annotator, row["mode"] == ITERATIVE, index)
                    for index, (ideal, region) in enumerate(zip(row[column], regions, strict=False))
                ]
            row["boxes"] = [
                self._box(box, mask.shape, object_id, annotator, row["mode"] == "mode5", index)
                for index, box in enumerate(row["boxes"])
            ]
        return rows

    def next_click(
        self,
        target: ClickTarget,
        prediction: np.ndarray,
        clicks: list[Click],
        protocol: Protocol,
        *,
        tie_break: str,
        seed: int,
        annotator: str,
    ) -> Click | None:
        """The ideal click, which is meant, elsewhere: its sign stays."""
        ideal = next_click(target, prediction, clicks, protocol, tie_break=tie_break, seed=seed)
        if ideal is None:
            return None
        seen = target.truth if protocol.click_label == "object" else target.labels != 0
        side = seen if ideal.positive else ~seen
        region = clicked_region(target, prediction, clicks, protocol, ideal) & side
        x, y = self._point((ideal.x, ideal.y), region, side, target.object_id, annotator, "click", len(clicks))
        return Click(x, y, ideal.positive)

    def _point(self, ideal: Point, region: np.ndarray, side: np.ndarray, object_id: str, *keys: str | int) -> Point:
        rng = generator(self.seed, object_id, "noise", *keys)
        meant = ideal
        if self.clickability is not None:
            meant = mapped_point(self._map(object_id, region.shape), region, rng) or ideal
        return noisy_point(meant, region, side, self._points, rng)

    @property
    def _points(self) -> Noise:
        return self.noise if self.clickability is None else Noise(wrong_side=self.noise.wrong_side)

    def _box(self, box: Box, shape: tuple[int, int], object_id: str, *keys: str | int) -> Box:
        return noisy_box(box, self.noise, shape, generator(self.seed, object_id, "noisy box", *keys))

    def _map(self, object_id: str, shape: tuple[int, ...]) -> np.ndarray:
        assert self.clickability is not None
        return map_of(self.clickability, object_id, shape)


def map_of(pattern: str, object_id: str, shape: tuple[int, ...]) -> np.ndarray:
    """The `clickability_map` of an object.

    Args:
        pattern: file of each image, with `{image}` and perhaps `{task}`.
        shape: (h, w) of the image.
    """
    image, _, task = object_id.rpartition(":")
    return _kept_map(Path(pattern.format(image=image, task=task)), shape)


def clickability_map(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) float64 from a picture of one channel (all its bits) or a `.npy`: how probable a click at a pixel is.

    Raises:
        PromptsegError: there is no such file, it is no map of an image of this size, or it holds no chance at all.
    """
    if not path.is_file():
        raise PromptsegError(f"The clickability map {path} does not exist: give one for each image.")
    try:
        found = np.load(path, allow_pickle=False) if path.suffix == ".npy" else decode_png(path.read_bytes())
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        logger.info("%s: %s", path, error)
        raise PromptsegError(f"The clickability map {path} cannot be read: write it anew.") from error
    if found.shape != shape:
        raise PromptsegError(
            f"The clickability map {path} has the shape {found.shape}, its image {shape} (rows, columns): it needs a "
            "number for each pixel of the image as it is stored, in one channel."
        )
    real = found.astype(float) if found.dtype.kind in "buif" else np.full(shape, np.nan)
    if not np.isfinite(real).all() or real.min() < 0 or real.max() == 0:
        raise PromptsegError(f"The clickability map {path} needs finite numbers from 0 up, not all of them 0.")
    return real / real.max()


# Every draw and click of an object asks for the same one.
_kept_map = lru_cache(maxsize=4)(clickability_map)
