"""How people miss: points that lie off the deepest pixel, boxes that are too large, clicks on the wrong side.

The parameters may be written down or estimated from prompts that people gave (`analysis.noise`); without
noise every prompt is the ideal one. Nothing here is of the study, whose points and boxes are exact.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from promptseg.core.errors import PromptsegError
from promptseg.prompts.inexact import Box, Point, clipped_box
from promptseg.prompts.modes import depth

_EIGHT = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Noise:
    """How far prompts lie off.

    Attributes:
        bias, spread: mean and standard deviation of where points lie on the way from the deepest pixel of their region,
            0, to its border, 1; see `share_of`. They are drawn from the beta distribution with these two moments.
        wrong_side: probability that a click misses its side: a positive one lies outside the object, a negative one on
            it.
        enlarge, enlarge_spread: mean and standard deviation of how far each side of a box (left, top, right, bottom)
            lies outside the tight box, as a share of the box's width or height; negative: inside. Normal distribution.
    """

    bias: float = 0.0
    spread: float = 0.0
    wrong_side: float = 0.0
    enlarge: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    enlarge_spread: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not 0 <= self.bias <= 1 or not 0 <= self.wrong_side <= 1 or min(self.spread, *self.enlarge_spread) < 0:
            raise PromptsegError(f"{self}: bias and wrong_side are from 0 to 1, and no spread is negative.")
        if self.spread and self.spread**2 >= self.bias * (1 - self.bias):
            most = np.sqrt(self.bias * (1 - self.bias))
            raise PromptsegError(
                f"Points between 0 and 1 with the mean `bias` of {self.bias:g} cannot have a `spread` of "
                f"{self.spread:g}: give less than {most:.3g}."
            )

    @property
    def none(self) -> bool:
        """Whether all prompts are the ideal ones."""
        return self == Noise()

    @property
    def moves_points(self) -> bool:
        """Whether points are not the ideal ones."""
        return bool(self.bias or self.wrong_side)

    def share(self, rng: np.random.Generator) -> float:
        """Where a point lies on the way from the deepest pixel, 0, to the border, 1."""
        if self.spread < 1e-6:  # whose square would be lost
            return self.bias
        # The beta distribution with mean m and variance v has alpha = m c, beta = (1 - m) c, c = m (1 - m) / v - 1.
        concentration = self.bias * (1 - self.bias) / self.spread**2 - 1
        return float(rng.beta(self.bias * concentration, (1 - self.bias) * concentration))


def shares(region: np.ndarray) -> np.ndarray:
    """(h, w) float64: how far on the way from the deepest pixel, 0, to the border, 1, each pixel of a region lies.

    It is (D - d) / (D - 1) with the exact distance d to the nearest pixel outside and the largest of them D; NaN
    outside the region, and everywhere if D is 1, because then every pixel is both.

    Args:
        region: (h, w) bool; what lies outside the image counts as outside it.
    """
    distances = depth(region, "exact").astype(float)
    largest = distances.max(initial=0.0)
    if largest <= 1:
        return np.full(region.shape, np.nan)
    return np.where(region, (largest - distances) / (largest - 1), np.nan)


def noisy_point(ideal: Point, region: np.ndarray, side: np.ndarray, noise: Noise, rng: np.random.Generator) -> Point:
    """A point of somebody who meant `ideal`.

    It lies as far from the deepest pixel of the ideal point's component as drawn, at one of the equally far pixels, or
    with the probability `wrong_side` at the pixel nearest to the ideal one that is not on the right side.

    Args:
        ideal: (x, y), in `region`.
        region: (h, w) bool, where the point may go: an object, a component of it, or an error.
        side: (h, w) bool, what a point of its sign should lie on: the object, or for a negative one all else.

    Returns:
        (x, y); the ideal point where there is no noise, and where the region is nowhere deeper than a pixel.
    """
    x, y = ideal
    if not noise.moves_points:
        return ideal
    if noise.wrong_side and rng.random() < noise.wrong_side:
        return _nearest(ideal, ~side, rng)
    labels, _ = ndimage.label(region, _EIGHT)
    places = shares(labels == labels[y, x])
    if np.isnan(places[y, x]):
        return ideal
    away = np.abs(places - noise.share(rng))
    return _any_of(away == np.nanmin(away), rng)


def noisy_box(ideal: Box, noise: Noise, shape: tuple[int, int], rng: np.random.Generator) -> Box:
    """A box of somebody who meant `ideal`: each side moved by itself, whole pixels, clipped, never empty.

    Args:
        ideal: XYXY, inclusive pixels.
        shape: (h, w) of the image.
    """
    sides = np.array(ideal)
    size = np.tile(sides[2:] - sides[:2] + 1, 2)
    outwards = np.array([-1, -1, 1, 1])
    moves = rng.normal(noise.enlarge, noise.enlarge_spread) * size * outwards
    return clipped_box(sides + np.rint(moves), shape)


def mapped_point(chances: np.ndarray, region: np.ndarray, rng: np.random.Generator) -> Point | None:
    """(x, y) of a pixel of a region drawn by a clickability map, as in emb-ai/rclicks; None if it is 0 all over it.

    Args:
        chances: (h, w) float, not negative; how probable a click at each pixel is, in any unit.
        region: (h, w) bool.
    """
    weights = np.where(region, chances, 0.0).ravel().astype(float)
    if not weights.sum():
        return None
    y, x = divmod(int(rng.choice(len(weights), p=weights / weights.sum())), region.shape[1])
    return x, y


def _nearest(point: Point, among: np.ndarray, rng: np.random.Generator) -> Point:
    """The nearest pixel of a mask, any of equals; the point itself if the mask is empty."""
    if not among.any():
        return point
    rows, columns = np.ogrid[: among.shape[0], : among.shape[1]]
    squared = np.where(among, (rows - point[1]) ** 2 + (columns - point[0]) ** 2, np.iinfo(np.int64).max)
    return _any_of(squared == squared.min(), rng)


def _any_of(mask: np.ndarray, rng: np.random.Generator) -> Point:
    x, y = rng.choice(np.argwhere(mask)[:, ::-1]).tolist()
    return x, y
