"""Forward pass of Segment Anything's mask decoder on the modules and weights of the `segment_anything` package.

It computes what the package's own `forward` computes, up to rounding. The package repeats the image for every prompt,
adds its positions and projects it anew; on a CPU most of the decoder's time goes into moving such copies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
import torch.nn.functional as F
from segment_anything.modeling import Sam as SamModel
from segment_anything.modeling.transformer import Attention, TwoWayAttentionBlock
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
        scores = (q @ self.position_keys.transpose(-2, -1)).view(b, heads * t, -1)
        folded = (q @ self.key_weight).view(b, heads * t, -1)
        weights = torch.baddbmm(scores, folded, image.transpose(1, 2)).softmax(-1)
        mean = torch.bmm(weights, image).view(b, heads, t, -1)
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
        return keys, (values @ self.out_weight).flatten(1, 2)

    def forward(self, image: Tensor, tokens: Tensor, positions: Tensor) -> Tensor:
        """(b, n, c) image tokens, (b, t, c) tokens and their positions -> (b, n, c), the image tokens added."""
        keys, outputs = self.keys_and_outputs(tokens, positions)
        b, heads, t, _ = keys.shape
        scores = (self.position_queries @ keys.transpose(-2, -1)).permute(0, 2, 1, 3).reshape(b, -1, heads * t)
        folded = (keys @ self.query_weight).view(b, heads * t, -1)
        scores = torch.baddbmm(scores, image, folded.transpose(1, 2))
        return self.weighted(scores.unflatten(-1, (heads, t)), outputs, image)

    def weighted(self, scores: Tensor, outputs: Tensor, image: Tensor) -> Tensor:
        """(b, n, heads, t) scores, (b, heads * t, c) outputs, (b or 1, n, c) image tokens -> (b, n, c)."""
        weights = scores.softmax(-1).flatten(2)
        return torch.baddbmm((image + self.attention.out_proj.bias).expand(len(weights), -1, -1), weights, outputs)


class Decoder(nn.Module):
    """SAM's mask decoder (Kirillov et al. 2023, appendix A) for prompts of several images at once.

    Args:
        sam: holds the weights, which are shared.
    """

    def __init__(self, sam: SamModel):
        super().__init__()
        self.decoder, self.prompts = sam.mask_decoder, sam.prompt_encoder
        transformer = sam.mask_decoder.transformer
        positions = self.prompts.get_dense_pe()[0].flatten(1).t()  # (n, c)
        self.layers = list(transformer.layers)
        self.final = _ToImage(transformer.final_attn_token_to_image, positions)
        self.to_image = [_ToImage(layer.cross_attn_token_to_image, positions) for layer in self.layers]
        self.from_image = [_FromImage(layer.cross_attn_image_to_token, positions) for layer in self.layers]
        self.positions = positions
        first, norm, _, second, _ = sam.mask_decoder.output_upscaling
        self.norm = norm
        self.upscaling = [
            (conv.weight.permute(2, 3, 1, 0).flatten(0, 2), conv.bias.repeat(4)) for conv in (first, second)
        ]

    def prepare(self, features: Tensor, mask: Tensor | None = None) -> ImageTokens:
        """Tokens of one image.

        Args:
            features: (1, c, h, w) output of the encoder.
            mask: (1, 1, 4 h, 4 w) logits of a mask that is part of the prompt.
        """
        dense = self.prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        if mask is not None:
            dense = self.prompts.mask_downscaling(mask)
        tokens = (features + dense)[0].flatten(1).t().contiguous()
        placed = tokens + self.positions
        to_image, from_image = self.to_image[0].attention, self.from_image[0].attention
        return ImageTokens(
            tokens,
            _split(to_image.k_proj(placed), to_image.num_heads).contiguous(),
            _split(to_image.v_proj(tokens), to_image.num_heads).contiguous(),
            _split(from_image.q_proj(placed), from_image.num_heads).contiguous(),
        )

    def forward(self, images: Sequence[ImageTokens], sparse: Tensor, multimask: bool = True) -> tuple[Tensor, Tensor]:
        """Masks of a batch of prompts.

        Args:
            images: of each prompt; prompts of the same image should follow one another.
            sparse: (b, t, c) embedded points and boxes.
            multimask: the three masks for an ambiguous prompt, or the single one.

        Returns:
            (b, k, 4 h, 4 w) logits and (b, k) predicted IoU.
        """
        decoder = self.decoder
        special = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        points = torch.cat([special.expand(len(sparse), -1, -1), sparse], dim=1)
        tokens, image = self._first_layer(images, points)
        for layer, to_image, from_image in list(zip(self.layers, self.to_image, self.from_image, strict=True))[1:]:
            placed = tokens + points
            tokens = layer.norm1(tokens + layer.self_attn(placed, placed, tokens))
            tokens = _attend(layer, tokens, to_image(tokens + points, image))
            image = layer.norm4(from_image(image, tokens, points))
        tokens = decoder.transformer.norm_final_attn(tokens + self.final(tokens + points, image))
        chosen = list(range(1, decoder.num_mask_tokens)) if multimask else [0]
        hyper = torch.stack([decoder.output_hypernetworks_mlps[i](tokens[:, 1 + i]) for i in chosen], dim=2)
        return self._masks(image, hyper), decoder.iou_prediction_head(tokens[:, 0])[:, chosen]

    def _first_layer(self, images: Sequence[ImageTokens], points: Tensor) -> tuple[Tensor, Tensor]:
        """(b, t, c) tokens and (b, n, c) image tokens after the first layer, whose image side is the same for all
        prompts of an image."""
        layer, to_image, from_image = self.layers[0], self.to_image[0], self.from_image[0]
        tokens = layer.norm1(layer.self_attn(points, points, points))
        placed = _split(to_image.attention.q_proj(tokens + points), to_image.heads) * to_image.scale
        runs = [(image, len(list(run))) for image, run in groupby(images, key=lambda image: image)]
        attended = []
        for (image, size), q in zip(runs, placed.split([size for _, size in runs]), strict=True):
            weights = (q.transpose(0, 1).flatten(1, 2) @ image.keys.transpose(-2, -1)).softmax(
                -1
            )  # (heads, size * t, n)
            attended.append(_merge((weights @ image.values).unflatten(1, (size, -1)).transpose(0, 1)))
        tokens = _attend(layer, tokens, to_image.attention.out_proj(torch.cat(attended)))
        keys, outputs = from_image.keys_and_outputs(tokens, points)
        result = tokens.new_empty(len(images), *images[0].tokens.shape)
        start = 0
        for image, size in runs:
            some = slice(start, start + size)
            scores = image.queries @ keys[some].permute(1, 3, 0, 2).flatten(2)  # (heads, n, size * t)
            scores = scores.unflatten(-1, (size, -1)).permute(2, 1, 0, 3)
            result[some] = layer.norm4(from_image.weighted(scores, outputs[some], image.tokens[None]))
            start += size
        return tokens, result

    def _masks(self, image: Tensor, hyper: Tensor) -> Tensor:
        """(b, n, c) image tokens upscaled four times, times (b, c / 8, k) weights -> (b, k, 4 h, 4 w).

        A transposed convolution whose stride is its size is a matrix product that turns a pixel into 2 x 2; the pixels
        are put into place only at the end, where they are few numbers.
        """
        (w1, b1), (w2, b2) = self.upscaling
        b = len(image)
        height, width = self.prompts.image_embedding_size
        x = F.linear(image, w1, b1).view(b, -1, w1.shape[0] // 4)
        x = F.gelu(F.layer_norm(x, x.shape[-1:], self.norm.weight, self.norm.bias, self.norm.eps))
        x = F.gelu(F.linear(x, w2, b2)).view(b, -1, w2.shape[0] // 4)
        x = torch.bmm(x, hyper).view(b, height, width, 2, 2, 2, 2, -1)
        return x.permute(0, 7, 1, 3, 5, 2, 4, 6).reshape(b, -1, 4 * height, 4 * width)


def _attend(layer: TwoWayAttentionBlock, tokens: Tensor, attended: Tensor) -> Tensor:
    """(b, t, c) tokens after what they took from the image and after the block's MLP."""
    tokens = layer.norm2(tokens + attended)
    return layer.norm3(tokens + layer.mlp(tokens))
