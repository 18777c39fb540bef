"""Networks of SAM 2's memory: names of the published files, and forward passes against plain ones."""

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from promptseg.methods.networks.memory_attention import MemoryAttention, MemoryReader, rotations, sine_positions
from promptseg.methods.networks.sam2 import VARIANTS
from promptseg.methods.networks.sam2_memory import Sam2VideoNet
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"


def entries(variant):
    with torch.device("meta"):
        return {name: list(value.shape) for name, value in Sam2VideoNet(VARIANTS[variant]).state_dict().items()}


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
@pytest.mark.parametrize("variant", [*(name for name in VARIANTS if name.startswith("sam2.1")), "medsam2_hiera_t512"])
def test_the_network_has_all_entries_of_the_published_file_and_no_other(variant):
    content = json.loads((RECORDED / f"{variant}.json").read_text())["state_dict"]
    assert entries(variant) == {name: entry["shape"] for name, entry in content.items()}


def test_sam_2_before_2_1_lacks_three_entries():
    newer, older = entries("sam2.1_hiera_tiny"), entries("sam2_hiera_tiny")
    assert newer.keys() - older.keys() == {
        "no_obj_embed_spatial",
        "obj_ptr_tpos_proj.weight",
        "obj_ptr_tpos_proj.bias",
    }
    assert older.items() <= newer.items()


def test_places_on_a_grid_have_sines_and_turns():
    codes = sine_positions(3, 8)
    assert codes.shape == (9, 8)
    step = 2 * math.pi / 3
    assert codes[5, :4].tolist() == pytest.approx(
        [math.sin(2 * step), math.cos(2 * step), math.sin(2 * step / 100), math.cos(2 * step / 100)], abs=1e-5
    )
    assert codes[5, 4:].tolist() == pytest.approx([0, 1, math.sin(3 * step / 100), math.cos(3 * step / 100)], abs=1e-5)
    turns = rotations(3, 8)
    assert turns.shape == (9, 4)
    assert turns[5].angle().tolist() == pytest.approx([2, 2 / 100, 1, 1 / 100])


def plain_turned(x, side):
    """Pairs of channels turned one by one: the first half of them by the token's column, the others by its row."""
    out = x.clone()
    pairs = x.shape[-1] // 2
    for token in range(len(x)):
        row, column = divmod(token % (side * side), side)
        for pair in range(pairs):
            angle = (column if pair < pairs // 2 else row) * 10_000 ** (-4 * (pair % (pairs // 2)) / x.shape[-1])
            a, b = x[token, 2 * pair], x[token, 2 * pair + 1]
            out[token, 2 * pair] = a * math.cos(angle) - b * math.sin(angle)
            out[token, 2 * pair + 1] = a * math.sin(angle) + b * math.cos(angle)
    return out


def plain(attention, features, places, values, turned, side):
    """Memory attention of one object, as the paper has it."""
    x = features + 0.1 * sine_positions(side, features.shape[-1])
    for layer in attention.layers:
        own, cross = layer.self_attn, layer.cross_attn_image
        y = layer.norm1(x)
        q, k = plain_turned(own.q_proj(y), side), plain_turned(own.k_proj(y), side)
        x = x + own.out_proj((q @ k.t() / math.sqrt(q.shape[-1])).softmax(-1) @ own.v_proj(y))
        q = plain_turned(cross.q_proj(layer.norm2(x)), side)
        k = cross.k_proj(places)
        k = torch.cat([plain_turned(k[:turned], side), k[turned:]])
        x = x + cross.out_proj((q @ k.t() / math.sqrt(q.shape[-1])).softmax(-1) @ cross.v_proj(values))
        x = x + layer.linear2(F.relu(layer.linear1(layer.norm3(x))))
    return attention.norm(x)


def test_memory_attention_computes_what_a_plain_forward_pass_does():
    side, width, memory = 3, 16, 4
    attention = MemoryAttention(width, memory, depth=2, hidden=24)
    attention.load_state_dict(rule_state(attention))
    attention.eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, width, side, side, generator=generator)
    places, values = torch.randn(2, 2, 2 * side * side + 5, memory, generator=generator)
    reader = MemoryReader(attention, side)
    ours = reader(reader.look(features), places, values, 2 * side * side)
    tokens = features[0].flatten(1).t()
    for index in range(2):
        theirs = plain(attention, tokens, places[index], values[index], 2 * side * side, side)
        torch.testing.assert_close(ours[index], theirs, atol=2e-5, rtol=1e-5)
