"""The random walker (Grady 2006) between two kinds of seeds, as `skimage.segmentation.random_walker` solves it.

That one solves a sparse system for each kind by SciPy's conjugate gradients, of whose time in systems this small nine
tenths go into calls. Here both kinds advance together, on the grid of the pixels.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

_TOLERANCE = 1e-3  # of the residual; masks depend on where the iterations end, so it is that of scikit-image
_LEAST = 1e-10  # weight of an edge, likewise


@dataclass(frozen=True)
class Edges:
    """How easily one walks from a pixel to its neighbour.

    Attributes:
        across: (h, w - 1), to the right and back.
        down: (h - 1, w), down and back.
    """

    across: np.ndarray
    down: np.ndarray

    @classmethod
    def of(cls, grey: np.ndarray, beta: float) -> Self:
        """Those of an (h, w) float image that is not the same everywhere; `beta` is the penalty for a difference."""
        scale = -beta / (10 * grey.std())
        across, down = (np.exp(scale * np.diff(grey, axis=axis) ** 2) + _LEAST for axis in (1, 0))
        return cls(across, down)

    def sums(self, pixels: np.ndarray) -> np.ndarray:
        """What the neighbours of each pixel hold, times the weights of the edges between: (..., h, w) likewise."""
        found = np.zeros(pixels.shape)
        found[..., 1:] += self.across * pixels[..., :-1]
        found[..., :-1] += self.across * pixels[..., 1:]
        found[..., 1:, :] += self.down * pixels[..., :-1, :]
        found[..., :-1, :] += self.down * pixels[..., 1:, :]
        return found


def walked(edges: Edges, seeds: np.ndarray) -> np.ndarray:
    """Which pixels a walker from there leaves for a seed 1 rather than for a seed 2.

    Args:
        seeds: (h, w) int, 1 and 2 at seeds, 0 elsewhere; each of the three somewhere.

    Returns:
        (h, w) bool, true at the seeds 1, too.
    """
    free, width = seeds == 0, seeds.shape[1]
    # Of two free neighbours alone; what seeds contribute is on the right-hand side. Rows follow one another.
    across = np.pad(edges.across * (free[:, 1:] & free[:, :-1]), ((0, 0), (0, 1))).ravel()[:-1].astype(np.float32)
    down = (edges.down * (free[1:] & free[:-1])).ravel().astype(np.float32)
    degree = np.where(free, edges.sums(np.ones(seeds.shape)), 1).ravel().astype(np.float32)
    inverse = 1 / degree
    seen = edges.sums(np.stack([seeds == 1, seeds == 2]).astype(float)) * free
    residual = seen.reshape(2, -1).astype(np.float32)

    solution, direction, product = (np.zeros_like(residual) for _ in range(3))
    limit = _TOLERANCE**2 * np.vecdot(residual, residual)
    before = np.ones(2, np.float32)
    for _ in range(10 * seeds.size):  # as many as SciPy's
        going = np.vecdot(residual, residual) > limit
        if not going.any():
            break
        conditioned = residual * inverse
        now = np.vecdot(residual, conditioned)
        direction *= (now / before)[:, None]
        direction += conditioned
        np.multiply(degree, direction, out=product)
        product[:, 1:] -= across * direction[:, :-1]
        product[:, :-1] -= across * direction[:, 1:]
        product[:, width:] -= down * direction[:, :-width]
        product[:, :-width] -= down * direction[:, width:]
        step = np.divide(now, np.vecdot(direction, product), out=np.zeros(2, np.float32), where=going)[:, None]
        solution += step * direction
        residual -= step * product
        before = np.where(going, now, 1)
    chance = solution.reshape(2, *seeds.shape)
    return np.where(free, chance[0] >= chance[1], seeds == 1)
