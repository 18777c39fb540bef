"""FocalClick's networks (Chen et al. 2022): a coarse segmentation of the target crop and a refiner of a focus crop."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import roi_align

from promptseg.core.errors import PromptsegError
from promptseg.methods.networks.clickmaps import disk_maps, normalise
from promptseg.methods.networks.config import SHARED, constructor_arguments
from promptseg.methods.networks.hrnet import HRNet, Scale, maps_transform, resized
from promptseg.methods.networks.segformer import SegFormer

_REFINER_RADIUS = 5
_REFINER_WIDTH = 32
# The disks do not depend on what the configuration says of them.
_SUPPORTED = {name: value for name, value in SHARED.items() if name != "use_disks"} | {"use_leaky_relu": True}

# Backbone arguments by the names in checkpoints' configurations.
_MIT: dict[str, dict[str, Any]] = {
    "b0": {"widths": (32, 64, 160, 256), "depths": (2, 2, 2, 2), "head_width": 256},
    "b3": {"widths": (64, 128, 320, 512), "depths": (3, 4, 18, 3), "head_width": 512},
}


class Refinement(NamedTuple):
    """Output of the refiner.

    Attributes:
        refined: (B, 1, s, s) logits of the crop.
        coarse: the same of the coarse network.
        trimap: the same of how much of the refiner's prediction is in `refined`.
    """

    refined: Tensor
    coarse: Tensor
    trimap: Tensor


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, _REFINER_WIDTH, kernel, stride, kernel // 2)
        self.norm = nn.BatchNorm2d(_REFINER_WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x)).relu_()


class SeparableConvolution(nn.Module):
    """3x3 convolution of each channel by itself, 1x1 convolution, batch normalisation, ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv3x3 = nn.Conv2d(_REFINER_WIDTH, _REFINER_WIDTH, 3, padding=1, groups=_REFINER_WIDTH)
        self.conv1x1 = nn.Conv2d(_REFINER_WIDTH, _REFINER_WIDTH, 1)
        self.norm = nn.BatchNorm2d(_REFINER_WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv1x1(self.conv3x3(x))).relu_()


class Refiner(nn.Module):
    """Local refinement: detail from the crop of the image, context from the coarse network's feature."""

    def __init__(self, feature_width: int, gate: bool):
        super().__init__()
        self.image_conv1 = Convolution(6, 3, stride=2)
        self.image_conv2 = SeparableConvolution()
        self.image_conv3 = SeparableConvolution()
        self.refine_fusion = Convolution(feature_width, 1)
        self.refine_fusion2 = SeparableConvolution()
        self.refine_fusion3 = SeparableConvolution()
        if gate:  # in the checkpoints of the SegFormer variants, but unused
            self.feature_gate = nn.Sequential(nn.Conv2d(_REFINER_WIDTH, 1, 1))
        self.refine_pred = nn.Conv2d(_REFINER_WIDTH, 1, 3, padding=1)
        self.refine_trimap = nn.Conv2d(_REFINER_WIDTH, 1, 3, padding=1)
        # The convolutions want channels last in memory: on a CPU a quarter of the time.
        self.to(memory_format=torch.channels_last)

    def forward(self, inputs: Tensor, feature: Tensor, coarse: Tensor) -> Refinement:
        """Refined logits of crops.

        Args:
            inputs: (B, 6, s, s), RGB in [0, 1], click maps, coarse probabilities.
            feature: (B, 32, g, g) of the coarse network in the crop, behind the convolution of `refine_fusion`.
            coarse: (B, 1, s, s) logits.
        """
        inputs, feature = (maps.contiguous(memory_format=torch.channels_last) for maps in (inputs, feature))
        x = self.image_conv3(self.image_conv2(self.image_conv1(inputs)))
        x = x + resized(self.refine_fusion.norm(feature).relu_(), x.shape[-2:])
        x = self.refine_fusion3(self.refine_fusion2(x))
        heads = self.refine_pred, self.refine_trimap
        weight, bias = (torch.cat([getattr(head, name) for head in heads]) for name in ("weight", "bias"))
        refined, trimap = resized(functional.conv2d(x, weight, bias, padding=1), coarse.shape[-2:]).chunk(2, dim=1)
        share = trimap.sigmoid()
        return Refinement(refined * share + coarse * (1 - share), coarse, trimap)


def _unused_maps_transform() -> nn.Sequential:
    """In the checkpoints of the SegFormer variants, which have another entrance for clicks."""
    first, second = nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.Conv2d(16, 32, 3, stride=2, padding=1)
    return nn.Sequential(first, nn.LeakyReLU(0.2), second, Scale())


class FocalClickNet(nn.Module):
    """Coarse network and refiner.

    Args:
        backbone: arguments of `SegFormer` or of `HRNet`.
        pipeline: "s1": the coarse network sees its input halved; "s2": in full.
    """

    def __init__(self, backbone: Mapping[str, Any], pipeline: str):
        super().__init__()
        self.pipeline = pipeline
        halved = pipeline == "s1"
        self.feature_extractor: SegFormer | HRNet
        if "depths" in backbone:
            self.radius = 3 if halved else 5
            self.maps_transform = _unused_maps_transform()
            self.feature_extractor = SegFormer(**backbone)
            feature_width = backbone["head_width"]
        else:
            self.radius = 2 if halved else 5
            self.maps_transform = maps_transform()
            self.feature_extractor = HRNet(**backbone)
            feature_width = 2 * backbone["ocr_width"]
        self.refiner = Refiner(feature_width, gate="depths" in backbone)
        self.eval()

    @classmethod
    def from_variant(cls, name: str) -> Self:
        """The network that the authors call by this name; a KeyError if there is none."""
        return cls(**VARIANTS[name])

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The network for an official checkpoint with this configuration.

        Raises:
            PromptsegError: it is another method's, or of a kind that is not supported.
        """
        values = constructor_arguments(config, "FocalClick", _SUPPORTED)
        pipeline, model = values["pipeline_version"], values.get("model_version")
        if pipeline not in ("s1", "s2"):
            raise PromptsegError(f"The checkpoint of FocalClick has pipeline_version = {pipeline!r}; use s1 or s2.")
        if model is None:
            return cls({name: values[name] for name in ("width", "ocr_width", "small")}, pipeline)
        if model not in _MIT:
            raise PromptsegError(
                f"The checkpoint of FocalClick has model_version = {model!r}; supported are {', '.join(_MIT)}."
            )
        return cls(_MIT[model], pipeline)

    def forward_with_feature(self, image: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, 1, h, w) and the feature (B, c, h/4, w/4; s1: h/8, w/8); arguments as of `forward`."""
        size = image.shape[-2:]
        maps = torch.cat([image[:, 3:], disk_maps(points, (size[0], size[1]), self.radius)], dim=1)
        picture = normalise(image[:, :3])
        if self.pipeline == "s1":
            half = (size[0] // 2, size[1] // 2)
            picture, maps = resized(picture, half), resized(maps, half)
        if isinstance(self.feature_extractor, HRNet):
            logits, _, feature = self.feature_extractor(picture, self.maps_transform(maps))
        else:
            logits, feature = self.feature_extractor(picture, maps)
        return resized(logits, size), feature

    def forward(self, image: Tensor, points: Tensor) -> Tensor:
        """Logits of the mask.

        Args:
            image: (B, 4, h, w) float32, RGB in [0, 1] and the previous mask's probabilities.
            points: (B, 2n, 3) float32, see `disk_maps`.

        Returns:
            (B, 1, h, w).
        """
        return self.forward_with_feature(image, points)[0]

    def refine(self, crop: Tensor, points: Tensor, feature: Tensor, logits: Tensor, boxes: Tensor) -> Refinement:
        """Refine focus crops.

        Args:
            crop: (B, 3, s, s) float32 in [0, 1], the image in the boxes, not normalised; s is 256 in the paper.
            points: (B, 2n, 3) float32 clicks in the crops, see `disk_maps`.
            feature, logits: of `forward_with_feature` for the images that the boxes lie in.
            boxes: (B, 5) float32 rows (index of the image, x1, y1, x2, y2) in pixels of `logits`.
        """
        grid, size = (feature.shape[2], feature.shape[3]), (crop.shape[2], crop.shape[3])
        # The authors convolve what is cut out, which gives the same. RoIAlign takes its arguments in one precision, and
        # autocast has two.
        narrow = self.refiner.refine_fusion.conv(feature).float()
        cut = roi_align(narrow, boxes, grid, grid[0] / logits.shape[2], aligned=True)
        coarse = roi_align(logits.float(), boxes, size, 1.0, aligned=True)
        maps = disk_maps(points, size, _REFINER_RADIUS)
        return self.refiner(torch.cat([crop, maps, coarse.sigmoid()], dim=1), cut, coarse)


_HRNET18S = {"width": 18, "ocr_width": 48, "small": True}
_HRNET32 = {"width": 32, "ocr_width": 128, "small": False}

VARIANTS: dict[str, dict[str, Any]] = {
    "segformerB0_S1": {"backbone": _MIT["b0"], "pipeline": "s1"},
    "segformerB0_S2": {"backbone": _MIT["b0"], "pipeline": "s2"},
    "segformerB3_S2": {"backbone": _MIT["b3"], "pipeline": "s2"},
    "hrnet18s_S1": {"backbone": _HRNET18S, "pipeline": "s1"},
    "hrnet18s_S2": {"backbone": _HRNET18S, "pipeline": "s2"},
    "hrnet32_S2": {"backbone": _HRNET32, "pipeline": "s2"},
}
