import numpy as np
import torch

from promptseg.methods.networks.perceiver import Perceiver
from promptseg.parity.generated_weights import rule_state

# What `PerceiverResampler` of EdgeTAM (revision 9cc44bf, settings of `edgetam.yaml`) makes of the same map with the
# same weights: every 73rd token and every 13th channel. Four of these tokens are global, four have a place.
TOKENS = [
    [0.7944, 1.5782, -1.2283, -2.182, -0.0287],
    [0.5857, 1.4679, -1.1946, -2.2255, -0.1828],
    [0.4504, 1.6204, -1.232, -2.4347, 0.2789],
    [0.9221, 1.8103, -1.0397, -1.938, -0.0479],
    [-1.3804, 0.1865, -0.4743, 0.1718, -1.3947],
    [-0.585, 0.1815, -0.1587, -1.3704, -0.8336],
    [-0.2089, -1.0249, 0.4864, -1.1815, 1.7076],
    [-2.3788, 0.143, -0.5751, 0.2836, -2.1592],
]
PLACES = [
    [0.9239, 0.9993, 0.0007, 0.9397, 0.0062],
    [0.3827, 0.9962, 0.0015, 0.559, 0.0174],
    [-1.0, 0.9889, 0.0026, 0.8829, 0.0087],
    [-0.0, 0.9803, 0.0035, 0.4381, 0.0199],
]


def perceiver():
    network = Perceiver(64)
    network.load_state_dict(rule_state(network))
    return network


@torch.inference_mode()
def test_maps_become_the_tokens_that_the_authors_code_makes_of_them():
    x = torch.from_numpy(np.random.default_rng(3).standard_normal((1, 64, 32, 32)).astype(np.float32))
    tokens = perceiver()(torch.cat([x.flip(-1), x]))
    assert tokens.shape == (2, 512, 64)
    torch.testing.assert_close(tokens[1, ::73, ::13], torch.tensor(TOKENS), atol=1e-4, rtol=0)


@torch.inference_mode()
def test_half_of_the_tokens_have_a_place():
    network = perceiver()
    places = network.places()
    assert places.shape == (512, 64)
    assert not places[:256].any()
    torch.testing.assert_close(places[292::73, ::13], torch.tensor(PLACES), atol=1e-4, rtol=0)
    turns = network.turns(256)
    assert turns.shape == (512, 128)
    assert bool((turns[:257] == 1).all())
    assert turns[257, 0] == torch.polar(torch.tensor(1.0), torch.tensor(1.0))


@torch.inference_mode()
def test_a_token_with_a_place_sees_nothing_but_its_window():
    network = perceiver()
    x = torch.from_numpy(np.random.default_rng(4).standard_normal((1, 64, 32, 32)).astype(np.float32))
    changed = x.clone()
    changed[:, :, 6:8, 10:12] += 1.0  # the window of row 3, column 5
    placed, others = network(x)[0, 256:], network(changed)[0, 256:]
    different = (placed - others).abs().amax(1) > 1e-6
    assert different.nonzero().flatten().tolist() == [3 * 16 + 5]
