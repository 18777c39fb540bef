"""Batch normalisations become part of the convolutions before them."""

import torch
from torch import nn

from promptseg.methods.networks.folding import fold
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.parity.generated_weights import rule_state


def test_a_normalisation_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0)).eval()
    with torch.no_grad():
        network[0].weight.fill_(3)
        for values, value in ((network[1].weight, 2), (network[1].bias, 1), (network[1].running_mean, 4)):
            values.fill_(value)
        network[1].running_var.fill_(16)
        fold(network)
        assert network[0].weight.item() == 3 * 2 / 4
        assert network[0].bias.item() == 1 - 4 * 2 / 4
        assert network(torch.full((1, 1, 1, 1), 5.0)).item() == (15 - 4) * 2 / 4 + 1


def test_a_network_says_the_same_without():
    network = RitmNet(4, 6, small=True)
    network.load_state_dict(rule_state(network))
    points = torch.tensor([[[10.0, 12, 0], [-1, -1, -1]]])
    image = torch.rand(1, 4, 48, 40, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        before = network(image, points)
        fold(network)
        after = network(image, points)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    assert before.std() > 0.01
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)
