"""HRNet with object-contextual representations (Wang et al. 2020, Yuan et al. 2020), and RITM's network made of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from promptseg.methods.networks.clickmaps import disk_maps, normalise
from promptseg.methods.networks.config import SHARED, constructor_arguments

_SUPPORTED = {**SHARED, "use_leaky_relu": True}


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Maps (B, c, h, w) at another size (h, w): bilinear, corner pixels on corner pixels."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return functional.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=True)


class Scale(nn.Module):
    """Multiplication by the magnitude of one learned number."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale.abs()


def maps_transform() -> nn.Sequential:
    """Previous mask and click maps (B, 3, h, w) to what is added behind the first convolution (B, 64, h/2, w/2)."""
    return nn.Sequential(nn.Conv2d(3, 16, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 64, 3, stride=2, padding=1), Scale())


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, *, relu: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class Bottleneck(nn.Module):
    """Residual block 1x1 to 64 channels, 3x3, 1x1 to 256."""

    def __init__(self, inputs: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, 64, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 256, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(256)
        self.downsample = nn.Identity() if inputs == 256 else _convolution(inputs, 256, 1, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu_()
        y = self.bn2(self.conv2(y)).relu_()
        return self.bn3(self.conv3(y)).add_(self.downsample(x)).relu_()


class BasicBlock(nn.Module):
    """Residual block of two 3x3 convolutions."""

    def __init__(self, width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu_()
        return self.bn2(self.conv2(y)).add_(x).relu_()


def _transition(before: Sequence[int], after: Sequence[int]) -> nn.ModuleList:
    """Layers from the branches of one stage to those of the next; a new branch starts from the last one before."""
    layers: list[nn.Module] = []
    for index, width in enumerate(after):
        if index >= len(before):
            layers.append(nn.Sequential(_convolution(before[-1], width, 3, stride=2)))
        elif before[index] != width:
            layers.append(_convolution(before[index], width, 3))
        else:
            layers.append(nn.Identity())
    return nn.ModuleList(layers)


def _fusion(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """What branch `source` passes through before it is added to branch `target`; upsampling comes after it."""
    if source == target:
        return nn.Identity()
    if source > target:
        return _convolution(widths[source], widths[target], 1, relu=False)
    steps = [_convolution(widths[source], widths[source], 3, stride=2) for _ in range(target - source - 1)]
    return nn.Sequential(*steps, _convolution(widths[source], widths[target], 3, stride=2, relu=False))


class ParallelBranches(nn.Module):
    """Residual blocks on every branch, then every branch added to every other. Branch i has 1/2**i of the size."""

    def __init__(self, widths: Sequence[int], blocks: int):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(width) for _ in range(blocks))) for width in widths)
        branches = range(len(widths))
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_fusion(widths, source, target) for source in branches) for target in branches
        )

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        branches = [blocks(x) for blocks, x in zip(self.branches, branches, strict=True)]
        fused = []
        for own, layers in zip(branches, self.fuse_layers, strict=True):
            assert isinstance(layers, nn.ModuleList)
            parts = [resized(layer(x), own.shape[-2:]) for layer, x in zip(layers, branches, strict=True)]
            total = parts[0] + parts[1]
            for part in parts[2:]:
                total += part
            fused.append(total.relu_())
        return fused


class ObjectContext(nn.Module):
    """Attention of pixels to regions. There is one region here, so that every pixel gets its value.

    `f_pixel` and `f_object`, the queries and keys, cannot matter therefore. They are there for their names.
    """

    def __init__(self, width: int):
        super().__init__()

        def layers(*channels: int) -> nn.Sequential:
            parts: list[nn.Module] = []
            for inputs, outputs in pairwise(channels):
                parts += [nn.Conv2d(inputs, outputs, 1, bias=False), self._normalisation(outputs)]
            return nn.Sequential(*parts)

        self.f_pixel = layers(2 * width, width, width)
        self.f_object = layers(2 * width, width, width)
        self.f_down = layers(2 * width, width)
        self.f_up = layers(width, 2 * width)

    @staticmethod
    def _normalisation(width: int) -> nn.Sequential:
        return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))

    def forward(self, region: Tensor) -> Tensor:
        """Of the region's features (B, 2 width, 1, 1), the context of each pixel, of the same shape."""
        return self.f_up(self.f_down(region))


class ObjectAttention(nn.Module):
    """Features (B, 2 width, h, w) and the context of their region, mixed."""

    def __init__(self, width: int):
        super().__init__()
        self.object_context_block = ObjectContext(width)
        self.conv_bn_dropout = nn.Sequential(
            nn.Conv2d(4 * width, 2 * width, 1, bias=False),
            nn.Sequential(nn.BatchNorm2d(2 * width), nn.ReLU(inplace=True)),
        )

    def forward(self, features: Tensor, region: Tensor) -> Tensor:
        context = self.object_context_block(region).expand_as(features)
        return self.conv_bn_dropout(torch.cat([context, features], dim=1))


class HRNetOutput(NamedTuple):
    """What the backbone with its heads gives, all at a quarter of the input's size.

    Attributes:
        logits: (B, 1, h/4, w/4).
        aux: (B, 1, h/4, w/4), logits of the rough mask by which the region's features are weighted.
        feature: (B, 2 ocr_width, h/4, w/4), from which `logits` come.
    """

    logits: Tensor
    aux: Tensor
    feature: Tensor


class HRNet(nn.Module):
    """HRNet-W`width` with an OCR head for one class; `small` has half the blocks and fewer modules (V2 small)."""

    def __init__(self, width: int, ocr_width: int, small: bool):
        super().__init__()
        widths = [width * 2**index for index in range(4)]
        blocks, modules = (2, (1, 3, 2)) if small else (4, (1, 4, 3))
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(*(Bottleneck(64 if index == 0 else 256) for index in range(blocks)))
        before = [256]
        for stage, count in enumerate(modules, start=2):
            after = widths[:stage]
            self.add_module(f"transition{stage - 1}", _transition(before, after))
            parts = (ParallelBranches(after, blocks) for _ in range(count))
            self.add_module(f"stage{stage}", nn.Sequential(*parts))
            before = after
        total = sum(widths)
        self.conv3x3_ocr = nn.Sequential(
            nn.Conv2d(total, 2 * ocr_width, 3, padding=1), nn.BatchNorm2d(2 * ocr_width), nn.ReLU(inplace=True)
        )
        self.ocr_distri_head = ObjectAttention(ocr_width)
        self.cls_head = nn.Conv2d(2 * ocr_width, 1, 1)
        self.aux_head = nn.Sequential(
            nn.Conv2d(total, total, 1), nn.BatchNorm2d(total), nn.ReLU(inplace=True), nn.Conv2d(total, 1, 1)
        )
        # The convolutions want channels last in memory: on a CPU 10 to 25 % of the time.
        self.to(memory_format=torch.channels_last)

    def forward(self, image: Tensor, extra: Tensor) -> HRNetOutput:
        """Logits and features of a normalised image (B, 3, h, w) and `maps_transform`'s output (B, 64, h/2, w/2)."""
        image, extra = (maps.contiguous(memory_format=torch.channels_last) for maps in (image, extra))
        x = self.bn1(self.conv1(image)).relu_() + extra
        x = self.bn2(self.conv2(x)).relu_()
        branches = [self.layer1(x)]
        for stage in (2, 3, 4):
            layers = self.get_submodule(f"transition{stage - 1}")
            assert isinstance(layers, nn.ModuleList)
            sources = [*branches, *[branches[-1]] * (len(layers) - len(branches))]
            branches = [layer(source) for layer, source in zip(layers, sources, strict=True)]
            branches = self.get_submodule(f"stage{stage}")(branches)
        x = torch.cat([resized(branch, branches[0].shape[-2:]) for branch in branches], dim=1)
        aux = self.aux_head(x)
        features = self.conv3x3_ocr(x)
        weights = aux.flatten(2).softmax(dim=2)  # (B, 1, pixels)
        region = (weights @ features.flatten(2).transpose(1, 2)).transpose(1, 2).unsqueeze(3)
        feature = self.ocr_distri_head(features, region)
        return HRNetOutput(self.cls_head(feature), aux, feature)


class RitmNet(nn.Module):
    """Network of RITM (Sofiiuk et al. 2022) with a previous mask.

    Args:
        width, ocr_width, small: see `HRNet`.
        radius: of the disks of clicks in pixels.
    """

    def __init__(self, width: int, ocr_width: int, small: bool = False, radius: float = 5):
        super().__init__()
        self.radius = radius
        self.maps_transform = maps_transform()
        self.feature_extractor = HRNet(width, ocr_width, small)
        self.eval()

    @classmethod
    def from_variant(cls, name: str) -> Self:
        """The network that the authors call by this name, or one of `SMALL`; a KeyError if there is none."""
        return cls(**(VARIANTS | SMALL)[name])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The network for an official checkpoint with this configuration.

        Raises:
            PromptsegError: it is another method's, or of a kind that is not supported.
        """
        values = constructor_arguments(config, "RITM", _SUPPORTED)
        return cls(values["width"], values["ocr_width"], values.get("small", False), values.get("norm_radius", 5))

    def forward_with_aux(self, image: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the mask, and of the auxiliary head, each (B, 1, h, w); arguments as of `forward`."""
        size = image.shape[-2:]
        maps = torch.cat([image[:, 3:], disk_maps(points, (size[0], size[1]), self.radius)], dim=1)
        output = self.feature_extractor(normalise(image[:, :3]), self.maps_transform(maps))
        return resized(output.logits, size), resized(output.aux, size)

    def forward(self, image: Tensor, points: Tensor) -> Tensor:
        """Logits of the mask.

        Args:
            image: (B, 4, h, w) float32, RGB in [0, 1] and the previous mask's probabilities; any size.
            points: (B, 2n, 3) float32, see `disk_maps`.

        Returns:
            (B, 1, h, w).
        """
        return self.forward_with_aux(image, points)[0]


VARIANTS: dict[str, dict[str, Any]] = {
    "hrnet18s": {"width": 18, "ocr_width": 48, "small": True},
    "hrnet18": {"width": 18, "ocr_width": 64},
    "hrnet32": {"width": 32, "ocr_width": 128},
}
# Trained by this project: HRNet18s with smaller disks, for smaller inputs.
SMALL: dict[str, dict[str, Any]] = {"small": {"width": 18, "ocr_width": 48, "small": True, "radius": 3}}
