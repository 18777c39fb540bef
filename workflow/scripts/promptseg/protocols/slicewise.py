"""Corrections of many slices at once.

Source: MIC-DKFZ/radioactive 1796386, prompts/interactive_prompter.py (twoDInteractivePrompter and
twoD1PointUnrealisticInteractivePrompter), utils/interactivity.py (gen_contour_fp_scribble) and prompts/prompt_3d.py.
"""

from random import Random

import numpy as np
from scipy.ndimage import binary_dilation, generate_binary_structure, label
from skimage.measure import find_contours
from skimage.morphology import disk

from promptseg.protocols.blocks import Clicks, Start
from promptseg.protocols.depths import box_of
from promptseg.protocols.draws import Draws
from promptseg.protocols.points import points_of
from promptseg.protocols.showing import Scene, Shown
from promptseg.volumes.routes.clicks import STEPS


class Slicewise:
    """Points in all slices of the largest missed component, or along a scribble over false positives: a coin decides,
    by the numbers of their voxels. In an image, which has no other plane, the scribble lies in it."""

    def __init__(self, block: Clicks, scene: Scene, draws: Draws) -> None:
        self._block, self._truth, self._draws = block.slicewise, scene.truth, draws
        self._centre = Start(prompt="point", place="centroid", parts=1, equal=block.slicewise.equal)
        self._neighbours = generate_binary_structure(3, STEPS[block.connectivity])

    def started(self, shown: Shown | None) -> None:
        """The first prompt changes nothing."""

    def next(self, prediction: np.ndarray) -> Shown | None:
        """Points of one sign, or none after a perfect prediction."""
        missed, wrong = self._truth & ~prediction, prediction & ~self._truth
        n_missed, n_wrong = np.count_nonzero(missed), np.count_nonzero(wrong)
        if not n_missed and not n_wrong:
            return None
        if not n_missed or (n_wrong and self._draws.random.binomial(1, n_wrong / (n_missed + n_wrong))):
            return self._negative(prediction, wrong)
        return Shown.clicks(self._positive(missed), 1)

    def _positive(self, missed: np.ndarray) -> np.ndarray:
        """(n, 3) (z, y, x): in each slice of the largest component the pixel nearest to the centroid of its largest
        part."""
        crop = box_of(missed)
        parts, _ = label(missed[crop], self._neighbours)
        sizes = np.bincount(parts.ravel())[1:]
        last = self._centre.equal == "last"
        component = parts == (len(sizes) - sizes[::-1].argmax() if last else sizes.argmax() + 1)
        z0, y0, x0 = (side.start for side in crop)
        planes = {z: plane for z, plane in enumerate(component, z0) if plane.any()}
        found = [[z, *points_of(plane, self._centre, self._draws, (y0, x0))[0]] for z, plane in planes.items()]
        return np.array(found)

    def _negative(self, prediction: np.ndarray, wrong: np.ndarray) -> Shown:
        """The predicted pixels of a scribble in the plane with the most false positives, the first of equals; where
        there are none, some random false positives."""
        axis = 0 if len(wrong) == 1 else "zyx".index(self._block.plane)
        others = tuple({0, 1, 2} - {axis})
        plane = int(np.count_nonzero(wrong, axis=others).argmax())
        predicted = prediction.take(plane, axis)
        scribble = self._scribble(self._truth.take(plane, axis), predicted)
        places = np.argwhere(scribble & predicted)
        if len(places):
            return Shown.clicks(np.insert(places, axis, plane, axis=1), 0)
        candidates = np.argwhere(wrong)
        chosen = self._draws.anew().choice(len(candidates), min(len(candidates), self._block.fallback), replace=False)
        return Shown.clicks(candidates[chosen], int(self._block.fallback_label == "object"))

    def _scribble(self, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Bool: a part of the contour around the truth, around one of its points that is predicted; without truth the
        column with the most predicted pixels, the first of equals. Empty where no point of the contour is predicted."""
        drawn = np.zeros_like(truth)
        if not truth.any():
            drawn[:, predicted.sum(axis=0).argmax()] = True
            return drawn
        random = Random(self._draws.seed)
        margin = random.randint(self._block.margin, self._block.margin)  # uses the generator up
        contours = find_contours(binary_dilation(truth, disk(margin)).astype(float), 0.5)
        if not contours:
            return drawn
        places = np.round(np.concatenate(contours)).astype(int)
        (inside,) = np.nonzero(predicted[tuple(places.T)])
        if not len(inside):
            return drawn
        length = round(len(places) * self._block.share)
        start = random.choices(inside)[0] - int(length / 2)
        drawn[tuple(places.take(range(start, start + length), axis=0, mode="wrap").T)] = True
        pieces, _ = label(drawn, generate_binary_structure(2, 2))
        return pieces == np.bincount(pieces[drawn]).argmax()


class EverySlice:
    """A random wrong pixel in every slice of the first prompt, with the sign of the truth."""

    def __init__(self, block: Clicks, scene: Scene, draws: Draws) -> None:
        self._block, self._truth, self._draws = block, scene.truth, draws
        self._slices: list[int] = []

    def started(self, shown: Shown | None) -> None:
        """Notes which slices were prompted."""
        self._slices = shown.slices if shown else []

    def next(self, prediction: np.ndarray) -> Shown | None:
        """A point in each prompted slice that is not perfect."""
        found = []
        for z in self._slices:
            wrong = np.argwhere(prediction[z] != self._truth[z])
            if len(wrong):
                random = self._draws.anew() if self._block.reseed == "click" else self._draws.random
                found.append([z, *wrong[random.randint(len(wrong))]])
        return Shown.clicks(np.array(found), self._truth[tuple(np.array(found).T)]) if found else None
