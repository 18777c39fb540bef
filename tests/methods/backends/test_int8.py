"""Layers in int8 against the same layers in float32."""

import pytest
import torch
from torch import nn

from promptseg.methods.backends.int8 import in_int8
from promptseg.methods.networks.hiera import HieraSizes
from promptseg.methods.networks.sam2 import Sam2Encoder, Sam2Net, Sam2Sizes
from promptseg.methods.networks.tiny_vit import TinyViT


def _both(layer, x):
    network = nn.Sequential(layer)
    with torch.inference_mode():
        expected = network(x)
        in_int8(network)
        return network[0], network(x), expected


@pytest.mark.parametrize("shift", [0.0, 3.0, -3.0])
@pytest.mark.parametrize("shape", [(4, 8), (2, 3, 4, 8)])
def test_a_linear_layer(shape, shift):
    torch.manual_seed(0)
    layer, found, expected = _both(nn.Linear(8, 5), torch.randn(shape) + shift)
    assert not isinstance(layer, nn.Linear)
    assert found.shape == expected.shape
    # A step of the inputs is 1/254 of their range, of the weights 1/127 of the largest.
    torch.testing.assert_close(found, expected, atol=0.06, rtol=0)
    assert not torch.equal(found, expected)


@pytest.mark.parametrize("geometry", [(3, 1, 1), (3, 2, 1), (1, 1, 0), (2, 2, 0)])
def test_a_convolution_whose_border_is_padded(geometry):
    torch.manual_seed(0)
    kernel, stride, padding = geometry
    layer, found, expected = _both(nn.Conv2d(8, 6, kernel, stride, padding), torch.randn(2, 8, 9, 7) + 2)
    assert not isinstance(layer, nn.Conv2d)
    torch.testing.assert_close(found, expected, atol=0.1, rtol=0)


def test_whole_numbers_that_int8_holds_come_back_as_they_are():
    layer = nn.Linear(2, 2, bias=False)
    layer.weight.data = torch.tensor([[127.0, -127.0], [0.0, 127.0]])
    _, found, _ = _both(layer, torch.tensor([[254.0, 0.0], [0.0, 3.0]]))
    assert found.tolist() == [[32258.0, 0.0], [-381.0, 381.0]]


def test_inputs_and_weights_of_zeros():
    layer = nn.Linear(3, 2)
    layer.weight.data.zero_()
    _, found, expected = _both(layer, torch.zeros(4, 3))
    assert torch.equal(found, expected)


def test_what_sees_the_image_and_convolutions_in_groups_stay():
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.Linear(4, 4)))
    in_int8(network)
    assert isinstance(network[0], nn.Conv2d)
    assert isinstance(network[2][0], nn.Conv2d)
    assert not isinstance(network[2][1], nn.Linear)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_encoders_that_look_at_their_layers(dtype):
    torch.manual_seed(0)
    mobile = TinyViT(128, 4, 5, (8, 8, 12, 16), (1, 1, 2, 1), (1, 2, 3, 2), (3, 4, 2, 5), 64).eval()
    mobile.dtype = dtype
    second = Sam2Encoder(Sam2Net(Sam2Sizes(128, HieraSizes(16, 1, (1, 1, 1, 1), (2,), (4, 2, 2, 2), 4))).eval(), dtype)
    for encoder in (mobile, second):
        with torch.inference_mode():
            x = torch.randn(1, 3, 128, 128)
            expected = encoder(x)
            in_int8(encoder)
            for one, other in zip(encoder(x), expected, strict=True):
                assert (one - other).abs().mean() < 0.05 * other.abs().mean()
                assert not torch.equal(one, other)


def test_outputs_are_of_the_type_of_the_weights():
    _, found, _ = _both(nn.Linear(8, 4).bfloat16(), torch.randn(3, 8).bfloat16())
    assert found.dtype == torch.bfloat16
