"""SAM's image encoder, in float32 and bfloat16, against the package."""

import copy

import pytest
import torch
from segment_anything.modeling import ImageEncoderViT

from promptseg.methods.networks.sam_encoder import Encoder


@pytest.fixture(scope="module")
def network():
    """Windows that do not fill the grid of 9 x 9, heads whose scale is no power of two, positions that matter."""
    torch.manual_seed(0)
    options = {"embed_dim": 40, "depth": 2, "num_heads": 2, "out_chans": 16, "window_size": 4}
    encoder = ImageEncoderViT(img_size=144, use_rel_pos=True, global_attn_indexes=(1,), **options).eval()
    with torch.no_grad():
        for name, value in encoder.named_parameters():
            if "pos" in name:
                value.normal_()
    return encoder


def relative(found, expected):
    return float((found - expected).abs().mean() / expected.abs().mean())


@pytest.mark.parametrize("queries", [256, 7])
def test_attention_on_a_cpu_is_that_of_the_package(network, monkeypatch, queries):
    monkeypatch.setattr("promptseg.methods.networks.sam_encoder.QUERIES", queries)
    batch = torch.randn(2, 3, 144, 144)
    with torch.inference_mode():
        torch.testing.assert_close(Encoder(network)(batch), network(batch), atol=1e-5, rtol=1e-5)


def test_bfloat16_is_as_close_as_its_digits_allow(network):
    batch = torch.randn(2, 3, 144, 144)
    with torch.inference_mode():
        expected = network(batch)
        rough = Encoder(copy.deepcopy(network), torch.bfloat16)
        assert 0 < relative(rough(batch), expected) < 0.02
        assert rough(batch).dtype == torch.float32
