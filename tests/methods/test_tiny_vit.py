"""TinyViT: names of the published files, and its forward pass against a plain one."""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"


def small(img_size=80, stride=4):
    network = TinyViT(img_size, stride, 0, (8, 8, 12, 16), (1, 1, 2, 1), (1, 2, 3, 2), (3, 4, 2, 5), 8)
    network.load_state_dict(rule_state(network))
    return network.eval()


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
@pytest.mark.parametrize("variant", ["mobile_sam_vit_t", "hq_sam_vit_tiny"])
def test_parameters_are_those_of_published_files(variant):
    content = json.loads((RECORDED / f"{variant}.json").read_text())["state_dict"]
    with torch.device("meta"):
        own = {f"image_encoder.{name}": list(value.shape) for name, value in TinyViT().state_dict().items()}
    assert own == {name: entry["shape"] for name, entry in content.items() if name.startswith("image_encoder.")}


def conv_norm(pair, x):
    return pair.bn(pair.c(x))


def attended(layer, x):
    """Attention of (h, w, c) tokens, window by window and head by head, padding first."""
    (height, width, dim), size = x.shape, layer.window
    x = F.pad(x, (0, 0, 0, -width % size, 0, -height % size))
    result = torch.empty_like(x)
    places = [(row, column) for row in range(size) for column in range(size)]
    offsets = [[abs(a[0] - b[0]) * size + abs(a[1] - b[1]) for b in places] for a in places]
    for top in range(0, height, size):
        for left in range(0, width, size):
            window = x[top : top + size, left : left + size].reshape(size * size, dim)
            heads = layer.qkv(layer.norm(window)).view(size * size, layer.heads, 3, -1)
            out = []
            for head in range(layer.heads):
                query, key, value = heads[:, head].unbind(1)
                scores = query @ key.t() / query.shape[1] ** 0.5 + layer.attention_biases[head][torch.tensor(offsets)]
                out.append(scores.softmax(-1) @ value)
            result[top : top + size, left : left + size] = layer.proj(torch.cat(out, 1)).view(size, size, dim)
    return result[:height, :width]


def plain(network, x):
    """The early tokens and the embedding of one image."""
    seq = network.patch_embed.seq
    x = conv_norm(seq[2], F.gelu(conv_norm(seq[0], x)))
    maps = []
    for number, stage in enumerate(network.layers):
        for block in stage.blocks:
            if number:
                tokens = x[0].permute(1, 2, 0)
                x = conv_norm(block.local_conv, (tokens + attended(block.attn, tokens)).permute(2, 0, 1)[None])
                tokens, mlp = x.permute(0, 2, 3, 1), block.mlp
                x = (tokens + mlp.fc2(F.gelu(mlp.fc1(mlp.norm(tokens))))).permute(0, 3, 1, 2)
            else:
                hidden = F.gelu(conv_norm(block.conv2, F.gelu(conv_norm(block.conv1, x))))
                x = F.gelu(x + conv_norm(block.conv3, hidden))
        if stage.downsample is not None:
            first, second, third = stage.downsample.children()
            x = conv_norm(third, F.gelu(conv_norm(second, F.gelu(conv_norm(first, x)))))
        maps.append(x)
    return maps[1].permute(0, 2, 3, 1), network.neck(x)


# 80 / 4 = 20 and 10 tokens a side do not, and 5 does divide into the windows of 4, 2 and 5.
@pytest.mark.parametrize(("img_size", "stride", "side"), [(80, 4, 5), (16, 1, 4)])
@torch.inference_mode()
def test_the_forward_pass_is_the_plain_one(img_size, stride, side):
    network = small(img_size, stride)
    images = torch.randn(2, 3, img_size, img_size, generator=torch.Generator().manual_seed(0))
    early, embedding = network.levels(images)
    assert early.shape == (2, side, side, 12)
    assert embedding.shape == (2, 8, side, side)
    for index in range(2):
        their_early, theirs = plain(network, images[index, None])
        torch.testing.assert_close(early[index, None], their_early, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(embedding[index, None], theirs, atol=2e-5, rtol=1e-5)
    torch.testing.assert_close(network(images), embedding)


@torch.inference_mode()
def test_half_precision_changes_little_and_gives_full_precision_back():
    network, images = small(), torch.randn(1, 3, 80, 80, generator=torch.Generator().manual_seed(0))
    exact = network(images)
    network.dtype = torch.bfloat16
    rough = network(images)
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).abs().max() < 0.3
