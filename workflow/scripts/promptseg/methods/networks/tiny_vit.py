"""TinyViT (Wu et al. 2022) as the image encoder of a SAM: of MobileSAM, Light HQ-SAM and LiteMedSAM.

Parameter names are those of the published files. Maps are channels-last, so that tokens and maps are the same memory.
Inference only: batch normalisation is part of the convolution before it.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from segment_anything.modeling.common import LayerNorm2d
from torch import Tensor, nn

_EXPANSION = 4  # of the hidden layers


class _ConvNorm(nn.Module):
    """Convolution and batch normalisation with its running statistics, as one convolution."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1):
        super().__init__()
        self.c = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        conv, norm = self.c, self.bn
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        weight, bias = conv.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale
        if conv.kernel_size == (1, 1):  # as a product of matrices, which is faster and copies nothing
            return F.linear(x.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)
        return F.conv2d(x, weight, bias, conv.stride, conv.padding, groups=conv.groups)


class _PatchEmbedding(nn.Module):
    """Two convolutions that together shrink the image `stride` times, 1 or 4."""

    def __init__(self, dim: int, stride: int):
        super().__init__()
        kernel, step = {1: (1, 1), 4: (3, 2)}[stride]
        first, second = _ConvNorm(3, dim // 2, kernel, step), _ConvNorm(dim // 2, dim, kernel, step)
        self.seq = nn.Sequential(first, nn.GELU(), second)

    def forward(self, x: Tensor) -> Tensor:
        return self.seq(x)


class _MBConv(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        hidden = _EXPANSION * dim
        self.conv1 = _ConvNorm(dim, hidden)
        self.conv2 = _ConvNorm(hidden, hidden, 3, groups=hidden)
        self.conv3 = _ConvNorm(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x + self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x))))))


class _Merging(nn.Module):
    """From one stage to the next: other channels, and `stride` times smaller maps."""

    def __init__(self, dim: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = _ConvNorm(dim, outputs)
        self.conv2 = _ConvNorm(outputs, outputs, 3, stride, groups=outputs)
        self.conv3 = _ConvNorm(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))


class _Attention(nn.Module):
    """Attention within windows, with a learned bias for each distance of two tokens along rows and columns."""

    def __init__(self, dim: int, heads: int, window: int):
        super().__init__()
        self.heads, self.window = heads, window
        self.norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))

    def forward(self, x: Tensor) -> Tensor:
        """(b, h, w, c) -> (b, h, w, c)."""
        size, (batch, height, width, dim) = self.window, x.shape
        down, across = -(-height // size), -(-width // size)
        tokens = self.qkv(self.norm(x))
        if (height, width) != (down * size, across * size):
            # The reference pads with zeros to whole windows, before it normalises. Padding is seen by the other tokens.
            padded = self.qkv(self.norm.bias).repeat(batch, down * size, across * size, 1)
            padded[:, :height, :width] = tokens
            tokens = padded
        windows = tokens.view(batch, down, size, across, size, self.heads, 3, -1).permute(6, 0, 1, 3, 5, 2, 4, 7)
        query, key, value = windows.reshape(3, batch * down * across, self.heads, size * size, -1)
        mixed = F.scaled_dot_product_attention(query, key, value, self._bias().to(query.dtype))
        mixed = mixed.view(batch, down, across, self.heads, size, size, -1).permute(0, 1, 4, 2, 5, 3, 6)
        mixed = mixed.reshape(batch, down * size, across * size, dim)
        return self.proj(mixed[:, :height, :width])

    def _bias(self) -> Tensor:
        """(1, heads, n, n) what is added to the scores of the n tokens of a window."""
        size = self.window
        place = torch.arange(size, device=self.attention_biases.device)
        distance = (place[:, None] - place).abs()
        table = self.attention_biases.view(self.heads, size, size)
        return table[:, distance[:, None, :, None], distance[None, :, None, :]].view(1, self.heads, size**2, size**2)


class _Mlp(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, _EXPANSION * dim)
        self.fc2 = nn.Linear(_EXPANSION * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(self.norm(x))))


class _Block(nn.Module):
    def __init__(self, dim: int, heads: int, window: int):
        super().__init__()
        self.attn = _Attention(dim, heads, window)
        self.local_conv = _ConvNorm(dim, dim, 3, groups=dim)
        self.mlp = _Mlp(dim)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, c, h, w), in memory (b, h, w, c)."""
        tokens = x.permute(0, 2, 3, 1)
        tokens = tokens + self.attn(tokens)
        tokens = self.local_conv(tokens.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return (tokens + self.mlp(tokens)).permute(0, 3, 1, 2)


class _Stage(nn.Module):
    def __init__(self, blocks: Sequence[nn.Module], downsample: nn.Module | None):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return x if self.downsample is None else self.downsample(x)


class TinyViT(nn.Module):
    """The encoder with 5 M parameters, unless told otherwise.

    Args:
        img_size: side of the input in pixels.
        stride: of the patch embedding, 4, or 1 as in LiteMedSAM. The embedding is 4 times smaller than its output.
        classes: of the classifier, which the files of MobileSAM and Light HQ-SAM hold unused; 0 for files without.
        dims, depths, heads, windows: channels, blocks, heads and sides of the windows of the four stages.
        channels: of the embedding.
    """

    def __init__(
        self,
        img_size: int = 1024,
        stride: int = 4,
        classes: int = 1000,
        dims: Sequence[int] = (64, 128, 160, 320),
        depths: Sequence[int] = (2, 2, 6, 2),
        heads: Sequence[int] = (2, 4, 5, 10),
        windows: Sequence[int] = (7, 7, 14, 7),
        channels: int = 256,
    ):
        super().__init__()
        self.img_size = img_size  # the name that the package `segment_anything` reads
        self.dtype = torch.float32
        self.patch_embed = _PatchEmbedding(dims[0], stride)
        self.layers = nn.ModuleList()
        # The last stage has as fine a map as the one before, unlike in the classifier.
        steps = (2, 2, 1, None)
        for number, (dim, depth, step) in enumerate(zip(dims, depths, steps, strict=True)):
            head, window = heads[number], windows[number]
            blocks = [_Block(dim, head, window) if number else _MBConv(dim) for _ in range(depth)]
            self.layers.append(_Stage(blocks, None if step is None else _Merging(dim, dims[number + 1], step)))
        if classes:
            self.norm_head = nn.LayerNorm(dims[-1])
            self.head = nn.Linear(dims[-1], classes)
        first, second = nn.Conv2d(dims[-1], channels, 1, bias=False), nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.neck = nn.Sequential(first, LayerNorm2d(channels), second, LayerNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, s, s) float32 normalised and padded images -> (b, channels, s', s') float32 embeddings."""
        return self.levels(x)[1]

    def levels(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, with what the third stage is given before it: (b, s', s', dims[2]) float32."""
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != torch.float32):
            x = self.patch_embed(x.contiguous(memory_format=torch.channels_last))
            x = early = self.layers[1](self.layers[0](x))
            x = self.neck(self.layers[3](self.layers[2](x)))
        return early.permute(0, 2, 3, 1).float().contiguous(), x.float().contiguous()
