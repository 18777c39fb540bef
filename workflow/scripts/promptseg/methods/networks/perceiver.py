"""EdgeTAM's perceiver (Zhou et al. 2025): a map of n x n tokens becomes a few tokens, with the names of the weights.

Half of them, the global ones, look at the whole map and have no place; the others lie on a grid and look each at its
own window of the map.
"""

import math

import torch.nn.functional as F
from torch import Tensor, cat, nn, zeros

from promptseg.methods.networks.memory_attention import rotations, sine_positions


class _CrossAttention(nn.Module):
    """What latents take from a map: one head."""

    def __init__(self, width: int):
        super().__init__()
        self.norm_x, self.norm_latents = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, latents: Tensor, x: Tensor, places: Tensor | None) -> Tensor:
        """(b, l, c) latents, (b, n, c) tokens and (n, c) codes of their places -> (b, l, c)."""
        keys, values = self.to_kv(self.norm_x(x)).chunk(2, dim=-1)
        if places is not None:
            keys, values = keys + places, values + places
        return self.to_out(F.scaled_dot_product_attention(self.to_q(self.norm_latents(latents)), keys, values))


class _SelfAttention(nn.Module):
    """What latents take from each other: one head."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, latents: Tensor) -> Tensor:
        """(b, l, c) -> the same."""
        normed = self.norm(latents)
        keys, values = self.to_kv(normed).chunk(2, dim=-1)
        return self.to_out(F.scaled_dot_product_attention(self.to_q(normed), keys, values))


def _mlp(width: int) -> nn.Sequential:
    first, second = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
    return nn.Sequential(nn.LayerNorm(width), first, nn.GELU(), second)


class _Layer(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.attn, self.ff = _CrossAttention(width), _mlp(width)
        self.self_attn, self.self_ff = _SelfAttention(width), _mlp(width)

    def forward(self, latents: Tensor, x: Tensor, places: Tensor | None = None) -> Tensor:
        latents = latents + self.attn(latents, x, places)
        latents = latents + self.ff(latents)
        latents = latents + self.self_attn(latents)
        return latents + self.self_ff(latents)


class Perceiver(nn.Module):
    """The network.

    Args:
        width: channels of the map and of the tokens.
        count: tokens of each kind, a square number.
        depth: layers.
    """

    def __init__(self, width: int, count: int = 256, depth: int = 2):
        super().__init__()
        self.latents = nn.Parameter(zeros(count, width))
        self.latents_2d = nn.Parameter(zeros(count, width))
        self.layers = nn.ModuleList(_Layer(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    @property
    def side(self) -> int:
        """Of the grid of tokens that have a place."""
        return math.isqrt(len(self.latents_2d))

    def forward(self, maps: Tensor) -> Tensor:
        """The tokens of several maps: the global ones, then those with a place, row by row.

        Args:
            maps: (b, c, n, n) float32; n is a multiple of `side`.

        Returns:
            (b, 2 * count, c) float32.
        """
        b, width, n, _ = maps.shape
        tokens = maps.permute(0, 2, 3, 1)
        places = sine_positions(n, width).to(maps.device)
        everywhere = self.latents.expand(b, -1, -1)
        inside = n // self.side
        windows = tokens.unflatten(1, (-1, inside)).unflatten(3, (-1, inside)).transpose(2, 3)
        windows = windows.flatten(3, 4).flatten(0, 2)  # (b * count, inside * inside, c)
        placed = self.latents_2d.expand(b, -1, -1).reshape(-1, 1, width)
        for layer in self.layers:
            everywhere = layer(everywhere, tokens.flatten(1, 2), places)
            placed = layer(placed, windows)
        return self.norm(cat([everywhere, placed.view(b, -1, width)], dim=1))

    def places(self) -> Tensor:
        """(2 * count, c) float32 codes of the places of the tokens, zero for those that have none."""
        grid = sine_positions(self.side, self.latents.shape[1]).to(self.latents.device)
        return cat([zeros(len(self.latents), grid.shape[1], device=grid.device), grid])

    def turns(self, width: int) -> Tensor:
        """(2 * count, width / 2) complex64, as of `MemoryReader`: only tokens with a place are turned."""
        grid = rotations(self.side, width)
        return cat([grid.new_ones(len(self.latents), width // 2), grid])
