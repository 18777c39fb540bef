"""Hiera (Ryali et al. 2023), the image encoder of SAM 2 (Ravi et al. 2024), with the names of its published weights.

Tokens are (b, h, w, c) throughout. Attention is fused (`scaled_dot_product_attention`), and only real tokens are
projected: where a side is no multiple of the window, the padding's projection is known to be the bias.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class HieraSizes:
    """What the variants of Hiera differ in.

    Attributes:
        width, heads: channels and attention heads of the first stage; each further stage doubles both.
        depths: blocks per stage.
        everywhere: indices of the blocks whose attention is global, counted from the first stage on.
        windows: side of the attention windows per stage. The first block of a stage, which halves the map, still has
            the windows of the stage before.
        background: side of the map `pos_embed`, which is stretched over the image.
    """

    width: int
    heads: int
    depths: tuple[int, ...]
    everywhere: tuple[int, ...]
    windows: tuple[int, ...]
    background: int


HIERA = {
    "tiny": HieraSizes(96, 1, (1, 2, 7, 2), (5, 7, 9), (8, 4, 14, 7), 7),
    "small": HieraSizes(96, 1, (1, 2, 11, 2), (7, 10, 13), (8, 4, 14, 7), 7),
    "base_plus": HieraSizes(112, 2, (2, 3, 16, 3), (12, 16, 20), (8, 4, 14, 7), 14),
    "large": HieraSizes(144, 2, (2, 6, 36, 4), (23, 33, 43), (8, 4, 16, 8), 7),
}


class Mlp(nn.Module):
    """Two linear layers with a GELU between them, under the names of the published weights."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, hidden), nn.Linear(hidden, width)])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](F.gelu(self.layers[0](x)))


class _Attention(nn.Module):
    """Attention in windows or everywhere; where `pooled`, each 2 x 2 queries become their maximum."""

    def __init__(self, width: int, out: int, heads: int, window: int, pooled: bool):
        super().__init__()
        self.heads, self.window, self.pooled = heads, window, pooled
        self.qkv = nn.Linear(width, 3 * out)
        self.proj = nn.Linear(out, out)

    def forward(self, x: Tensor) -> Tensor:
        """(b, h, w, c) -> (b, h, w, out), or half of h and w."""
        qkv = self.qkv(x)
        q, kv = qkv.split([qkv.shape[-1] // 3, qkv.shape[-1] // 3 * 2], dim=-1)
        if self.pooled:
            q = halved(q)
        b, h, w, c = q.shape
        if self.window:
            size = self.window // 2 if self.pooled else self.window
            rest = self.qkv.bias[c:]
            q, kv = windows(q, size, q.new_zeros(c)), windows(kv, self.window, rest)
        else:
            q, kv = q.flatten(1, 2), kv.flatten(1, 2)
        k, v = kv.unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q = q.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        out = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return self.proj(from_windows(out, size, h, w) if self.window else out.view(b, h, w, c))


class _Block(nn.Module):
    """Attention and MLP with their norms; the first block of a later stage doubles the width and halves the map."""

    def __init__(self, width: int, out: int, heads: int, window: int):
        super().__init__()
        grows = width != out
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _Attention(width, out, heads, window, pooled=grows)
        self.norm2 = nn.LayerNorm(out, eps=1e-6)
        self.mlp = Mlp(out, 4 * out)
        self.proj = nn.Linear(width, out) if grows else None

    def forward(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        normed = self.norm1(x).to(dtype)
        if self.proj is not None:
            x = halved(self.proj(normed)).float()
        x = self.attn(normed) + x
        return self.mlp(self.norm2(x).to(dtype)) + x


class _PatchEmbedding(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.proj = nn.Conv2d(3, width, 7, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, h, w) -> (b, h / 4, w / 4, c)."""
        return self.proj(x.contiguous(memory_format=torch.channels_last)).permute(0, 2, 3, 1)


class Hiera(nn.Module):
    """The trunk of SAM 2's image encoder.

    In bfloat16 the matrix products are; norms and the residual stream stay float32.
    """

    def __init__(self, sizes: HieraSizes):
        super().__init__()
        self.patch_embed = _PatchEmbedding(sizes.width)
        self.pos_embed = nn.Parameter(torch.zeros(1, sizes.width, sizes.background, sizes.background))
        self.pos_embed_window = nn.Parameter(torch.zeros(1, sizes.width, sizes.windows[0], sizes.windows[0]))
        self.blocks = nn.ModuleList()
        self.widths, self.ends = [], []
        before, window = sizes.width, sizes.windows[0]
        for stage, depth in enumerate(sizes.depths):
            width = sizes.width << stage
            for _ in range(depth):
                here = 0 if len(self.blocks) in sizes.everywhere else window
                self.blocks.append(_Block(before, width, sizes.heads << stage, here))
                before, window = width, sizes.windows[stage]
            self.widths.append(width)
            self.ends.append(len(self.blocks) - 1)
        self._positions: tuple[tuple[int, int], Tensor] | None = None

    def forward(self, x: Tensor) -> list[Tensor]:
        """(b, 3, h, w) float32 normalised images -> (b, h / s, w / s, c) float32 for s = 4, 8, 16, 32."""
        dtype = self.patch_embed.proj.weight.dtype
        x = self.patch_embed(x.to(dtype)).float()
        x = x + self.positions(x.shape[1], x.shape[2])
        levels = []
        for index, block in enumerate(self.blocks):
            x = block(x, dtype)
            if index in self.ends:
                levels.append(x)
        return levels

    def positions(self, height: int, width: int) -> Tensor:
        """(1, h, w, c) codes of positions: a map stretched over the image plus one repeated in each window.

        They are computed once for a size, when no gradients are wanted.
        """
        if self._positions is None or self._positions[0] != (height, width):
            stretched = F.interpolate(self.pos_embed.float(), (height, width), mode="bicubic")
            side = self.pos_embed_window.shape[-1]
            repeated = self.pos_embed_window.repeat(1, 1, -(-height // side), -(-width // side))
            code = (stretched + repeated[..., :height, :width]).permute(0, 2, 3, 1).contiguous()
            self._positions = (height, width), code.detach()
        return self._positions[1]


def halved(x: Tensor) -> Tensor:
    """(b, h, w, c) -> (b, h / 2, w / 2, c), the maximum of each 2 x 2 tokens."""
    rows = torch.maximum(x[:, ::2], x[:, 1::2])
    return torch.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def windows(x: Tensor, size: int, fill: Tensor) -> Tensor:
    """(b, h, w, c) tokens -> (b * n, size * size, c) tokens of n windows; the last of a row and column are filled."""
    b, h, w, c = x.shape
    if h % size or w % size:
        padded = fill.expand(b, -(-h // size) * size, -(-w // size) * size, c).clone()
        padded[:, :h, :w] = x
        x = padded
    return x.unflatten(1, (-1, size)).unflatten(3, (-1, size)).transpose(2, 3).reshape(-1, size * size, c)


def from_windows(x: Tensor, size: int, height: int, width: int) -> Tensor:
    """What `windows` did the other way round, without the filling: (b * n, size * size, c) -> (b, h, w, c)."""
    rows, columns = -(-height // size), -(-width // size)
    x = x.view(-1, rows, columns, size, size, x.shape[-1]).transpose(2, 3)
    # Contiguous, because PyTorch multiplies a cut map by a matrix row by row, which takes four times longer.
    return x.reshape(len(x), rows * size, columns * size, -1)[:, :height, :width].contiguous()
