"""SegFormer (Xie et al. 2021): the Mix Transformer backbone, with FocalClick's entrance for clicks, and its head."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

_HEADS = (1, 2, 5, 8)
_REDUCTIONS = (8, 4, 2, 1)
_MLP_RATIO = 4


def _tokens(maps: Tensor) -> Tensor:
    """(B, c, h, w) to (B, h w, c)."""
    return maps.flatten(2).transpose(1, 2)


def _maps(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, h w, c) to (B, c, h, w), without a copy: the channels stay last in memory."""
    return tokens.transpose(1, 2).unflatten(2, size)


class Attention(nn.Module):
    """Attention of all tokens to keys and values of a map reduced `reduction` times in height and in width."""

    def __init__(self, width: int, heads: int, reduction: int):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)
        if reduction > 1:
            self.sr = nn.Conv2d(width, width, reduction, stride=reduction)
            self.norm = nn.LayerNorm(width, eps=1e-5)
        self.reduction = reduction

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        source = self.norm(_tokens(self.sr(_maps(x, size)))) if self.reduction > 1 else x
        query = self.q(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
        key, value = self.kv(source).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class DepthwiseConvolution(nn.Module):
    """3x3 convolution of each channel by itself."""

    def __init__(self, width: int):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return _tokens(self.dwconv(_maps(x, size)))


class Mlp(nn.Module):
    """Two linear layers with a depthwise convolution between, which tells the tokens where they are."""

    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, _MLP_RATIO * width)
        self.dwconv = DepthwiseConvolution(_MLP_RATIO * width)
        self.fc2 = nn.Linear(_MLP_RATIO * width, width)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.fc2(functional.gelu(self.dwconv(self.fc1(x), size)))


class Block(nn.Module):
    """Transformer block, normalised before attention and before the MLP."""

    def __init__(self, width: int, heads: int, reduction: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads, reduction)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        x = x + self.attn(self.norm1(x), size)
        return x + self.mlp(self.norm2(x), size)


class PatchEmbedding(nn.Module):
    """Overlapping patches: a strided convolution, and normalised tokens of what it gives."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int):
        super().__init__()
        self.proj = nn.Conv2d(inputs, width, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(width, eps=1e-5)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Tokens (B, h w, c) and the size (h, w) of their grid."""
        maps = self.proj(x)
        return self.norm(_tokens(maps)), (maps.shape[2], maps.shape[3])


class MixTransformer(nn.Module):
    """Four stages of `depths` blocks at 1/4, 1/8, 1/16 and 1/32 of the image's size.

    Previous mask and clicks have a patch embedding of their own (`patch_embed_side1`), which joins behind stage 1.
    """

    def __init__(self, widths: Sequence[int], depths: Sequence[int]):
        super().__init__()
        for stage, width in enumerate(widths, start=1):
            inputs, kernel, stride = (3, 7, 4) if stage == 1 else (widths[stage - 2], 3, 2)
            self.add_module(f"patch_embed{stage}", PatchEmbedding(inputs, width, kernel, stride))
        self.patch_embed_side1 = PatchEmbedding(3, widths[0], 7, 4)
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True), start=1):
            heads, reduction = _HEADS[stage - 1], _REDUCTIONS[stage - 1]
            self.add_module(f"block{stage}", nn.ModuleList(Block(width, heads, reduction) for _ in range(depth)))
            self.add_module(f"norm{stage}", nn.LayerNorm(width, eps=1e-6))

    def forward(self, image: Tensor, maps: Tensor) -> list[Tensor]:
        """The outputs of the stages, finest first, of a normalised image and click maps, each (B, 3, h, w)."""
        outputs = []
        x = image
        for stage in (1, 2, 3, 4):
            tokens, size = self.get_submodule(f"patch_embed{stage}")(x)
            blocks = self.get_submodule(f"block{stage}")
            assert isinstance(blocks, nn.ModuleList)
            for block in blocks:
                tokens = block(tokens, size)
            x = _maps(self.get_submodule(f"norm{stage}")(tokens), size)
            outputs.append(x)
            if stage == 1:  # the clicks join on the way into stage 2; the head sees stage 1 without them
                side, _ = self.patch_embed_side1(maps)
                x = x + _maps(side, size)
        return outputs


class LinearProjection(nn.Module):
    """A linear layer on the channels of a map."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.proj = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) to (B, outputs, h, w)."""
        return _maps(self.proj(_tokens(x)), (x.shape[2], x.shape[3]))


class Fusion(nn.Module):
    """Convolution 1x1 and normalisation of the concatenated stages."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.Conv2d(4 * width, width, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)


class DecodeHead(nn.Module):
    """SegFormer's head: every stage projected to `width` channels, brought to the finest size, and mixed."""

    def __init__(self, widths: Sequence[int], width: int):
        super().__init__()
        for stage in (4, 3, 2, 1):
            self.add_module(f"linear_c{stage}", LinearProjection(widths[stage - 1], width))
        self.linear_fuse = Fusion(width)
        self.linear_pred = nn.Conv2d(width, 1, 1)

    def forward(self, stages: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits (B, 1, h/4, w/4) and the feature (B, width, h/4, w/4) they come from."""
        size = stages[0].shape[-2:]
        mixed = None
        # The authors project the stages, upsample, concatenate and convolve. A 1x1 convolution of a concatenation is a
        # sum of convolutions. Each commutes with upsampling, so that it can come first, where the maps are small, and
        # there it follows a linear layer, so that one smaller matrix does for both.
        fusion = self.linear_fuse.conv
        shares = fusion.weight.flatten(1).chunk(4, dim=1)
        for stage, share in zip((4, 3, 2, 1), shares, strict=True):
            layer, maps = self.get_submodule(f"linear_c{stage}").proj, stages[stage - 1]
            assert isinstance(layer, nn.Linear)
            bias = share @ layer.bias
            if mixed is None and fusion.bias is not None:  # that of a normalisation which is part of it
                bias = bias + fusion.bias
            part = functional.linear(_tokens(maps), share @ layer.weight, bias)
            part = _maps(part, (maps.shape[2], maps.shape[3]))
            if stage > 1:
                part = functional.interpolate(part, size=size, mode="bilinear", align_corners=False)
            mixed = part if mixed is None else mixed.add_(part)
        assert mixed is not None
        feature = self.linear_fuse.bn(mixed).relu_()
        return self.linear_pred(feature), feature


class SegFormer(nn.Module):
    """Backbone and head."""

    def __init__(self, widths: Sequence[int], depths: Sequence[int], head_width: int):
        super().__init__()
        self.backbone = MixTransformer(widths, depths)
        self.decode_head = DecodeHead(widths, head_width)

    def forward(self, image: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 1, h/4, w/4) and feature of a normalised image and click maps, each (B, 3, h, w)."""
        return self.decode_head(self.backbone(image, maps))
