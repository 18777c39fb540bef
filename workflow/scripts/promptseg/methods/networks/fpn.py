"""The neck of SAM 2's image encoder: a feature pyramid without output convolutions (Lin et al. 2017)."""

import torch.nn.functional as F
from torch import Tensor, nn


class _Lateral(nn.Module):
    def __init__(self, width: int, out: int):
        super().__init__()
        self.conv = nn.Conv2d(width, out, 1)

    def forward(self, level: Tensor) -> Tensor:
        """(b, h, w, width) -> (b, out, h, w)."""
        return self.conv(level.permute(0, 3, 1, 2).to(self.conv.weight.dtype))


class Neck(nn.Module):
    """Lateral 1 x 1 convolutions, one per level; only the level at 1/16 takes something from the coarser one above it.

    Args:
        widths: channels of the trunk's levels, finest first.
        out: channels of all levels of the pyramid.
    """

    def __init__(self, widths: list[int], out: int):
        super().__init__()
        self.convs = nn.ModuleList(_Lateral(width, out) for width in reversed(widths))  # the file's order

    def forward(self, levels: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Trunk levels (b, h, w, c) at 1/4, 1/8, 1/16 and 1/32 -> maps (b, out, h, w) at 1/4, 1/8 and 1/16."""
        finest, fine, middle, coarse = (conv(level) for conv, level in zip(reversed(self.convs), levels, strict=True))
        return finest, fine, middle + F.interpolate(coarse.float(), scale_factor=2.0, mode="nearest")
