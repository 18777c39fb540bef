"""Classical interactive segmentation that needs no weights: what a network has to beat."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from skimage.filters import gaussian
from skimage.segmentation import flood, random_walker

from promptseg.core.masks import tight_box
from promptseg.methods.base import Candidates, Method, Query

_SCIKIT_IMAGE = "BSD-3-Clause, scikit-image"
_Region = tuple[np.ndarray, np.ndarray]  # int32 places of the pixels in the flattened image, float32 squared distances


def _grey(pixels: np.ndarray) -> np.ndarray:
    """(h, w) float64 in [0, 1] of an (h, w, 3) uint8 image."""
    return pixels.mean(axis=2) / 255


def _marked(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An (h, w) bool mask at another size (h', w'): every pixel that holds one of its pixels."""
    y, x = np.nonzero(mask)
    found = np.zeros(size, bool)
    found[y * size[0] // mask.shape[0], x * size[1] // mask.shape[1]] = True
    return found


class GrabCut(Method):
    """GrabCut (Rother et al. 2004) as in OpenCV, started from the box or the lasso: what is outside is background.

    The middle of the box is object for certain, as for the random walker below: without it both colour models fit the
    grey values of most medical images alike, and nearly every object comes out empty. So are the deeper pixels of a
    lasso, and those of scribbles; with scribbles alone the image's border is background, and the rest may be.

    Options: `iterations` of model fitting and cut; `core`, the share of the box's sides, or of the depth of a lasso,
    that is object for certain; `margin`, how much of the surroundings of the box or the lasso is looked at on each
    side, as a share of its longer side.
    """

    prompt_types = frozenset({"box", "scribble", "lasso"})
    learned = False
    known_options = frozenset({"iterations", "margin", "core"})
    code_licence = "Apache-2.0, OpenCV"

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [Candidates(self._cut(query)[None]) for query in queries]

    def _cut(self, query: Query) -> np.ndarray:
        shape, box = query.image.shape[:2], query.prompt.box
        inside = query.prompt.enclosed(shape)
        if box is None and inside.any():
            box = np.array(tight_box(inside))
        state = np.full(shape, cv2.GC_BGD, np.uint8)
        window = np.s_[0 : shape[0], 0 : shape[1]]
        if box is not None:
            x0, y0, x1, y1 = box
            margin = round(self.settings.options.get("margin", 0.5) * (max(x1 - x0, y1 - y0) + 1))
            window = np.s_[max(0, y0 - margin) : y1 + margin + 1, max(0, x0 - margin) : x1 + margin + 1]
            self._mark(state, query.prompt.box, inside)
        else:
            state[1:-1, 1:-1] = cv2.GC_PR_BGD
        state[query.prompt.scribbled(shape, 0)] = cv2.GC_BGD
        state[query.prompt.scribbled(shape)] = cv2.GC_FGD
        seeds = np.ascontiguousarray(state[window])
        # Both colour models need samples: without a background there is nothing to cut.
        outside = (seeds == cv2.GC_BGD) | (seeds == cv2.GC_PR_BGD)
        if outside.sum() >= 5 and (~outside).sum() >= 5:
            self._cut_window(np.ascontiguousarray(query.image[window]), seeds)
        state[window] = seeds
        return (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)

    def _mark(self, state: np.ndarray, box: np.ndarray | None, inside: np.ndarray) -> None:
        """Write what a box XYXY, or else the inside (h, w) of a lasso, says into the (h, w) states of the pixels."""
        core = self.settings.options.get("core", 0.5)
        if box is None:
            depth = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L1, 3)[1:-1, 1:-1]
            state[inside] = cv2.GC_PR_FGD
            state[depth > (1 - core) * depth.max()] = cv2.GC_FGD
            return
        x0, y0, x1, y1 = box
        inset_y, inset_x = int((1 - core) / 2 * (y1 - y0 + 1)), int((1 - core) / 2 * (x1 - x0 + 1))
        state[y0 : y1 + 1, x0 : x1 + 1] = cv2.GC_PR_FGD
        state[y0 + inset_y : y1 + 1 - inset_y, x0 + inset_x : x1 + 1 - inset_x] = cv2.GC_FGD

    def _cut_window(self, pixels: np.ndarray, seeds: np.ndarray) -> None:
        """Label the pixels in place."""
        cv2.setRNGSeed(0)  # its k-means draws from a global generator
        cv2.grabCut(
            pixels,
            seeds,
            None,  # type: ignore[call-overload]
            np.zeros((1, 65)),
            np.zeros((1, 65)),
            self.settings.options.get("iterations", 3),
            cv2.GC_INIT_WITH_MASK,
        )


class RandomWalker(Method):
    """Random walker (Grady 2006) as in scikit-image.

    Seeds: clicks, as disks of 1 % of the shorter side; scribbles; for a box its inner half, for a lasso the deeper half
    of its inside, and everything outside. With clicks or scribbles the image's border is background as well.

    Options: `beta`, the penalty for crossing an edge; `working_size`, the longest side in pixels at which the linear
    system is solved (the mask is scaled back), because its cost grows faster than the number of pixels.
    """

    prompt_types = frozenset({"point", "box", "scribble", "lasso"})
    learned = False
    known_options = frozenset({"beta", "working_size"})
    code_licence = _SCIKIT_IMAGE

    def encode(self, pixels: np.ndarray) -> Any:
        height, width = pixels.shape[:2]
        scale = min(1.0, self.settings.options.get("working_size", 64) / max(height, width))
        size = (max(2, round(width * scale)), max(2, round(height * scale)))
        return cv2.resize(_grey(pixels), size, interpolation=cv2.INTER_AREA), (height, width)

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [Candidates(self._walk(query)[None]) for query in queries]

    def _walk(self, query: Query) -> np.ndarray:
        grey, (height, width) = query.image
        rows, columns = grey.shape
        factor = np.array([columns / width, rows / height])
        seeds = np.zeros(grey.shape, np.int8)
        inside = query.prompt.enclosed((height, width))
        if query.prompt.box is not None:
            corner0 = np.floor(query.prompt.box[:2] * factor).astype(int)
            corner1 = np.ceil((query.prompt.box[2:] + 1) * factor).astype(int)
            inset = (corner1 - corner0) // 4
            seeds[:] = 2
            seeds[corner0[1] : corner1[1], corner0[0] : corner1[0]] = 0
            inner0, inner1 = corner0 + inset, np.maximum(corner1 - inset, corner0 + inset + 1)
            seeds[inner0[1] : inner1[1], inner0[0] : inner1[0]] = 1
        elif inside.any():
            depth = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L1, 3)[1:-1, 1:-1]
            seeds[:] = 2
            seeds[_marked(inside, grey.shape)] = 0
            seeds[_marked(depth > depth.max() / 2, grey.shape)] = 1
        else:
            seeds[0], seeds[-1], seeds[:, 0], seeds[:, -1] = 2, 2, 2, 2
        for label, seed in ((0, 2), (1, 1)):
            seeds[_marked(query.prompt.scribbled((height, width), label), grey.shape)] = seed
        radius = max(1, round(0.01 * min(grey.shape)))
        for point, label in zip(query.prompt.points, query.prompt.labels, strict=True):
            x, y = np.floor((point + 0.5) * factor).astype(int)
            y_grid, x_grid = np.ogrid[:rows, :columns]
            seeds[(y_grid - y) ** 2 + (x_grid - x) ** 2 <= radius**2] = 1 if label == 1 else 2
        if not (seeds == 2).any() or not (seeds == 1).any() or not (seeds == 0).any():
            mask = seeds != 2
        else:
            beta = self.settings.options.get("beta", 130)
            if not np.ptp(grey):
                # scikit-image divides by the standard deviation. A slope far below any edge leaves all weights equal.
                grey = grey + np.linspace(0, 1e-6, grey.size).reshape(grey.shape)
            # The solver's own tolerance lets probabilities leave [0, 1] a little; which of two is larger is unaffected.
            mask = random_walker(grey, seeds, beta=beta, mode="cg_j", prob_tol=0.1) == 1
        mask = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
        if query.prompt.box is not None:
            x0, y0, x1, y1 = query.prompt.box
            inside[y0 : y1 + 1, x0 : x1 + 1] = True
        # A pixel of the working size may reach beyond the box or the lasso.
        return mask & inside if inside.any() else mask


class RegionGrowing(Method):
    """Region growing: everything connected to a click whose smoothed grey value differs little from the click's.

    Where a positive and a negative click claim the same pixel, the nearer click gets it.

    Options: `tolerance`, the largest difference, as a share of the range of grey values; `sigma` of the Gaussian
    smoothing in pixels.
    """

    prompt_types = frozenset({"point"})
    learned = False
    known_options = frozenset({"tolerance", "sigma"})
    code_licence = _SCIKIT_IMAGE

    def encode(self, pixels: np.ndarray) -> tuple[np.ndarray, dict[tuple[int, int], _Region]]:
        """The smoothed image, and the regions grown in it so far: a trajectory asks for each click many times."""
        return gaussian(_grey(pixels), sigma=self.settings.options.get("sigma", 1.0)), {}

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [Candidates(self._grow(query)[None]) for query in queries]

    def _grow(self, query: Query) -> np.ndarray:
        grey, grown = query.image
        nearest = np.full(grey.size, np.inf, np.float32)
        mask = np.zeros(grey.size, bool)
        for (x, y), label in zip(query.prompt.points.tolist(), query.prompt.labels, strict=True):
            if (x, y) not in grown:
                grown[x, y] = self._region(grey, x, y)
            pixels, distance = grown[x, y]
            closer = distance < nearest[pixels]
            pixels = pixels[closer]
            nearest[pixels] = distance[closer]
            mask[pixels] = label == 1
        return mask.reshape(grey.shape)

    def _region(self, grey: np.ndarray, x: int, y: int) -> _Region:
        region = flood(grey, (y, x), tolerance=self.settings.options.get("tolerance", 0.1))
        rows, columns = np.nonzero(region)
        distance = ((rows - y) ** 2 + (columns - x) ** 2).astype(np.float32)
        return (rows * grey.shape[1] + columns).astype(np.int32), distance
