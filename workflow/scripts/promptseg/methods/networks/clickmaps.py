"""What clicks and images become before a network sees them."""

import torch
from torch import Tensor

from promptseg.methods.networks.config import IMAGENET_MEAN, IMAGENET_STD


def normalise(image: Tensor) -> Tensor:
    """An image (B, 3, h, w) in [0, 1], less ImageNet's mean and divided by its standard deviation."""
    mean, std = (image.new_tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return (image - mean) / std


def disk_maps(points: Tensor, size: tuple[int, int], radius: float) -> Tensor:
    """Positive and negative clicks as disks (RITM, Sofiiuk et al. 2022, section 3.1).

    Args:
        points: (B, 2n, 3) float32 rows (row, col, order), first n positive, then n negative ones. A row whose larger
            coordinate is negative is padding; a click with one negative coordinate is drawn as far as it is inside.
        size: (h, w) of the maps.
        radius: pixels; the rim belongs to the disk.

    Returns:
        (B, 2, h, w) float32, 1 in the disks of the positive and of the negative clicks, 0 elsewhere.
    """
    batch, count = points.shape[0], points.shape[1] // 2
    height, width = size
    clicks = points[..., :2].float().reshape(batch, 2, count, 2)
    padding = clicks.amax(dim=-1, keepdim=True) < 0
    clicks = clicks.masked_fill(padding, torch.inf)
    rows = torch.arange(height, device=points.device, dtype=torch.float32) - clicks[..., :1]
    columns = torch.arange(width, device=points.device, dtype=torch.float32) - clicks[..., 1:]
    maps = points.new_zeros((batch, 2, height, width), dtype=torch.bool)
    for index in range(count):  # one click at a time: all at once would need as many full-size maps
        maps |= rows[:, :, index, :, None] ** 2 + columns[:, :, index, None, :] ** 2 <= radius**2
    return maps.float()
