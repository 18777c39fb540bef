"""One click where the error is deepest, or where people are likely to click."""

from dataclasses import dataclass

import numpy as np

from promptseg.protocols.blocks import Clicks
from promptseg.protocols.depths import box_of, deepest_voxels, placed
from promptseg.protocols.draws import Draws
from promptseg.protocols.showing import Scene, Shown
from promptseg.volumes.routes.clicks import largest_component


class Deepest:
    """The click of RITM (SamsungLabs/ritm_interactive_segmentation b9b4460, isegm/inference/clicker.py) and that of the
    CVPR challenge (JunMa11/CVPR-MedSegFMCompetition 748e862, CVPR25_iter_eval.py), which differ in the values of a
    block. What the challenge does with components above 60 million voxels, it halves them, is not done.
    """

    def __init__(self, block: Clicks, scene: Scene, draws: Draws) -> None:
        self._block, self._draws, self._scene = block, draws, scene
        self._truth = scene.truth if scene.ignored is None else scene.truth & ~scene.ignored
        self._clicked: list[list[int]] = []

    def started(self, shown: Shown | None) -> None:
        """Points of the first prompt are clicks, too."""
        if shown is not None:
            self._clicked += shown.points.tolist()

    def next(self, prediction: np.ndarray) -> Shown | None:
        """One click, or none where nothing is wrong that was not clicked before."""
        if self._scene.ignored is not None:
            prediction = prediction & ~self._scene.ignored
        wrong = self._truth ^ prediction
        voxel = None
        if wrong.any():
            crop = box_of(wrong, grown=int(self._block.border == "object"))
            voxel, positive = self._click(wrong[crop], crop)
        if voxel is None:
            if self._block.nothing == "stop":
                return None
            voxel, positive = [0, 0, 0], False
        self._clicked.append(voxel)
        return Shown.clicks(np.array([voxel]), int(positive))

    def _click(self, wrong: np.ndarray, crop: tuple[slice, ...]) -> tuple[list[int] | None, bool]:
        """(z, y, x) and sign of a click on the errors in a box of the volume; None if all were clicked."""
        missed = wrong & self._truth[crop]
        joint = self._block.region == "joint"
        corner = np.array([part.start for part in crop])
        found = [self._deepest(region, corner) for region in ([wrong] if joint else [wrong & ~missed, missed])]
        # The first of equals is taken: of two equally deep regions the false positives.
        best = max(found, key=lambda one: one.depth)
        if not best.depth:
            return None, False
        voxel = list(map(int, self._choose(best)))
        by_depth = self._block.sign == "depth" and not joint
        return voxel, best is found[-1] if by_depth else bool(self._truth[tuple(voxel)])

    def _deepest(self, region: np.ndarray, corner: np.ndarray) -> "_Found":
        """The deepest voxels of a region whose array begins at `corner`, or of its largest component."""
        block, body, place = self._block, region, corner
        if block.component == "largest" and region.any():
            body, inner = largest_component(region, block.connectivity)
            if block.border == "object":
                body = placed(body, inner, region.shape)
            else:
                place = corner + inner
        without = np.array([] if block.repeat else self._clicked, int).reshape(-1, 3) - place
        without = without[((without >= 0) & (without < body.shape)).all(axis=1)]
        voxels, depth = deepest_voxels(
            body,
            image=len(self._truth) == 1,
            sampling=self._scene.spacing if block.distance == "mm" else None,
            border=block.border,
            without=without,
        )
        return _Found(region, corner, voxels + place, depth)

    def _choose(self, found: "_Found") -> np.ndarray:
        """(z, y, x) of one of the deepest voxels."""
        index = self._random().choice(len(found.voxels)) if self._block.ties == "random" else 0
        voxel: np.ndarray = found.voxels[index]
        return voxel

    def _random(self) -> np.random.RandomState:
        return self._draws.anew() if self._block.reseed == "click" else self._draws.random


@dataclass(frozen=True, eq=False)
class _Found:
    """A region of error, whose array begins at `corner` of the volume; its deepest voxels, (n, 3) (z, y, x) in the
    volume, and the square of their depth."""

    region: np.ndarray
    corner: np.ndarray
    voxels: np.ndarray
    depth: float


class Likely(Deepest):
    """A click drawn by how likely people click on each voxel of the region (emb-ai/rclicks e20bf76,
    isegm/inference/clicker.py): of the region that `Deepest` would click in, the voxels whose likelihoods lie between
    two shares of their sum. Where there is no map, or it is 0 there, the deepest voxel."""

    def _choose(self, found: _Found) -> np.ndarray:
        if self._scene.click_map is None:
            return super()._choose(found)
        # Of the whole volume, because sums of float32 depend on how many numbers there are.
        likely = self._scene.click_map * placed(found.region, found.corner, self._truth.shape)
        if not self._block.repeat:
            likely[tuple(np.array(self._clicked, int).reshape(-1, 3).T)] = 0
        likely = between(likely, self._block.low, self._block.high)
        total = likely.sum()
        if not total > 0:
            return super()._choose(found)
        place = self._random().choice(likely.size, p=(likely / total).ravel())
        return np.array(np.unravel_index(place, likely.shape))


def between(likely: np.ndarray, low: float, high: float) -> np.ndarray:
    """Likelihoods, 0 where they are not between the two at which the sum of all, sorted, reaches the share `low` and
    passes the share `high`; these two are kept.

    Args:
        likely: float32, at least 0.
    """
    order = np.sort(likely, axis=None)
    sums, total = order.cumsum(), order.sum()
    first = sums.searchsorted(total * low, side="left")
    last = min(sums.searchsorted(total * high, side="right"), len(order) - 1)
    return likely * (likely >= order[first]) * (likely <= order[last])
