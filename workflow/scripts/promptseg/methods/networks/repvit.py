"""RepViT (Wang et al. 2024), the image encoder of EdgeTAM (Zhou et al. 2025), with the names of its published weights.

It is trained with batch norms and parallel branches, which `merge` turns into single convolutions: faster, but not
equal to the last bit.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

WIDTHS = (48, 96, 192, 384)  # of RepViT-M1
DEPTHS = (2, 2, 14, 2)


class _ConvNorm(nn.Module):
    def __init__(self, width: int, out: int, side: int = 1, stride: int = 1, groups: int = 1):
        super().__init__()
        self.c = nn.Conv2d(width, out, side, stride, side // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.c(x))

    def merged(self) -> nn.Conv2d:
        return fuse_conv_bn_eval(self.c, self.bn)


class _TokenMixer(nn.Module):
    """Depthwise 3 x 3 and 1 x 1 convolutions and the identity, side by side."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = _ConvNorm(width, width, 3, groups=width)
        self.conv1 = _ConvNorm(width, width, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) + self.conv1(x) + x

    def merged(self) -> nn.Conv2d:
        whole, point = self.conv.merged(), self.conv1.merged()
        assert whole.bias is not None
        assert point.bias is not None
        with torch.no_grad():
            whole.weight[:, :, 1, 1] += point.weight[:, :, 0, 0] + 1
            whole.bias += point.bias
        return whole


class _SqueezeExcite(nn.Module):
    """Weighs channels by what they are on average (Hu et al. 2018)."""

    def __init__(self, width: int):
        super().__init__()
        hidden = -(-width // 4 // 8) * 8  # a quarter, rounded up to a multiple of 8
        self.fc1 = nn.Conv2d(width, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * self.fc2(F.relu(self.fc1(mean))).sigmoid()


class _ChannelMixer(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1 = _ConvNorm(width, 2 * width)
        self.conv2 = _ConvNorm(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(F.gelu(self.conv1(x))) + x


class _Block(nn.Module):
    def __init__(self, width: int, excited: bool):
        super().__init__()
        self.token_mixer = _TokenMixer(width)
        self.se = _SqueezeExcite(width) if excited else nn.Identity()
        self.channel_mixer = _ChannelMixer(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.channel_mixer(self.se(self.token_mixer(x)))


class _Downsample(nn.Module):
    def __init__(self, width: int, out: int):
        super().__init__()
        self.pre_block = _Block(width, excited=False)
        self.spatial_downsample = _ConvNorm(width, width, 3, 2, groups=width)
        self.channel_downsample = _ConvNorm(width, out)
        self.ffn = _ChannelMixer(out)

    def forward(self, x: Tensor) -> Tensor:
        return self.ffn(self.channel_downsample(self.spatial_downsample(self.pre_block(x))))


class _Stage(nn.Module):
    def __init__(self, width: int, out: int, depth: int):
        super().__init__()
        self.downsample = nn.Identity() if width == out else _Downsample(width, out)
        self.blocks = nn.Sequential(*(_Block(out, excited=index % 2 == 0) for index in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.downsample(x))


class _Stem(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1 = _ConvNorm(3, width // 2, 3, 2)
        self.conv2 = _ConvNorm(width // 2, width, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(F.gelu(self.conv1(x)))


class RepVit(nn.Module):
    """The trunk of EdgeTAM's image encoder."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS, depths: tuple[int, ...] = DEPTHS):
        super().__init__()
        self.widths = list(widths)
        self.body = nn.ModuleDict({"stem": _Stem(widths[0])})
        before = widths[0]
        for index, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            self.body[f"stages_{index}"] = _Stage(before, width, depth)
            before = width

    def forward(self, x: Tensor) -> list[Tensor]:
        """(b, 3, h, w) normalised images -> (b, h / s, w / s, c) for s = 4, 8, 16, 32."""
        stem, *stages = self.body.values()
        x = stem(x.to(next(self.parameters()).dtype))
        levels = []
        for stage in stages:
            x = stage(x)
            levels.append(x.permute(0, 2, 3, 1))
        return levels


def merge(module: nn.Module) -> None:
    """Replace, inside `module` in evaluation mode, all parts that are a single convolution by that convolution."""
    for name, child in module.named_children():
        if isinstance(child, _ConvNorm | _TokenMixer):
            setattr(module, name, child.merged())
        else:
            merge(child)
