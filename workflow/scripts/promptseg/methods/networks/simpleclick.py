"""SimpleClick's network (Liu et al. 2023): a plain ViT, a simple feature pyramid and an MLP head.

CFR-ICL (Sun et al. 2024) uses the same network with other weights. Entries of the state dict that no prediction needs
(class token, classification head, the head's upsampling) exist so that checkpoints load entry for entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.core.errors import PromptsegError
from promptseg.methods.networks.clickmaps import disk_maps, normalise
from promptseg.methods.networks.config import SHARED, constructor_arguments
from promptseg.methods.networks.vit import Block, PatchEmbedding

RADIUS = 5
_WINDOW = 224  # pixels: the training size of the pretrained ViT is the size of a window


@dataclass(frozen=True)
class Architecture:
    """The sizes in which the variants differ.

    Attributes:
        patch: pixels of a side of a token.
        dim: channels of a token.
        depth: transformer blocks.
        heads: of the attention.
        pyramid: channels of the four levels of the pyramid.
        channels: of the head.
        image_size: (h, w) that the position embedding was trained for.
        radius: of the disks of clicks, in pixels.
    """

    patch: int
    dim: int
    depth: int
    heads: int
    pyramid: tuple[int, int, int, int]
    channels: int
    image_size: tuple[int, int] = (448, 448)
    radius: float = RADIUS


VARIANTS: dict[str, Architecture] = {
    "vit_xtiny": Architecture(16, 160, 8, 4, (96, 192, 288, 384), 128),
    "vit_base": Architecture(16, 768, 12, 12, (128, 256, 512, 1024), 256),
    "vit_large": Architecture(16, 1024, 24, 16, (192, 384, 768, 1536), 256),
    "vit_huge": Architecture(14, 1280, 32, 16, (240, 480, 960, 1920), 256),
}
# Trained by this project: the xTiny network for inputs of a quarter of the size.
SMALL = {"small": Architecture(8, 160, 8, 4, (96, 192, 288, 384), 128, (112, 112), 3)}


class _Backbone(nn.Module):
    def __init__(self, architecture: Architecture):
        super().__init__()
        dim, patch = architecture.dim, architecture.patch
        self.patch = patch
        self.grid = (architecture.image_size[0] // patch, architecture.image_size[1] // patch)
        # Every so many blocks attention is global, else within windows (ViTDet, Li et al. 2022).
        self.global_every = 6 if architecture.depth == 12 else architecture.depth // 4
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid[0] * self.grid[1], dim))
        self.patch_embed = PatchEmbedding(patch, dim)
        self.blocks = nn.ModuleList(Block(dim, architecture.heads) for _ in range(architecture.depth))
        self.fc_norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, 1000)

    def _position(self, rows: int, columns: int) -> Tensor:
        """(1, dim, rows, columns): the position embedding without that of the class token."""
        position = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, self.grid)
        if (rows, columns) != self.grid:
            position = F.interpolate(position, (rows, columns), mode="bicubic", align_corners=False)
        return position

    def forward(self, image: Tensor, extra: Tensor) -> Tensor:
        """Features of a normalised (B, 3, h, w) image to whose embedding `extra` is added: (B, rows, columns, dim)."""
        embedded = self.patch_embed(image) + extra
        batch, dim, rows, columns = embedded.shape
        embedded = embedded + self._position(rows, columns)
        down, across = (max(1, side // (_WINDOW // self.patch)) for side in (rows, columns))
        if rows % down or columns % across:
            raise ValueError(f"{rows} x {columns} tokens cannot be cut into {down} x {across} equal windows")
        # Blocks do not care about the order of tokens: they stay in window order, and a global block merely reads the
        # windows of an image as one sequence.
        windows = embedded.view(batch, dim, down, rows // down, across, columns // across).permute(0, 2, 4, 3, 5, 1)
        tokens = windows.reshape(batch * down * across, -1, dim).contiguous()
        for number, block in enumerate(self.blocks, start=1):
            if number % self.global_every:
                tokens = block(tokens)
            else:
                tokens = block(tokens.view(batch, rows * columns, dim)).view(tokens.shape)
        windows = tokens.view(batch, down, across, rows // down, columns // across, dim).permute(0, 1, 3, 2, 4, 5)
        return windows.reshape(batch, rows, columns, dim)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(1, channels)


# Pyramid and head work on pixels (B, n, c) with their channels last, as the transformer leaves them: a CPU takes half
# as long for transposed convolutions and a tenth for interpolation. They look at no pixel's neighbours, so that the
# pixels which a token becomes stay together until levels are added to each other.


def _pointwise(pixels: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A linear layer on pixels (B, n, c), as a 1 x 1 convolution: the same on a CPU, but for less time."""
    maps = F.conv2d(pixels.transpose(1, 2).unsqueeze(2), weight.flatten(1)[..., None, None], bias)
    return maps.squeeze(2).transpose(1, 2)


def _applied(layers: Iterable[nn.Module], pixels: Tensor) -> Tensor:
    """What 1 x 1 and transposed 2 x 2 convolutions, normalisations and GELUs make of pixels (B, n, c): (B, n', c')."""
    for layer in layers:
        if isinstance(layer, nn.ConvTranspose2d):  # with a stride of 2: every pixel becomes four
            assert layer.bias is not None
            weight = layer.weight.permute(2, 3, 1, 0).flatten(0, 2)
            pixels = _pointwise(pixels, weight, layer.bias.repeat(4)).reshape(len(pixels), -1, layer.out_channels)
        elif isinstance(layer, nn.Conv2d):
            pixels = _pointwise(pixels, layer.weight, layer.bias)
        elif isinstance(layer, nn.GroupNorm):
            pixels = layer(pixels.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)
        else:
            pixels = layer(pixels)
    return pixels


def _in_place(pixels: Tensor, rows: int, columns: int) -> Tensor:
    """Pixels (B, 4**k rows columns, c), those of one token together, as a map (B, 2**k rows, 2**k columns, c)."""
    batch, count, channels = pixels.shape
    doublings = (count // (rows * columns)).bit_length() // 2
    parts = pixels.view(batch, rows, columns, *[2, 2] * doublings, channels)
    last = parts.dim() - 1
    parts = parts.permute(0, *[1, *range(3, last, 2)], *range(2, last, 2), last)
    return parts.reshape(batch, rows << doublings, columns << doublings, channels)


class _Pyramid(nn.Module):
    """Four levels of 4, 2, 1 and 1/2 times the resolution of the tokens."""

    def __init__(self, dim: int, dims: Sequence[int]):
        super().__init__()
        fine, medium, coarse = max(2 * dims[0], dim // 2), max(dims[1], dim // 2), max(dims[3], 2 * dim)
        self.down_4 = nn.Sequential(
            nn.ConvTranspose2d(dim, fine, 2, 2),
            _norm(fine),
            nn.GELU(),
            nn.ConvTranspose2d(fine, fine // 2, 2, 2),
            _norm(fine // 2),
            nn.Conv2d(fine // 2, dims[0], 1),
            _norm(dims[0]),
            nn.GELU(),
        )
        self.down_8 = nn.Sequential(
            nn.ConvTranspose2d(dim, medium, 2, 2),
            _norm(medium),
            nn.Conv2d(medium, dims[1], 1),
            _norm(dims[1]),
            nn.GELU(),
        )
        self.down_16 = nn.Sequential(nn.Conv2d(dim, dims[2], 1), _norm(dims[2]), nn.GELU())
        self.down_32 = nn.Sequential(
            nn.Conv2d(dim, coarse, 2, 2), _norm(coarse), nn.Conv2d(coarse, dims[3], 1), _norm(dims[3]), nn.GELU()
        )

    def forward(self, features: Tensor) -> list[Tensor]:
        """Features (B, rows, columns, dim) to the pixels of the levels, finest first; the last has half the grid."""
        tokens = features.flatten(1, 2)
        halved = self.down_32[0](features.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).flatten(1, 2)
        levels = [_applied(level, tokens) for level in (self.down_4, self.down_8, self.down_16)]
        return [*levels, _applied(self.down_32[1:], halved)]


class _Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        return _pointwise(pixels, self.conv.weight, self.conv.bias).relu_()


def _upsampling(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels, channels // 2, 2, 2),
        _norm(channels // 2),
        nn.Conv2d(channels // 2, channels // 2, 1),
        _norm(channels // 2),
        nn.GELU(),
    )


class _Head(nn.Module):
    def __init__(self, dims: Sequence[int], channels: int):
        super().__init__()
        self.conv_seg = nn.Conv2d(channels, 1, 1)
        self.convs = nn.ModuleList(_Convolution(inputs, channels) for inputs in dims)
        self.fusion_conv = _Convolution(len(dims) * channels, channels)
        self.up_conv1 = _upsampling(channels)  # unused: the released models upsample the logits instead
        self.up_conv2 = _upsampling(channels // 2)

    def forward(self, levels: Sequence[Tensor], grid: tuple[int, int]) -> Tensor:
        """(B, 1, h, w) logits at the resolution of the first level, of levels as `_Pyramid` gives them."""
        # The reference resizes every level, then fuses them by a 1 x 1 convolution. Both are linear, so that the share
        # of a level can be convolved before it is resized: the same sum for a fraction of the work.
        fusion, grids = self.fusion_conv.conv, [grid, grid, grid, (grid[0] // 2, grid[1] // 2)]
        weights = fusion.weight.flatten(1).chunk(len(levels), dim=1)
        fused: Tensor | None = None
        for level, layer, weight, tokens in zip(levels, self.convs, weights, grids, strict=True):
            share = _in_place(_pointwise(layer(level), weight, fusion.bias if fused is None else None), *tokens)
            maps = share.permute(0, 3, 1, 2)
            if fused is None:
                fused = maps
            else:
                fused.add_(F.interpolate(maps, fused.shape[2:], mode="bilinear", align_corners=False))
        assert fused is not None
        return self.conv_seg(fused.relu_())


class SimpleClickNet(nn.Module):
    """Logits of the object that the clicks show."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.patch_embed_coords = PatchEmbedding(architecture.patch, architecture.dim)
        self.backbone = _Backbone(architecture)
        self.neck = _Pyramid(architecture.dim, architecture.pyramid)
        self.head = _Head(architecture.pyramid, architecture.channels)
        self.eval()

    @classmethod
    def from_variant(cls, name: str) -> Self:
        """The network of that name in `VARIANTS` or `SMALL`, without its weights; a KeyError if there is none."""
        return cls((VARIANTS | SMALL)[name])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The network that an official checkpoint describes, with weights yet to be loaded.

        Args:
            config: see `promptseg.methods.networks.config.method_of`.

        Raises:
            PromptsegError: the checkpoint is another method's, or its network is not built here.
        """
        return cls(architecture_of(config))

    def forward(self, image: Tensor, points: Tensor) -> Tensor:
        """Logits of a batch.

        Args:
            image: (B, 4, h, w) float32, RGB in 0..1 (not normalised) and the previous mask in 0..1; h and w are
                multiples of the patch size, in training 448.
            points: (B, 2n, 3) float32 (row, column, order), n positive then n negative clicks, padded with -1.

        Returns:
            (B, 1, h, w).
        """
        size = (image.shape[2], image.shape[3])
        clicks = disk_maps(points, size, self.architecture.radius)
        extra = self.patch_embed_coords(torch.cat([image[:, 3:], clicks], dim=1))
        features = self.backbone(normalise(image[:, :3]), extra)
        logits = self.head(self.neck(features), (features.shape[1], features.shape[2]))
        return F.interpolate(logits, size, mode="bilinear", align_corners=True)


def architecture_of(config: Mapping[str, Any]) -> Architecture:
    """What the `config` of an official checkpoint describes; errors as of `SimpleClickNet.from_config`."""
    supported = {**SHARED, "norm_radius": RADIUS, "with_aux_output": False, "random_split": False}
    values = constructor_arguments(config, "SimpleClick", supported)
    backbone, neck, head = (values[f"{part}_params"] for part in ("backbone", "neck", "head"))
    for part, name, value in (
        (backbone, "mlp_ratio", 4),
        (backbone, "qkv_bias", True),
        (head, "upsample", "x1"),
        (head, "align_corners", False),
    ):
        if part.get(name, value) != value:
            raise PromptsegError(
                f"The checkpoint of SimpleClick has {name} = {part[name]!r}; only {name} = {value!r} is supported."
            )
    return Architecture(
        backbone["patch_size"][0],
        backbone["embed_dim"],
        backbone["depth"],
        backbone["num_heads"],
        tuple(neck["out_dims"]),
        head["channels"],
        tuple(backbone["img_size"]),
    )
