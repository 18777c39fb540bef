"""The UNet of ScribblePrompt (Wong et al., ECCV 2024), with the parameter names of its published weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PLANES = 5  # image, box, positive, negative, previous logits


class _Conv(nn.Module):
    """A convolution that keeps the size, and its activation if it has one."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, *, activated: bool = True):
        super().__init__()
        activation = [nn.PReLU()] if activated else []
        self.conv = nn.Sequential(nn.Conv2d(inputs, outputs, size, padding=size // 2), *activation)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class ScribbleUnet(nn.Module):
    """Levels of one convolution each, all equally wide, on the way down and on the way up.

    Args:
        width: channels of every level.
        depth: levels; sides of the input are multiples of 2**depth.
    """

    def __init__(self, width: int = 192, depth: int = 4):
        super().__init__()
        self.downs = nn.ModuleList(_Conv(width if level else PLANES, width) for level in range(depth))
        self.bottleneck = _Conv(width, width)
        self.ups = nn.ModuleList()
        for _ in range(depth):
            self.ups.append(nn.UpsamplingBilinear2d(scale_factor=2))
            self.ups.append(_Conv(2 * width, width))
        self.final_conv = _Conv(width, 1, 1, activated=False)

    def forward(self, x: Tensor) -> Tensor:
        """(b, 5, h, w) planes -> (b, 1, h, w) logits."""
        levels = []
        for down in self.downs:
            x = down(x)
            levels.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottleneck(x)
        upscalings, convolutions = self.ups[::2], self.ups[1::2]
        for upscale, conv, level in zip(upscalings, convolutions, reversed(levels), strict=True):
            x = conv(torch.cat([level, upscale(x)], dim=1))
        return self.final_conv(x)
