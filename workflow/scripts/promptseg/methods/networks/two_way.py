"""Forward pass of the two-way transformer in the mask decoders of SAM and its successors.

The modules and weights are those of the `segment_anything` package. It computes what the package's own `forward`
computes, up to rounding. The package repeats the image for every prompt, adds its positions and projects it anew; on a
CPU most of the decoder's time goes into moving such copies.

What the few other tokens see of an image's may be bfloat16, and products with it are then; all else stays float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from segment_anything.modeling.transformer import Attention, TwoWayAttentionBlock, TwoWayTransformer
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class ImageTokens:
    """What the decoder computes once per image: its tokens, and their projections in the first layer.

    Attributes:
        tokens: (n, c) image embedding plus the embedding of "no mask was given".
        keys, values, queries: (heads, n, d) projections for the two cross attentions of the first layer.
    """

    tokens: Tensor
    keys: Tensor
    values: Tensor
    queries: Tensor


def _split(x: Tensor, heads: int) -> Tensor:
    """(..., t, heads * d) -> (..., heads, t, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)


def _merge(x: Tensor) -> Tensor:
    """(..., heads, t, d) -> (..., t, heads * d)."""
    return x.transpose(-3, -2).flatten(-2)


def _scores(queries: Tensor, keys: Tensor) -> Tensor:
    """(b, heads, t, d) of each prompt, (heads, n, d) of all -> (b, heads, t, n).

    One product for each head; left to itself, `@` copies the keys for every prompt.
    """
    together = queries.transpose(0, 1).flatten(1, 2) @ keys.transpose(-2, -1)
    return together.unflatten(1, (len(queries), -1)).transpose(0, 1)


def _times(x: Tensor, image: Tensor) -> Tensor:
    """(b, i, j) float32 @ (b, j, k) of an image -> (b, i, k) float32."""
    return torch.bmm(x.to(image.dtype), image).float()


def _plus_times(scores: Tensor, x: Tensor, image: Tensor) -> Tensor:
    """(b, heads, t, n) float32, which are lost, + `_times` -> (b, heads * t, n)."""
    if image.dtype == x.dtype:
        return scores.flatten(1, 2).baddbmm_(x, image)
    return _times(x, image).view_as(scores).add_(scores).flatten(1, 2)


class _ToImage(nn.Module):
    """Cross attention of few tokens to the n tokens of an image, without projecting the latter.

    q . (W x) = (W^T q) . x, and the mean of W x is W times the mean of x; so queries and results are projected instead.
    """

    def __init__(self, attention: Attention, positions: Tensor):
        super().__init__()
        heads = attention.num_heads
        self.attention, self.heads = attention, heads
        self.scale = (attention.internal_dim // heads) ** -0.5
        self.key_weight = attention.k_proj.weight.unflatten(0, (heads, -1))  # (heads, d, c)
        self.value_weight = attention.v_proj.weight.unflatten(0, (heads, -1))
        self.position_keys = _split(attention.k_proj(positions), heads)  # (heads, n, d)

    def forward(self, tokens: Tensor, image: Tensor) -> Tensor:
        """(b, t, c) tokens with positions, (b, n, c) image tokens without -> (b, t, c)."""
        q = _split(self.attention.q_proj(tokens), self.heads) * self.scale  # (b, heads, t, d)
        b, heads, t, _ = q.shape
        folded = (q @ self.key_weight).view(b, heads * t, -1)
        weights = _plus_times(_scores(q, self.position_keys), folded, image.transpose(1, 2)).softmax(-1)
        mean = _times(weights, image).view(b, heads, t, -1)
        values = mean @ self.value_weight.transpose(-2, -1)
        return self.attention.out_proj(_merge(values) + self.attention.v_proj.bias)


class _FromImage(nn.Module):
    """Cross attention of the n tokens of an image to few tokens, without projecting the former."""

    def __init__(self, attention: Attention, positions: Tensor):
        super().__init__()
        heads = attention.num_heads
        self.attention, self.heads = attention, heads
        self.scale = (attention.internal_dim // heads) ** -0.5
        self.query_weight = attention.q_proj.weight.unflatten(0, (heads, -1))  # (heads, d, c)
        self.out_weight = attention.out_proj.weight.t().unflatten(0, (heads, -1))  # (heads, d, c)
        self.position_queries = _split(attention.q_proj(positions), heads)  # (heads, n, d)

    def keys_and_outputs(self, tokens: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled keys (b, heads, t, d), and values behind the output projection (b, heads * t, c)."""
        keys = _split(self.attention.k_proj(tokens + positions), self.heads) * self.scale
        values = _split(self.attention.v_proj(tokens), self.heads)
        # The weights of a head sum to 1, so its share of the bias can go with the values, which are few.
        return keys, (values @ self.out_weight + self.attention.out_proj.bias / self.heads).flatten(1, 2)

    def forward(self, image: Tensor, seen: Tensor, tokens: Tensor, positions: Tensor) -> Tensor:
        """(b, n, c) image tokens, those that are seen, (b, t, c) tokens and their positions -> (b, n, c), the image
        tokens added."""
        keys, outputs = self.keys_and_outputs(tokens, positions)
        b, heads, t, _ = keys.shape
        folded = (keys @ self.query_weight).view(b, heads * t, -1)
        scores = _plus_times(_scores(keys, self.position_queries), folded, seen.transpose(1, 2))
        return self.weighted(scores.view(b, heads, t, -1), outputs, image)

    def weighted(self, scores: Tensor, outputs: Tensor, image: Tensor) -> Tensor:
        """(b, heads, t, n) scores, (b, heads * t, c) outputs, (b or 1, n, c) image tokens -> (b, n, c).

        With n last the softmax over t few tokens runs along whole rows; the other way round it takes ten times longer.
        """
        weights = scores.softmax(2).flatten(1, 2).transpose(1, 2)
        return torch.baddbmm(image.expand(len(weights), -1, -1), weights, outputs)


class TwoWay(nn.Module):
    """The transformer for prompts of several images at once (Kirillov et al. 2023, appendix A).

    Args:
        transformer: holds the weights, which are shared.
        positions: (n, c) codes of the positions of an image's tokens.
        dtype: of an image's tokens as other tokens see them.
    """

    def __init__(self, transformer: TwoWayTransformer, positions: Tensor, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.layers: list[TwoWayAttentionBlock] = list(transformer.layers)
        self.final = _ToImage(transformer.final_attn_token_to_image, positions)
        self.final_norm = transformer.norm_final_attn
        self.to_image = [_ToImage(layer.cross_attn_token_to_image, positions) for layer in self.layers]
        self.from_image = [_FromImage(layer.cross_attn_image_to_token, positions) for layer in self.layers]
        self.positions, self.dtype = positions, dtype

    def prepare(self, features: Tensor) -> ImageTokens:
        """What is computed once per image.

        Args:
            features: (1, c, h, w) image embedding plus the embedding of a mask, or of "no mask was given".
        """
        tokens = features[0].flatten(1).t().contiguous()
        placed = tokens + self.positions
        to_image, from_image = self.to_image[0].attention, self.from_image[0].attention
        return ImageTokens(
            tokens,
            _split(to_image.k_proj(placed), to_image.num_heads).contiguous(),
            _split(to_image.v_proj(tokens), to_image.num_heads).contiguous(),
            _split(from_image.q_proj(placed), from_image.num_heads).contiguous(),
        )

    def forward(self, images: Sequence[ImageTokens], points: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens and image tokens behind the last layer.

        Args:
            images: of each prompt; prompts of the same image should follow one another.
            points: (b, t, c) tokens of the decoder and embedded points and boxes.

        Returns:
            (b, t, c) float32 tokens and (b, n, c) image tokens in `dtype`.
        """
        tokens, image = self._first_layer(images, points)
        for layer, to_image, from_image in list(zip(self.layers, self.to_image, self.from_image, strict=True))[1:]:
            tokens = self._among(layer, tokens, points)
            seen = image.to(self.dtype)
            tokens = _attend(layer, tokens, to_image(tokens + points, seen))
            image = layer.norm4(from_image(image, seen, tokens, points))
        seen = image.to(self.dtype)
        return self.final_norm(tokens + self.final(tokens + points, seen)), seen

    def _among(self, layer: TwoWayAttentionBlock, tokens: Tensor | None, points: Tensor) -> Tensor:
        """(b, t, c) tokens, None before the first layer, after what they took from each other."""
        if tokens is None:
            return layer.norm1(layer.self_attn(points, points, points))
        placed = tokens + points
        return layer.norm1(tokens + layer.self_attn(placed, placed, tokens))

    def _first_layer(self, images: Sequence[ImageTokens], points: Tensor) -> tuple[Tensor, Tensor]:
        """(b, t, c) tokens and (b, n, c) image tokens after the first layer, whose image side is the same for all
        prompts of an image."""
        layer, to_image, from_image = self.layers[0], self.to_image[0], self.from_image[0]
        tokens = self._among(layer, None, points)
        placed = _split(to_image.attention.q_proj(tokens + points), to_image.heads) * to_image.scale
        runs = [(image, len(list(run))) for image, run in groupby(images, key=lambda image: image)]
        attended = []
        for (image, size), q in zip(runs, placed.split([size for _, size in runs]), strict=True):
            scores = q.transpose(0, 1).flatten(1, 2) @ image.keys.transpose(-2, -1)  # (heads, size * t, n)
            weights = scores.softmax(-1)
            attended.append(_merge((weights @ image.values).unflatten(1, (size, -1)).transpose(0, 1)))
        tokens = _attend(layer, tokens, to_image.attention.out_proj(torch.cat(attended)))
        keys, outputs = from_image.keys_and_outputs(tokens, points)
        result = tokens.new_empty(len(images), *images[0].tokens.shape)
        start = 0
        for image, size in runs:
            some = slice(start, start + size)
            scores = _scores(keys[some], image.queries)
            result[some] = layer.norm4(from_image.weighted(scores, outputs[some], image.tokens[None]))
            start += size
        return tokens, result


def _attend(layer: TwoWayAttentionBlock, tokens: Tensor, attended: Tensor) -> Tensor:
    """(b, t, c) tokens after what they took from the image and after the block's MLP."""
    tokens = layer.norm2(tokens + attended)
    return layer.norm3(tokens + layer.mlp(tokens))
