"""Layers of PyTorch networks in int8 on the processor, by oneDNN.

Weights have a scale for each output channel and inputs one for each call, from their own smallest and largest value
(dynamic quantization, as `torch.ao.quantization.quantize_dynamic` does for linear layers), so that no images are needed
beforehand and the answer to an image depends on no other.
"""

from typing import Any

import torch
from torch import Tensor, nn

_PIXELS = 3  # channels of an image, whose layer stays as it is: it costs nothing


def in_int8(network: nn.Module) -> None:
    """Replace the linear layers and convolutions inside a network, on the CPU, by ones in int8.

    Their outputs are of the type of the weights that they had. Convolutions in groups, those of the image, and those
    beside a batch normalisation, which TinyViT and RepViT make one with it while they run, stay.
    """
    if any(isinstance(part, nn.BatchNorm2d) for part in network.children()):
        return
    for name, part in list(network.named_children()):
        if isinstance(part, nn.Linear):
            setattr(network, name, _Linear(part))
        elif isinstance(part, nn.Conv2d):
            if part.groups == 1 and part.in_channels != _PIXELS:
                setattr(network, name, _Convolution(part))
        else:
            in_int8(part)


class _Layer(nn.Module):
    """A layer with weights as int8.

    Attributes:
        bias: as the layer had it; None without.
        weight: empty, of the type that it had, which the modules around it ask for.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d):
        super().__init__()
        weight = layer.weight.detach().float()
        scales = (weight.abs().flatten(1).amax(1) / 127).clamp(min=torch.finfo(torch.float32).tiny)
        self.whole = (weight / scales.view(-1, *[1] * (weight.ndim - 1))).round().to(torch.int8)
        self.bias, self.weight = layer.bias, layer.weight.detach().new_empty(0)
        bias = None if layer.bias is None else layer.bias.detach().float()
        self.scales: tuple[Any, ...] = (scales, torch.zeros(len(scales), dtype=torch.int64), bias)

    def output(self) -> tuple[Any, ...]:
        """The last arguments of oneDNN's operators: scale, zero and type of the output, and no operation behind it."""
        return 1.0, 0, self.weight.dtype, "none", [], ""


class _Linear(_Layer):
    def __init__(self, layer: nn.Linear):
        super().__init__(layer)
        self.packed = torch.ops.onednn.qlinear_prepack(self.whole, None)
        self.outputs = layer.out_features

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        rows, *places = _quantized(x.reshape(-1, x.shape[-1]))
        found = torch.ops.onednn.qlinear_pointwise(rows, *places, self.packed, *self.scales, *self.output())
        return found.view(*x.shape[:-1], self.outputs)


class _Convolution(_Layer):
    def __init__(self, layer: nn.Conv2d):
        super().__init__(layer)
        self.geometry = (list(layer.stride), list(layer.padding), list(layer.dilation), layer.groups)
        self.packed = torch.ops.onednn.qconv_prepack(self.whole, self.scales[0], 1.0, 0, *self.geometry, None)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, c', h', w'), channels last in memory."""
        pixels, *places = _quantized(x.contiguous(memory_format=torch.channels_last))
        found: Tensor = torch.ops.onednn.qconv2d_pointwise(
            pixels, *places, self.packed, *self.scales, *self.geometry, *self.output()
        )
        return found


def _quantized(x: Tensor) -> tuple[Tensor, float, int]:
    """A tensor as uint8, what one step of it is worth, and what stands for 0: x = step * (q - zero)."""
    low, high = (float(limit) for limit in x.aminmax())
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / 254 or 1.0  # one less than there are, so that both ends may be rounded up
    zero = round(-low / step)
    return x.float().mul(1 / step).add_(zero + 0.5).to(torch.uint8), step, zero
