"""Memory attention of SAM 2 (Ravi et al. 2024): an image looks at what was remembered of an object in other images.

One head, rotary positions in two dimensions (Heo et al. 2024). All that depends on the image alone, the self attention
of the first layer, is computed once for all objects.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Attention weights that are held at once; more queries than fit are taken in parts.
_WEIGHTS = 2**23


class _Attention(nn.Module):
    """The weights of an attention whose keys and values have `memory` channels."""

    def __init__(self, width: int, memory: int):
        super().__init__()
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(memory, width)
        self.v_proj = nn.Linear(memory, width)
        self.out_proj = nn.Linear(width, width)


class _Layer(nn.Module):
    def __init__(self, width: int, memory: int, hidden: int):
        super().__init__()
        self.self_attn = _Attention(width, width)
        self.cross_attn_image = _Attention(width, memory)
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)


class MemoryAttention(nn.Module):
    """Holds the weights.

    Args:
        width: channels of the image.
        memory: channels of what is remembered.
        depth, hidden: layers, and channels within their MLP.
    """

    def __init__(self, width: int, memory: int, depth: int, hidden: int):
        super().__init__()
        self.layers = nn.ModuleList(_Layer(width, memory, hidden) for _ in range(depth))
        self.norm = nn.LayerNorm(width)


def rotations(side: int, width: int, scale: float = 1.0) -> Tensor:
    """(side * side, width / 2) complex64: by which angles pairs of channels of a token are turned, for its place.

    Args:
        scale: distance of neighbouring tokens, where a grid is coarser than that of the image.
    """
    frequencies = 1 / 10_000 ** (torch.arange(0, width, 4).float() / width)
    along = torch.outer(torch.arange(side).float() * scale, frequencies)
    x, y = along.repeat(side, 1), along.repeat_interleave(side, 0)
    angles = torch.cat([x, y], dim=-1)
    return torch.polar(torch.ones_like(angles), angles)


def turned(x: Tensor, by: Tensor) -> Tensor:
    """(..., t, c) float32 tokens, each turned by (t, c / 2) complex64 angles."""
    return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))) * by).flatten(-2)


def sine_positions(side: int, width: int) -> Tensor:
    """(side * side, width) float32 codes of the places on a grid (Vaswani et al. 2017, in two dimensions)."""
    half = width // 2
    steps = 10_000 ** (2 * torch.div(torch.arange(half), 2, rounding_mode="floor").float() / half)
    along = torch.arange(1, side + 1).float() / (side + 1e-6) * (2 * math.pi)
    angles = along[:, None] / steps
    codes = torch.stack([angles[:, 0::2].sin(), angles[:, 1::2].cos()], dim=2).flatten(1)
    return torch.cat([codes.repeat_interleave(side, 0), codes.repeat(side, 1)], dim=1)


@dataclass(frozen=True, eq=False)
class Sight:
    """An image as it is before it looks at any object's memory.

    Attributes:
        tokens: (n, c) behind the self attention of the first layer.
        queries: (n, c) of the first layer's attention to memory, turned.
    """

    tokens: Tensor
    queries: Tensor


class MemoryReader(nn.Module):
    """Forward pass of memory attention, for several objects in one image.

    Args:
        attention: holds the weights, which are shared.
        side: of the image's grid of tokens.
        memory_turns: (m, c / 2) complex64, by which the m tokens of one memory are turned; those of the image if None.
    """

    def __init__(self, attention: MemoryAttention, side: int, memory_turns: Tensor | None = None):
        super().__init__()
        weight = attention.norm.weight
        self.layers = cast(list[_Layer], list(attention.layers))
        self.norm = attention.norm
        self.positions = sine_positions(side, len(weight)).to(weight.device)
        self.turns = rotations(side, len(weight)).to(weight.device)
        self.memory_turns = self.turns if memory_turns is None else memory_turns.to(weight.device)
        # The mean of W x is W times the mean of x: what is remembered, which has few channels, is averaged before it is
        # projected.
        crosses = [layer.cross_attn_image for layer in self.layers]
        self.outputs = [(cross.out_proj.weight.double() @ cross.v_proj.weight.double()).float() for cross in crosses]
        self.biases = [
            (cross.out_proj.weight.double() @ cross.v_proj.bias.double() + cross.out_proj.bias).float()
            for cross in crosses
        ]

    def look(self, features: Tensor) -> Sight:
        """What is computed once per image.

        Args:
            features: (1, c, h, w) float32 embedding.
        """
        tokens = features[0].flatten(1).t() + 0.1 * self.positions
        tokens = self._among(self.layers[0], tokens[None])
        return Sight(tokens[0], self._queries(self.layers[0], tokens)[0])

    def forward(self, sight: Sight, places: Tensor, values: Tensor, turned_tokens: int) -> Tensor:
        """The image's embedding for each of several objects.

        Args:
            places: (b, t, m) float32, what each of the b objects left behind, with codes of place and time.
            values: (b, t, m) the same without codes.
            turned_tokens: how many of the t tokens, the first ones, have a place in an image: whole memories.

        Returns:
            (b, n, c) float32.
        """
        b = len(places)
        tokens, queries = sight.tokens.expand(b, -1, -1), sight.queries.expand(b, -1, -1)
        turns = self.memory_turns.repeat(turned_tokens // len(self.memory_turns), 1)
        for index, layer in enumerate(self.layers):
            if index:
                tokens = self._among(layer, tokens)
                queries = self._queries(layer, tokens)
            keys = layer.cross_attn_image.k_proj(places)
            keys[:, :turned_tokens] = turned(keys[:, :turned_tokens], turns)
            seen = _attended(queries, keys, values)
            tokens = tokens + (seen @ self.outputs[index].t() + self.biases[index])
            tokens = tokens + layer.linear2(F.relu(layer.linear1(layer.norm3(tokens))))
        return self.norm(tokens)

    def _among(self, layer: _Layer, tokens: Tensor) -> Tensor:
        """(b, n, c) tokens after what they took from each other."""
        normed, weights = layer.norm1(tokens), layer.self_attn
        q, k = (turned(project(normed), self.turns) for project in (weights.q_proj, weights.k_proj))
        return tokens + weights.out_proj(_attended(q, k, weights.v_proj(normed)))

    def _queries(self, layer: _Layer, tokens: Tensor) -> Tensor:
        return turned(layer.cross_attn_image.q_proj(layer.norm2(tokens)), self.turns)


def _attended(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """(b, n, c) queries, (b, t, c) keys and (b, t, m) values -> (b, n, m)."""
    keys = keys.transpose(1, 2) * queries.shape[-1] ** -0.5
    rows = max(1, _WEIGHTS // (len(keys) * keys.shape[-1]))
    return torch.cat([(part @ keys).softmax(-1) @ values for part in queries.split(rows, dim=1)], dim=1)
