"""The neck of SAM 2's image encoder: a feature pyramid without output convolutions (Lin et al. 2017)."""

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn


class _Lateral(nn.Module):
    def __init__(self, width: int, out: int):
        super().__init__()
        self.conv = nn.Conv2d(width, out, 1)


class Neck(nn.Module):
    """Lateral 1 x 1 convolutions of all levels; only the level at 1/16 takes something from the coarser one above it.

    Args:
        widths: channels of the trunk's levels, finest first.
        out: channels of all levels of the pyramid.
    """

    def __init__(self, widths: list[int], out: int):
        super().__init__()
        self.convs = nn.ModuleList(_Lateral(width, out) for width in reversed(widths))  # the file's order

    def embedding(self, levels: list[Tensor]) -> Tensor:
        """The map at 1/16 of trunk levels (b, h, w, c) -> (b, out, h, w) float32."""
        coarse, middle = (self._lateral(index, levels[-1 - index]) for index in (0, 1))
        return middle + F.interpolate(coarse, scale_factor=2.0, mode="nearest")

    def behind(self, level: int, after: nn.Conv2d) -> tuple[Tensor, Tensor]:
        """Weight and bias of the lateral convolution of a fine level (0 or 1) and the 1 x 1 convolution after it, as
        one: no nonlinearity lies between them."""
        lateral = self._conv(-1 - level)
        weight, point = after.weight.flatten(1) @ lateral.weight.flatten(1), after.weight.flatten(1)
        assert lateral.bias is not None
        assert after.bias is not None
        return weight, point @ lateral.bias + after.bias

    def _lateral(self, index: int, level: Tensor) -> Tensor:
        conv = self._conv(index)
        return conv(level.permute(0, 3, 1, 2).to(conv.weight.dtype)).float()

    def _conv(self, index: int) -> nn.Conv2d:
        return cast(nn.Conv2d, self.convs[index].conv)
