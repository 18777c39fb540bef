"""Where an image lies in the input of a network, and the way back from its low-resolution masks to the image."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_array
from torch import Tensor

STRIP_PIXELS = 2**17
Window: TypeAlias = tuple[slice, slice]


def axis_matrix(low: int, *steps: int | slice, mode: str = "bilinear", device: str = "cpu") -> Tensor:
    """(size, low) float32 matrix of what a chain of resizes and cuts does to a map along one axis.

    Interpolation is linear and separable, so each axis of a map is handled by one matrix, whatever the steps.

    Args:
        low: size of the map.
        steps: a number resizes to so many pixels (`align_corners=False`, no antialiasing), a slice cuts.
        mode: "bilinear" or "bicubic".
    """
    unit = torch.eye(low, device=device)
    for step in steps:
        if isinstance(step, slice):
            unit = unit[:, step]
        else:
            unit = F.interpolate(unit[None, None], (low, step), mode=mode, align_corners=False)[0, 0]
    return unit.t().contiguous()


# Logit of a mask that is sure: of a probability of 0.999.
SURE = math.log(0.999 / 0.001)


class Axis:
    """One axis of the way from a map to the image, where each pixel of the image mixes few of the map.

    Args:
        matrix: (n, low), see `axis_matrix`.
    """

    def __init__(self, matrix: np.ndarray):
        self.matrix = csr_array(matrix)
        self._mixes = bool((matrix >= 0).all())  # so that nothing lies above a threshold that no pixel of the map does
        used = matrix != 0
        self._first, self._last = used.argmax(axis=1), used.shape[1] - 1 - used[:, ::-1].argmax(axis=1)

    def window(self, first: int, count: int) -> slice:
        """Pixels of the image that may lie above a threshold, as so many of the map's do from the first on."""
        if not self._mixes:
            return slice(0, len(self._first))
        if not count:
            return slice(0, 0)
        start, stop = self._last.searchsorted(first), self._first.searchsorted(first + count - 1, side="right")
        return slice(int(start), int(stop))


@dataclass(frozen=True)
class Frame:
    """An image in the input of a network.

    Attributes:
        size: (h, w) of the image.
        scale: (x, y): pixels of the input per pixel of the image.
        rows, columns: (h, h'), (w, w') float32, see `axis_matrix`: a map (h', w') of the network becomes one of the
            image's size as rows @ map @ columns.T.
    """

    size: tuple[int, int]
    scale: tuple[float, float]
    rows: Tensor
    columns: Tensor

    def scaled(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) (x, y) pixels of the image -> float32 pixels of the input."""
        return (np.asarray(points, np.float64) * self.scale).astype(np.float32)

    def scaled_box(self, box: np.ndarray) -> np.ndarray:
        """(4,) XYXY pixels of the image -> float32 pixels of the input."""
        return self.scaled(box.reshape(2, 2)).ravel()

    def full(self, low: Tensor) -> Tensor:
        """(..., h', w') maps -> (..., h, w) of the image's size."""
        if low.device.type != "cpu" or low.requires_grad:
            return self.rows @ low @ self.columns.t()
        maps = low.reshape(-1, *low.shape[-2:]).float().numpy()
        found = np.empty((len(maps), *self.size), np.float32)
        for one, full in zip(maps, found, strict=True):
            for columns, values in self.strips(one):
                full[:, columns] = values
        return torch.from_numpy(found).reshape(*low.shape[:-2], *self.size)

    def strips(self, low: np.ndarray, window: Window | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """An (h', w') float32 map brought to the image's size, in parts that stay in the cache of a core.

        Args:
            window: rows and columns of the image; None for all.

        Yields:
            Some of the columns, and (n, m) float32 values of the n rows, which are the caller's.
        """
        rows, columns = window or (slice(0, self.size[0]), slice(0, self.size[1]))
        matrix = self._axes[0].matrix[rows] if window else self._axes[0].matrix
        along = self._axes[1].matrix @ cv2.transpose(low)
        width = max(1, STRIP_PIXELS // max(1, rows.stop - rows.start))
        for start in range(columns.start, columns.stop, width):
            part = slice(start, min(start + width, columns.stop))
            yield part, matrix @ cv2.transpose(along[part])

    def window(self, marked: np.ndarray) -> Window:
        """Rows and columns of the image that may lie above a threshold, as the marked pixels of an (h', w') bool map
        do."""
        x, y, width, height = cv2.boundingRect(marked.view(np.uint8))
        return self._axes[0].window(y, height), self._axes[1].window(x, width)

    @cached_property
    def _axes(self) -> tuple[Axis, Axis]:
        return Axis(self.rows.cpu().numpy()), Axis(self.columns.cpu().numpy())

    def logits(self, mask: np.ndarray, side: int) -> Tensor:
        """A mask of the image as logits that a network takes as part of a prompt: +-6.9, and 0 in the padding.

        As `micro_sam` does (`prompt_based_segmentation.py`): bilinear with antialiasing, like PIL, which it uses.

        Args:
            mask: (h, w) bool.
            side: of the network's input, in pixels.

        Returns:
            (h', w') float32.
        """
        low, device = self.rows.shape[1], self.rows.device
        height, width = (
            max(1, int(pixels * scale * low / side + 0.5))
            for pixels, scale in zip(self.size, reversed(self.scale), strict=True)
        )
        logits = torch.where(torch.as_tensor(mask, device=device), SURE, -SURE)[None, None]
        resized = F.interpolate(logits, (height, width), mode="bilinear", antialias=True)[0, 0]
        return F.pad(resized, (0, low - width, 0, low - height))


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def padded(size: tuple[int, int], inside: tuple[int, int], side: int, low: int, device: str = "cpu") -> Frame:
    """The frame of an image that lies in the top left corner of a square input, the rest of which is padding.

    As SAM does, maps are resized to the input, what is padding is cut off, and the rest is resized to the image.

    Args:
        size: (h, w) of the image.
        inside: (h, w) that the image has in the input.
        side: of the input.
        low: side of the network's maps.
    """
    rows, columns = (
        axis_matrix(low, side, slice(part), whole, device=device) for part, whole in zip(inside, size, strict=True)
    )
    return Frame(size, (inside[1] / size[1], inside[0] / size[0]), rows, columns)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def stretched(size: tuple[int, int], side: int, low: int, device: str = "cpu", *, twice: bool = False) -> Frame:
    """The frame of an image that fills a square input, its aspect not kept.

    Args:
        size: (h, w) of the image.
        side: of the input.
        low: side of the network's maps.
        twice: maps are resized to the input's side before the image's, instead of at once.
    """
    height, width = size
    between = (side,) if twice else ()
    rows, columns = (axis_matrix(low, *between, whole, device=device) for whole in (height, width))
    return Frame(size, (side / width, side / height), rows, columns)
