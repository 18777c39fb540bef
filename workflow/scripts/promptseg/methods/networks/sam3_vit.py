"""SAM 3's image encoder (Carion et al. 2025): a plain ViT with rotary positions and windows, and a simple pyramid.

Parameters have the names of `detector.backbone.vision_backbone` in the published file. The pyramid is the one that the
tracker looks at (`sam2_convs`) without its coarsest level, which images do not use; the detector has one of its own.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Architecture:
    """Sizes of the encoder; the defaults are those of the one published network.

    Attributes:
        image_size: side of the square input.
        patch: pixels of a side of a token.
        dim, heads, hidden: channels of a token, heads of the attention, channels inside the MLPs.
        depth: transformer blocks.
        period: every so many blocks one sees the whole image, the last block always; the others see windows.
        window: tokens of a side of a window and of the table of learned positions, which every window repeats.
        width: channels of the pyramid.
    """

    image_size: int = 1008
    patch: int = 14
    dim: int = 1024
    heads: int = 16
    hidden: int = 4736
    depth: int = 32
    period: int = 8
    window: int = 24
    width: int = 256

    @property
    def grid(self) -> int:
        """Tokens of a side of the image."""
        return self.image_size // self.patch


def rotary_angles(side: int, step: float, dim: int) -> Tensor:
    """By how much tokens turn each pair of neighbouring channels (RoFormer, Su et al. 2021, along two axes).

    Args:
        side: tokens of a side of the square.
        step: distance between neighbouring tokens, in tokens of the pretrained network.
        dim: channels of a head.

    Returns:
        (side * side, dim / 2) float32 angles of row-major tokens: the first half of the pairs turns with the column,
        the other half with the row.
    """
    frequencies = 10000.0 ** -(torch.arange(0, dim, 4) / dim)
    angles = torch.outer(step * torch.arange(side), frequencies)
    return torch.cat((angles.repeat(side, 1), angles.repeat_interleave(side, 0)), 1)


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """(..., n, d) queries or keys, (2, n, d / 2) cosines and sines -> (..., n, d) turned, in float32 inside."""
    first, second = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    cosine, sine = turn
    turned = torch.stack((first * cosine - second * sine, first * sine + second * cosine), -1)
    return turned.flatten(-2).to(x.dtype)


def into_windows(x: Tensor, side: int) -> Tensor:
    """(b, h, w, c) -> (b, h * w, c): the tokens of a window follow one another, row-major as the windows do."""
    x = x.unflatten(2, (-1, side)).unflatten(1, (-1, side))
    return x.transpose(2, 3).flatten(1, 4)


def out_of_windows(x: Tensor, side: int, grid: int) -> Tensor:
    """The inverse of `into_windows` for a square: (b, grid * grid, c) -> (b, grid, grid, c)."""
    windows = x.unflatten(1, (grid // side, grid // side, side, side))
    return windows.transpose(2, 3).flatten(3, 4).flatten(1, 2)


class _PatchEmbedding(nn.Module):
    def __init__(self, sizes: Architecture):
        super().__init__()
        self.proj = nn.Conv2d(3, sizes.dim, sizes.patch, sizes.patch, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        """(b, 3, s, s) -> (b, grid, grid, c) float32."""
        return self.proj(image.to(self.proj.weight.dtype)).float().permute(0, 2, 3, 1)


class _Attention(nn.Module):
    def __init__(self, sizes: Architecture):
        super().__init__()
        self.heads = sizes.heads
        self.qkv = nn.Linear(sizes.dim, 3 * sizes.dim)
        self.proj = nn.Linear(sizes.dim, sizes.dim)

    def forward(self, x: Tensor, turn: Tensor) -> Tensor:
        """(b, n, c) tokens that see one another, and their turns (2, n, c / heads / 2) -> (b, n, c)."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(rotate(query, turn), rotate(key, turn), value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class _Mlp(nn.Module):
    def __init__(self, sizes: Architecture):
        super().__init__()
        self.fc1 = nn.Linear(sizes.dim, sizes.hidden)
        self.fc2 = nn.Linear(sizes.hidden, sizes.dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class _Block(nn.Module):
    def __init__(self, sizes: Architecture):
        super().__init__()
        self.norm1 = nn.LayerNorm(sizes.dim)
        self.attn = _Attention(sizes)
        self.norm2 = nn.LayerNorm(sizes.dim)
        self.mlp = _Mlp(sizes)

    def forward(self, x: Tensor, turn: Tensor) -> Tensor:
        """(b, n, c) float32 tokens -> the same; `turn` is of the m tokens, a divisor of n, that see one another."""
        dtype = self.attn.qkv.weight.dtype
        together = self.norm1(x).to(dtype).view(-1, turn.shape[1], x.shape[-1])
        x = x + self.attn(together, turn).view(x.shape)
        return x + self.mlp(self.norm2(x).to(dtype))


class Vit(nn.Module):
    """The transformer.

    Tokens lie in the order of windows all the way: blocks that see the whole image do not mind the order of tokens as
    long as each is turned by its own place.
    """

    def __init__(self, sizes: Architecture):
        super().__init__()
        self.sizes = sizes
        self.pos_embed = nn.Parameter(torch.zeros(1, sizes.window**2 + 1, sizes.dim))  # the first is of no place
        self.patch_embed = _PatchEmbedding(sizes)
        self.ln_pre = nn.LayerNorm(sizes.dim)
        self.blocks = nn.ModuleList(_Block(sizes) for _ in range(sizes.depth))

    def forward(self, image: Tensor) -> Tensor:
        """(b, 3, s, s) float32 -> (b, c, grid, grid) float32."""
        side, grid = self.sizes.window, self.sizes.grid
        x = into_windows(self.patch_embed(image), side)
        x = self.ln_pre(x + self.pos_embed[:, 1:].repeat(1, (grid // side) ** 2, 1))
        window, whole = (turn.to(x.device) for turn in self.turns())
        for index, block in enumerate(self.blocks, 1):
            x = block(x, window if index % self.sizes.period else whole)
        return out_of_windows(x, side, grid).permute(0, 3, 1, 2)

    def turns(self) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the tokens of a window, and of those of the image in the order of windows.

        The image spans as many steps as a window: the pretrained network saw no further ones.
        """
        side, grid, dim = self.sizes.window, self.sizes.grid, self.sizes.dim // self.sizes.heads
        window = rotary_angles(side, 1.0, dim)
        whole = into_windows(rotary_angles(grid, side / grid, dim).view(1, grid, grid, -1), side)[0]
        return torch.stack((window.cos(), window.sin())), torch.stack((whole.cos(), whole.sin()))


def _level(channels: int, width: int, **upscaling: nn.Module) -> nn.Sequential:
    """One level of the pyramid: `upscaling` by names of the file, which leaves so many channels, and convolutions."""
    merging = {"conv_1x1": nn.Conv2d(channels, width, 1), "conv_3x3": nn.Conv2d(width, width, 3, padding=1)}
    return nn.Sequential(OrderedDict(upscaling | merging))


class VisionBackbone(nn.Module):
    """The transformer and the pyramid of the tracker (ViTDet, Li et al. 2022)."""

    def __init__(self, sizes: Architecture):
        super().__init__()
        self.trunk = Vit(sizes)
        dim, width = sizes.dim, sizes.width
        four = {
            "dconv_2x2_0": nn.ConvTranspose2d(dim, dim // 2, 2, 2),
            "gelu": nn.GELU(),
            "dconv_2x2_1": nn.ConvTranspose2d(dim // 2, dim // 4, 2, 2),
        }
        two = nn.ConvTranspose2d(dim, dim // 2, 2, 2)
        self.sam2_convs = nn.ModuleList(
            [_level(dim // 4, width, **four), _level(dim // 2, width, dconv_2x2=two), _level(dim, width)]
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """(b, 3, s, s) float32 -> three maps (b, width, side, side) float32, side = 4, 2 and 1 times the grid."""
        x = self.trunk(image).to(self.trunk.patch_embed.proj.weight.dtype)
        return [level(x).float() for level in self.sam2_convs]
