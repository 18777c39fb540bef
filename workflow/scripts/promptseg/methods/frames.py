"""Where an image lies in the input of a network, and the way back from its low-resolution masks to the image."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


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
        return self.rows @ low @ self.columns.t()

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
