"""Linear layers in bfloat16 on a CPU that computes in it."""

import pytest
import torch
import torch.nn.functional as F
from segment_anything.modeling.common import MLPBlock
from torch import nn

from promptseg.methods.devices import has_bf16
from promptseg.methods.networks.packed import PackedLinear, pack


@pytest.mark.skipif(not has_bf16("cpu"), reason="this processor does not compute in bfloat16")
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("shape", [(1, 24), (3, 7, 24), (5000, 24)])
def test_it_computes_what_the_layer_does(shape, gelu):
    torch.manual_seed(0)
    linear, x = nn.Linear(24, 40), torch.randn(shape)
    rounded, lowered = nn.Linear(24, 40), x.bfloat16()
    rounded.load_state_dict({name: value.bfloat16().float() for name, value in linear.state_dict().items()})
    with torch.inference_mode():
        expected = rounded(lowered.float())
        expected = F.gelu(expected) if gelu else expected
        found = PackedLinear(linear, gelu=gelu)(lowered)
    assert found.dtype == torch.bfloat16
    # Rounded once, at the end: half of a last bit of bfloat16, which has 8.
    torch.testing.assert_close(found.float(), expected, rtol=2**-8, atol=1e-4)


@pytest.mark.skipif(not has_bf16("cpu"), reason="this processor does not compute in bfloat16")
def test_a_layer_without_bias():
    linear = nn.Linear(8, 8, bias=False)
    with torch.inference_mode():
        found = PackedLinear(linear)(torch.eye(8).bfloat16())
    assert PackedLinear(linear).bias is None
    torch.testing.assert_close(found, linear.weight.detach().t().bfloat16())


@pytest.mark.skipif(not has_bf16("cpu"), reason="this processor does not compute in bfloat16")
def test_layers_of_a_network_are_packed_and_a_gelu_joins_the_one_before():
    network = nn.Sequential(MLPBlock(8, 16), nn.Sequential(nn.Linear(8, 8)), nn.Conv2d(1, 1, 1)).bfloat16()
    x = torch.randn(5, 8).bfloat16()
    with torch.inference_mode():
        expected = network[:2](x)
        pack(network)
        found = network[:2](x)
    kinds = [type(part).__name__ for part in network.modules()]
    assert [kinds.count(name) for name in ("PackedLinear", "Linear", "GELU", "Conv2d")] == [3, 0, 0, 1]
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=2e-2)


def test_layers_in_float32_stay():
    network = nn.Sequential(MLPBlock(8, 16), nn.Linear(8, 8))
    pack(network)
    assert not any(isinstance(part, PackedLinear) for part in network.modules())
