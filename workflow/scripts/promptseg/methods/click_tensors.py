"""Images, clicks and maps as the networks of click models take them; clicks are (row, column)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from promptseg.methods.regions import Roi, Size, shape_of


def image_tensor(pixels: np.ndarray, device: str | torch.device) -> Tensor:
    """(h, w, 3) uint8 RGB as the (3, h, w) float32 that `ClickPredictor` takes, in 0..1."""
    # A copy: PyTorch warns of memory that it may not write to, as that of decoded pictures.
    return torch.from_numpy(np.array(pixels, order="C")).to(device).permute(2, 0, 1).float().div(255)


def into_crop(clicks: np.ndarray, roi: Roi, size: Size) -> np.ndarray:
    """(n, 2) float64 (row, column) clicks in a crop to `roi` that is resized to `size`; they may lie outside it."""
    return np.asarray(size) * (clicks - np.array([roi[0], roi[2]], np.float64)) / np.asarray(shape_of(roi))


def mirrored(clicks: np.ndarray, width: int) -> np.ndarray:
    """(n, 2) (row, column) clicks in the image mirrored left to right."""
    return np.stack([clicks[:, 0], width - clicks[:, 1] - 1], axis=1)


def click_tensor(clicks: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> Tensor:
    """Clicks of a batch as the networks take them.

    Args:
        clicks: (n_b, 2) (row, column) of every item.
        labels: (n_b,) of every item, non-zero on the object.

    Returns:
        (B, 2n, 3) float32 (row, column, order): n places for the positive, then n for the negative clicks; the places
        left over are -1.
    """
    room = max(1, *(int(np.sum(sign)) for item in labels for sign in (item != 0, item == 0)))
    padded = np.full((len(clicks), 2, room, 3), -1, np.float32)
    for index, (points, item) in enumerate(zip(clicks, labels, strict=True)):
        for half, chosen in enumerate((item != 0, item == 0)):
            count = int(chosen.sum())
            padded[index, half, :count, :2] = points[chosen]
            padded[index, half, :count, 2] = np.flatnonzero(chosen)
    return torch.from_numpy(padded.reshape(len(clicks), 2 * room, 3))


def resize(maps: Tensor, size: Size) -> Tensor:
    """(c, h, w) maps at another size: bilinear, corners aligned, as everywhere in these methods."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps[None], size, mode="bilinear", align_corners=True)[0]


def crop(maps: Tensor, roi: Roi) -> Tensor:
    """The part of (..., h, w) maps in the ROI, as a view."""
    return maps[..., roi[0] : roi[1] + 1, roi[2] : roi[3] + 1]


def paste(patch: Tensor, roi: Roi, shape: Size) -> Tensor:
    """(h, w) zeros with the (h', w') patch, resized to the ROI, in the ROI."""
    full = patch.new_zeros(shape)
    crop(full, roi).copy_(resize(patch[None], shape_of(roi))[0])
    return full
