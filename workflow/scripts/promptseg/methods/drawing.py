"""Masks and confidences of one answer, drawn from a network's small maps when somebody asks for them, on a CPU.

Of the three masks of a prompt most are never looked at, and drawing them at the size of the image costs more than most
networks on a GPU take for them. The engine asks for them in its worker threads.
"""

from typing import Literal, TypeAlias

import cv2
import numpy as np

from promptseg.core.lazy import LazyArray
from promptseg.methods.confidence import OFFSET, of_sums, thresholds
from promptseg.methods.frames import Frame

# What maps hold: logits, whose masks lie above 0; probabilities, above 0.5; shares that a mask has of pixels, above 0.
Values: TypeAlias = Literal["logits", "probabilities", "masks"]


class Drawing:
    """The maps of one answer, and the image.

    Args:
        maps: (k, h', w') float32, finite.
        frame: where the image lies.
    """

    def __init__(self, maps: np.ndarray, frame: Frame, values: Values):
        self._maps, self._frame, self._values = maps, frame, values
        limits = thresholds(0.5) if values == "probabilities" else (-OFFSET, 0.0, OFFSET)
        self._thresholds = np.array(limits, np.float32)  # as `confidence` has them
        self._drawn: dict[int, np.ndarray] = {}
        self._confidence = LazyArray(self._measured, (len(maps), 2), np.float32)

    @property
    def masks(self) -> LazyArray:
        """(k, h, w) bool."""
        return LazyArray(self._mask, (len(self._maps), *self._frame.size), bool)

    @property
    def stability(self) -> LazyArray:
        """(k,) float32, see `confidence`."""
        return LazyArray(lambda number: self._confidence[number][0], (len(self._maps),), np.float32)

    @property
    def soft_dice(self) -> LazyArray:
        """(k,) float32, see `confidence`."""
        return LazyArray(lambda number: self._confidence[number][1], (len(self._maps),), np.float32)

    @property
    def probabilities(self) -> LazyArray:
        """(k, h, w) float32."""
        return LazyArray(self._probability, (len(self._maps), *self._frame.size), np.float32)

    def _mask(self, number: int) -> np.ndarray:
        if number in self._drawn:
            return self._drawn[number]
        low, mask = self._maps[number], np.zeros(self._frame.size, bool)
        window = self._frame.window(low > self._thresholds[1])
        for part, values in self._frame.strips(low, window):
            np.greater(values, self._thresholds[1], out=mask[window[0], part])
        return mask

    def _probability(self, number: int) -> np.ndarray:
        found = np.empty(self._frame.size, np.float32)
        for columns, values in self._frame.strips(self._maps[number]):
            np.clip(self._shares(values), 0, 1, out=found[:, columns])
        return found

    def _shares(self, values: np.ndarray) -> np.ndarray:
        """Probabilities, in the place of what they are made of."""
        if self._values == "probabilities":
            return values
        cv2.exp(np.negative(values, out=values), dst=values)  # a third of the time of NumPy's, right to 1 in 10**7
        return np.reciprocal(np.add(values, 1, out=values), out=values)

    def _measured(self, number: int) -> tuple[float, float]:
        """Stability and soft Dice; the mask is drawn by the way."""
        low, sums = self._maps[number], np.zeros(5)
        lower, middle, higher = self._thresholds
        rows, columns = self._frame.window(low > lower)
        mask = np.zeros(self._frame.size, bool)
        for part, values in self._frame.strips(low):
            # The mask and what is close to it.
            seen = rows if part.start < columns.stop and columns.start < part.stop else slice(0)
            near = values[seen]
            inside = mask[seen, part] = near > middle
            sums[:3] += np.count_nonzero(near > higher), np.count_nonzero(inside), np.count_nonzero(near > lower)
            sums[4] += self._shares(values).sum()
            sums[3] += np.multiply(near, inside, out=near).sum()  # which are shares now
        self._drawn[number] = mask
        found = of_sums(sums[:, None])
        return found.stability[0], found.soft_dice[0]
