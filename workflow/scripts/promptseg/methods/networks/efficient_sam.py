"""EfficientSAM's network (Xiong et al. 2024): a plain ViT, and a decoder that differs from SAM's in a few places.

Parameter names are those of the published files.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import torch
import torch.nn.functional as F
from segment_anything.modeling import TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.prompt_encoder import PositionEmbeddingRandom
from segment_anything.modeling.transformer import TwoWayAttentionBlock
from torch import Tensor, nn

from promptseg.methods.networks.sam_decoder import Decoder
from promptseg.methods.networks.two_way import ImageTokens, TwoWay
from promptseg.methods.networks.vit import Block, PatchEmbedding

SLOTS = 6  # points of a prompt, of which the corners of a box are two
PADDING, TOP_LEFT, BOTTOM_RIGHT = -1, 2, 3  # labels besides 0 and 1 of points

_PATCH = 16
_PRETRAINED = 224 // _PATCH  # tokens a side that the position embedding was trained for


@dataclass(frozen=True)
class Architecture:
    """Sizes of a network.

    Attributes:
        dim, heads, depth: channels, heads of the attention and blocks of the ViT.
        side: of the input in pixels.
        width, decoder_heads, mlp_width: channels of embeddings, heads and hidden channels of the two-way transformer.
    """

    dim: int
    heads: int
    depth: int = 12
    side: int = 1024
    width: int = 256
    decoder_heads: int = 8
    mlp_width: int = 2048


VARIANTS = {"vitt": Architecture(192, 3), "vits": Architecture(384, 6)}


class ImageEncoder(nn.Module):
    """A ViT with global attention throughout, and SAM's neck."""

    def __init__(self, sizes: Architecture):
        super().__init__()
        dim, width = sizes.dim, sizes.width
        self.img_size = sizes.side  # the name of the package `segment_anything`
        self.dtype = torch.float32
        self.patch_embed = PatchEmbedding(_PATCH, dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + _PRETRAINED**2, dim))  # the first is of a class token
        self.blocks = nn.ModuleList(Block(dim, sizes.heads) for _ in range(sizes.depth))
        first, second = nn.Conv2d(dim, width, 1, bias=False), nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.neck = nn.Sequential(first, LayerNorm2d(width), second, LayerNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, s, s) float32 normalised images -> (b, width, s / 16, s / 16) float32 embeddings."""
        grid = x.shape[-1] // _PATCH
        table = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, (_PRETRAINED, _PRETRAINED))
        positions = F.interpolate(table, (grid, grid), mode="bicubic", align_corners=False)
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != torch.float32):
            tokens = (self.patch_embed(x) + positions).flatten(2).transpose(1, 2)
            for block in self.blocks:
                tokens = block(tokens)
            return self.neck(tokens.transpose(1, 2).unflatten(2, (grid, grid))).float().contiguous()


class PromptEncoder(nn.Module):
    """Embeds points by their position and label; a label 0 has no embedding, so that such a point says only where."""

    def __init__(self, width: int, side: int):
        super().__init__()
        self.side, self.embed_dim = side, width  # the latter as in SAM's
        self.image_embedding_size = (side // _PATCH, side // _PATCH)
        self.pe_layer = PositionEmbeddingRandom(width // 2)
        self.invalid_points = nn.Embedding(1, width)
        self.point_embeddings = nn.Embedding(1, width)
        self.bbox_top_left_embeddings = nn.Embedding(1, width)
        self.bbox_bottom_right_embeddings = nn.Embedding(1, width)

    def get_dense_pe(self) -> Tensor:
        """(1, c, h, w) codes of the positions of image tokens."""
        return self.pe_layer(self.image_embedding_size)[None]

    def forward(self, points: Tensor, labels: Tensor) -> Tensor:
        """(b, n, 2) float32 (x, y) pixels of the input and (b, n) int64 labels from -1 to 3 -> (b, n, c)."""
        known = [self.point_embeddings, self.bbox_top_left_embeddings, self.bbox_bottom_right_embeddings]
        invalid = self.invalid_points.weight
        table = torch.cat([invalid, torch.zeros_like(invalid), *(embedding.weight for embedding in known)])
        return self.pe_layer.forward_with_coords(points + 0.5, (self.side, self.side)) + table[labels + 1]


class _Mlp(nn.Module):
    """Layers with GELU, and a linear one behind them."""

    def __init__(self, inputs: int, hidden: int, outputs: int, depth: int):
        super().__init__()
        sizes = [inputs, *[hidden] * depth]
        layers = (nn.Linear(*pair) for pair in pairwise(sizes))
        self.layers = nn.ModuleList(nn.Sequential(layer, nn.GELU()) for layer in layers)
        self.fc = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.fc(x)


class MaskDecoder(nn.Module):
    """The modules of the mask decoder; for the forward pass see `EfficientDecoder`."""

    num_mask_tokens = 4

    def __init__(self, sizes: Architecture):
        super().__init__()
        width, thin = sizes.width, sizes.width // 8
        self.transformer = TwoWayTransformer(2, width, sizes.decoder_heads, sizes.mlp_width)
        for layer in self.transformer.layers:
            layer.mlp = _Mlp(width, sizes.mlp_width, width, 1)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(self.num_mask_tokens, width)
        first, second = nn.ConvTranspose2d(width, 2 * thin, 2, 2), nn.ConvTranspose2d(2 * thin, thin, 2, 2)
        self.final_output_upscaling_layers = nn.ModuleList(
            [nn.Sequential(first, nn.GroupNorm(1, 2 * thin), nn.GELU()), nn.Sequential(second, nn.GELU())]
        )
        self.output_hypernetworks_mlps = nn.ModuleList(_Mlp(width, width, thin, 2) for _ in range(self.num_mask_tokens))
        self.iou_prediction_head = _Mlp(width, width, self.num_mask_tokens, 2)


class EfficientSamNetwork(nn.Module):
    """The network, with weights yet to be loaded."""

    def __init__(self, sizes: Architecture):
        super().__init__()
        self.image_encoder = ImageEncoder(sizes)
        self.prompt_encoder = PromptEncoder(sizes.width, sizes.side)
        self.mask_decoder = MaskDecoder(sizes)


class _TwoWay(TwoWay):
    """Positions of prompts enter the residual stream and the values of the attention among tokens."""

    def _among(self, layer: TwoWayAttentionBlock, tokens: Tensor | None, points: Tensor) -> Tensor:
        placed = points if tokens is None else tokens + points
        return layer.norm1(placed + layer.self_attn(placed, placed, placed))


class EfficientDecoder(Decoder):
    """The mask decoder for prompts of several images at once."""

    two_way_class = _TwoWay

    def _upscaling(self) -> tuple[Any, Any, Any]:
        one, other = cast(Any, self.decoder.final_output_upscaling_layers)
        return one[0], one[1], other[0]

    def _normalised(self, x: Tensor) -> Tensor:
        """With the statistics of the whole map, not of each pixel."""
        return (F.layer_norm(x, x.shape[1:], eps=self.norm.eps) * self.norm.weight + self.norm.bias).to(x.dtype)

    def prepare(self, features: Tensor, mask: Tensor | None = None) -> ImageTokens:
        """Tokens of one image; a mask cannot be part of the prompt."""
        assert mask is None
        return self.two_way.prepare(features)
