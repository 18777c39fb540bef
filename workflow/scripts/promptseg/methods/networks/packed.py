"""Linear layers in bfloat16 on a CPU, with their weights in the order in which oneDNN reads them."""

import torch
from segment_anything.modeling.common import MLPBlock
from torch import Tensor, nn

from promptseg.methods.devices import has_bf16

_ROWS = 4096  # for which oneDNN chooses the order; others run in it as well


class PackedLinear(nn.Module):
    """What `nn.Linear` computes in bfloat16, a tenth faster, with a GELU behind it that costs almost nothing.

    `torch.compile` does the same with weights that are frozen (torch/_inductor/fx_passes/mkldnn_fusion.py).

    Args:
        linear: its weights are copied.
        gelu: whether the exact GELU follows.
    """

    def __init__(self, linear: nn.Linear, *, gelu: bool = False):
        super().__init__()
        weight = linear.weight.detach().to(torch.bfloat16).contiguous()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)
        bias = None if linear.bias is None else linear.bias.detach().to(torch.bfloat16)
        self.bias = None if bias is None else nn.Parameter(bias, False)
        self.after: tuple[str, list[float], str] = ("gelu", [], "none") if gelu else ("none", [], "")

    @torch.compiler.disable  # which cannot trace weights in such an order
    def forward(self, x: Tensor) -> Tensor:
        """(..., c) bfloat16 -> (..., c') bfloat16."""
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, *self.after)


def pack(network: nn.Module) -> None:
    """Replace the linear layers in bfloat16 inside a network by packed ones, if it is on a CPU that computes in it."""
    if not has_bf16("cpu"):
        return
    for name, part in list(network.named_children()):
        if isinstance(part, nn.Linear):
            if part.weight.dtype == torch.bfloat16 and part.weight.device.type == "cpu":
                setattr(network, name, PackedLinear(part))
        elif isinstance(part, MLPBlock) and isinstance(part.act, nn.GELU) and part.lin1.weight.dtype == torch.bfloat16:
            part.lin1, part.act = PackedLinear(part.lin1, gelu=True), nn.Identity()
            pack(part)
        else:
            pack(part)
