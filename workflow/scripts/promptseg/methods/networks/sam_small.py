"""A small instance of SAM: the package's prompt encoder and mask decoder behind a convolutional image encoder.

Plain transformers need far more images than can be generated and seen on a CPU; everything else is SAM's.
"""

from typing import Any

import torch
from segment_anything.modeling import Sam as SamModel
from segment_anything.modeling.common import LayerNorm2d
from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.methods.networks.sam_around import sam_around

_STRIDE = 8  # of the embedding

VARIANTS: dict[str, dict[str, Any]] = {
    "small": {"image_size": 256, "widths": (24, 48, 96, 160, 224), "depths": (1, 2, 3, 3, 2), "width": 128, "heads": 4}
}


def _norm(channels: int) -> nn.GroupNorm:
    # Of each image by itself: statistics of generated images need not hold for real ones.
    return nn.GroupNorm(8, channels)


class _Residual(nn.Module):
    """Residual block of two 3x3 convolutions."""

    def __init__(self, width: int):
        super().__init__()
        last = _norm(width)
        nn.init.zeros_(last.weight)  # blocks start as identities
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            _norm(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            last,
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layers(x))


class ConvEncoder(nn.Module):
    """Residual stages at 1/2 to 1/32 of the image's size, merged at 1/8 from coarse to fine.

    Args:
        image_size: side of the padded image.
        widths, depths: channels and residual blocks of the five stages.
        width: channels of the embedding.
    """

    def __init__(self, image_size: int, widths: tuple[int, ...], depths: tuple[int, ...], width: int):
        super().__init__()
        self.img_size = image_size  # the name that the package reads
        self.dtype = torch.float32  # of its convolutions
        self.stages = nn.ModuleList()
        inputs = 3
        for outputs, depth in zip(widths, depths, strict=True):
            entry = [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), _norm(outputs), nn.ReLU(inplace=True)]
            self.stages.append(nn.Sequential(*entry, *(_Residual(outputs) for _ in range(depth))))
            inputs = outputs
        self.detail = nn.Conv2d(widths[1], width, 2, 2)
        self.lateral = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in widths[2:])
        self.merge = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), _norm(width), nn.ReLU(inplace=True))
            for _ in range(2)
        )
        norm = LayerNorm2d(width)
        self.neck = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), norm)
        # At first the decoder should see more of the positions than of features that mean nothing yet: it learns to use
        # prompts sooner.
        nn.init.constant_(norm.weight, 0.2)
        self.to(memory_format=torch.channels_last)  # what convolutions on a CPU want

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, s, s) normalised and padded images -> (b, width, s / 8, s / 8)."""
        if self.dtype == torch.float32:  # also within the mixed precision of a training
            return self._forward(x)
        with torch.autocast(x.device.type, self.dtype):
            return self._forward(x).float()

    def _forward(self, x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        top = self.lateral[2](maps[4])
        for level, merge in ((3, self.merge[0]), (2, self.merge[1])):
            size = maps[level].shape[-2:]
            top = merge(self.lateral[level - 2](maps[level]) + F.interpolate(top, size, mode="bilinear"))
        return self.neck(top + self.detail(maps[1])).contiguous()


def small_sam(variant: str) -> SamModel:
    """The network of that name in `VARIANTS`, with weights yet to be loaded; a KeyError if there is none."""
    sizes = VARIANTS[variant]
    size, width = sizes["image_size"], sizes["width"]
    encoder = ConvEncoder(size, sizes["widths"], sizes["depths"], width)
    return sam_around(encoder, size, size // _STRIDE, width, sizes["heads"], 4 * width)
