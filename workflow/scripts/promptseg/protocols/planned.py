"""Clicks that are fixed before the method answers, in lesions and in hot spots beside them.

Source: lab-midas/autoPETCTIV 80af68d, clicks/simulate_clicks.py, simulate_clicks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
from scipy.ndimage import find_objects, generate_binary_structure, label

from promptseg.core.errors import PromptsegError
from promptseg.protocols.blocks import Clicks
from promptseg.protocols.depths import box_of, transform
from promptseg.protocols.draws import Draws
from promptseg.protocols.showing import Scene, Shown

STOPS = "the official program stops here: a background click that it draws outside a thin component hits the object"
_NEIGHBOURS = generate_binary_structure(3, 3)


class Planned:
    """Every step shows the next click on the object and the next one beside it.

    Raises:
        PromptsegError: the official program would stop.
    """

    def __init__(self, block: Clicks, scene: Scene, draws: Draws) -> None:
        plan, truth = block.planned, scene.truth
        # All is looked through in the order `voxels`: with its last axis fastest.
        self._turn = (2, 1, 0) if plan.voxels == "xyz" else (0, 1, 2)
        self._transposed = plan.components != plan.voxels
        self._thin = plan.thin
        self.foreground = self._clicks(truth, plan.foreground, draws, None)
        self.background: list[np.ndarray] = []
        if plan.background and scene.pixels is not None and not truth.all():
            hot = scene.pixels > np.percentile(scene.pixels[~truth], plan.percentile)
            self.background = self._clicks(hot & ~truth, plan.background, draws, truth)
        self._step = 0

    def started(self, shown: Shown | None) -> None:
        """The first prompt changes nothing."""

    def next(self, _: np.ndarray) -> Shown | None:
        """The next click of each sign that is left."""
        step = slice(self._step, self._step + 1)
        self._step += 1
        inside, outside = self.foreground[step], self.background[step]
        if not inside and not outside:
            return None
        return Shown.clicks(np.array([*inside, *outside]), np.repeat([1, 0], [len(inside), len(outside)]))

    def _clicks(self, body: np.ndarray, budget: int, draws: Draws, truth: np.ndarray | None) -> list[np.ndarray]:
        """Places of clicks in the components of a body: the centres of some of them in a random order, then rims.

        Args:
            truth: of the object, for clicks beside it.
        """
        if not body.any():
            return []  # the official program would look for a click for ever
        # Components and their depths lie in the box of the body, grown by one voxel as far as the volume goes.
        crop = [box_of(body, grown=1)[axis] for axis in self._turn]
        parts, count = self._components(body.transpose(self._turn)[tuple(crop)])
        boxes = find_objects(parts)
        corner = np.array([side.start for side in crop])
        chosen = draws.random.choice(np.arange(1, count + 1), size=min(budget, count), replace=False)
        bodies = [_Part.of(parts, boxes[number - 1], number, corner) for number in chosen]
        rims = self._rims(bodies, draws, None if truth is None else truth.transpose(self._turn))
        places = [part.at(part.depths.argmax()) for part in bodies] + list(islice(rims, budget - len(bodies)))
        return [place[list(self._turn)] for place in places]

    def _components(self, body: np.ndarray) -> tuple[np.ndarray, int]:
        """Components with 26 neighbours, numbered in the order of their first voxels along the axes `components`."""
        parts, count = label(body.transpose() if self._transposed else body, _NEIGHBOURS)
        return parts.transpose() if self._transposed else parts, count

    def _rims(self, bodies: list["_Part"], draws: Draws, truth: np.ndarray | None) -> Iterator[np.ndarray]:
        """Random places, one component after another, again and again.

        On the object they lie on the rim of a component. Beside it the official program asks for voxels outside the
        component that are as deep as its rim. There are none, and any voxel of the component is drawn; but where all
        its voxels are equally deep, all voxels outside it are taken for such.
        """
        for part in cycle(bodies):
            inside = part.depths > 0
            rim = part.depths == part.depths[inside].min()
            if truth is None:
                yield part.at(_drawn(rim, draws))
            elif self._thin == "component" or not np.array_equal(rim, inside):
                yield part.at(_drawn(inside, draws))
            else:
                yield _beyond(part, draws, truth)


@dataclass(frozen=True, eq=False)
class _Part:
    """A component: the depths of its voxels in its box, grown by one voxel as far as the volume goes, 0 outside it, and
    the place of the box. The edge of the volume is no rim."""

    depths: np.ndarray
    corner: np.ndarray

    @classmethod
    def of(cls, parts: np.ndarray, box: tuple[slice, ...], number: int, corner: np.ndarray) -> "_Part":
        """One of several numbered components, in its box; the array begins at `corner` of the volume."""
        grown = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)
        depths = transform(parts[grown] == number, image=False, border="object")
        return cls(depths, corner + [side.start for side in grown])

    def at(self, index: int | np.integer) -> np.ndarray:
        """Place in the volume of a voxel, by its number in the box."""
        return np.array(np.unravel_index(index, self.depths.shape)) + self.corner


def _drawn(among: np.ndarray, draws: Draws) -> int:
    """Number of one of the true voxels of a box."""
    (places,) = np.nonzero(among.ravel())
    return int(places[draws.random.choice(len(places))])


def _beyond(part: _Part, draws: Draws, truth: np.ndarray) -> np.ndarray:
    """Place of one of all voxels of the volume outside a component."""
    inside = np.sort(np.ravel_multi_index(tuple(np.argwhere(part.depths > 0).T + part.corner[:, None]), truth.shape))
    drawn = int(draws.random.choice(truth.size - len(inside)))
    # Those inside are left out of the count.
    before = int(np.searchsorted(inside - np.arange(len(inside)), drawn, side="right"))
    place = np.array(np.unravel_index(drawn + before, truth.shape))
    if truth[tuple(place)]:
        raise PromptsegError(STOPS)
    return place
