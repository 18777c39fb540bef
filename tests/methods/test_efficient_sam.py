"""EfficientSAM: names of the published files, and its answers against a plain forward pass with the same modules."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.efficient_sam import EfficientSam
from promptseg.methods.networks.efficient_sam import Architecture, EfficientSamNetwork
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


class Small(EfficientSam):
    """For images of 128 pixels."""

    @classmethod
    def architecture(cls, variant):
        return EfficientSamNetwork(Architecture(24, 3, 2, 128, 32, 2, 64))


@pytest.fixture
def small(tmp_path):
    """(adapter, the same network by itself)."""
    network = Small.architecture("small")
    state = dict(rule_state(network))
    for name in state:  # unlike in SAM, the rule makes the embeddings of labels small
        if name.startswith("prompt_encoder") and name.endswith(".weight"):
            state[name] *= 6
    network.load_state_dict(state)
    save_file(state, tmp_path / "small.safetensors")
    return Small(Settings("small", tmp_path / "small.safetensors")), network.eval()


def image(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def prompt(points=(), labels=(), box=None):
    corners = None if box is None else np.array(box, np.int32)
    return Prompt(np.array(points, np.int32).reshape(-1, 2), np.array(labels, np.int8), corners)


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
@pytest.mark.parametrize("variant", EfficientSam.variants)
def test_parameters_are_those_of_the_published_files(variant):
    content = json.loads((RECORDED / f"efficient_sam_{variant}.json").read_text())["state_dict"]
    with torch.device("meta"):
        own = EfficientSam.architecture(variant).state_dict()
    assert {name: list(value.shape) for name, value in own.items()} == {k: v["shape"] for k, v in content.items()}


def test_what_it_was_made_for():
    assert [EfficientSam.input_size(variant) for variant in EfficientSam.variants] == [1024, 1024]
    assert EfficientSam.max_points == 6
    assert not EfficientSam.negative_points
    assert not EfficientSam.mask_feedback
    with pytest.raises(PromptsegError, match="no variant 'vit_t'"):
        EfficientSam.architecture("vit_t")


def encoded(network, pixels):
    """(1, 32, 8, 8) embedding."""
    encoder = network.image_encoder
    stretched = F.interpolate(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255, (128, 128), mode="bilinear")
    tokens = encoder.patch_embed((stretched - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1))
    table = encoder.pos_embed[0, 1:].view(14, 14, -1).permute(2, 0, 1)[None]
    tokens = (tokens + F.interpolate(table, (8, 8), mode="bicubic")).flatten(2).transpose(1, 2)
    for block in encoder.blocks:
        tokens = block(tokens)
    return encoder.neck(tokens.transpose(1, 2).view(1, -1, 8, 8))


def slots(network, pixels, points, labels):
    """(1, at least 6, 32) embedded points; label -1 is padding, 2 and 3 are corners of a box."""
    prompts = network.prompt_encoder
    known = {1: prompts.point_embeddings, 2: prompts.bbox_top_left_embeddings, 3: prompts.bbox_bottom_right_embeddings}
    rows = []
    for (x, y), label in zip(points, labels, strict=True):
        place = torch.tensor([[[x * 128 / pixels.shape[1] + 0.5, y * 128 / pixels.shape[0] + 0.5]]])
        row = prompts.pe_layer.forward_with_coords(place, (128, 128))[0, 0]
        rows.append(row + known[label].weight[0] if label else row)
    padding = prompts.pe_layer.forward_with_coords(torch.tensor([[[-0.5, -0.5]]]), (128, 128))[0, 0]
    return torch.stack(rows + max(0, 6 - len(rows)) * [padding + prompts.invalid_points.weight[0]])[None]


@torch.inference_mode()
def plain(network, pixels, points, labels):
    """(4, 32, 32) logits and (4,) scores."""
    decoder = network.mask_decoder
    positions = network.prompt_encoder.get_dense_pe().flatten(2).transpose(1, 2)
    own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])[None]
    first = torch.cat([own, slots(network, pixels, points, labels)], 1)
    tokens, images = first, encoded(network, pixels).flatten(2).transpose(1, 2)
    for number, layer in enumerate(decoder.transformer.layers):
        tokens = tokens + first if number else tokens
        tokens = layer.norm1(tokens + layer.self_attn(tokens, tokens, tokens))
        tokens = layer.norm2(tokens + layer.cross_attn_token_to_image(tokens + first, images + positions, images))
        tokens = layer.norm3(tokens + layer.mlp(tokens))
        images = layer.norm4(images + layer.cross_attn_image_to_token(images + positions, tokens + first, tokens))
    last = decoder.transformer.final_attn_token_to_image(tokens + first, images + positions, images)
    tokens = decoder.transformer.norm_final_attn(tokens + last)[0]
    maps = images.transpose(1, 2).view(1, -1, 8, 8)
    for layer in decoder.final_output_upscaling_layers:
        maps = layer(maps)
    weights = torch.stack([mlp(tokens[1 + index]) for index, mlp in enumerate(decoder.output_hypernetworks_mlps)])
    return (weights @ maps[0].flatten(1)).view(4, 32, 32), decoder.iou_prediction_head(tokens[0])


@pytest.mark.parametrize("usage", ["always", "official"])
def test_a_mixed_batch_is_answered_as_one_by_one(small, usage):
    method, network = small
    images = [image(90, 120), image(128, 100, 1)]
    box, points = [(5, 6), (80, 70)], [(10, 20), (60, 40), (30, 30), (9, 80), (70, 3), (44, 41)]
    asked = [
        (prompt(points[:1], [1]), points[:1], [1]),
        (prompt(points[1:2], [1]), points[1:2], [1]),
        (prompt(points, [1, 0, 1, 1, 0, 1]), points, [1, 0, 1, 1, 0, 1]),
        (prompt(box=sum(box, ())), box, [2, 3]),
        (prompt(points[:4], [1, 1, 0, 1], sum(box, ())), box + points[:4], [2, 3, 1, 1, 0, 1]),
    ]
    embeddings = [method.encode(pixels) for pixels in images]
    queries = [Query(each, given, multimask=usage) for given, *_ in asked for each in embeddings]
    answers = method.predict(queries)
    for number, answer in enumerate(answers):
        pixels, (_, places, labels) = images[number % 2], asked[number // 2]
        low, scores = plain(network, pixels, places, labels)
        decoded = method.answer(queries[number].image, queries[number].prompt)
        np.testing.assert_allclose(decoded.low, low[1:], atol=2e-5)
        np.testing.assert_allclose(answer.scores, scores[1:], atol=1e-5)
        full = F.interpolate(low[1:, None], pixels.shape[:2], mode="bicubic")[:, 0]
        assert np.mean(answer.masks != (full >= 0).numpy()) < 1e-4
    single = method.answer(embeddings[0], asked[0][0], multimask=False)
    low, scores = plain(network, images[0], points[:1], [1])
    torch.testing.assert_close(single.low, low[:1], atol=2e-5, rtol=0)
    torch.testing.assert_close(single.scores, scores[:1], atol=1e-5, rtol=0)


def test_more_points_than_slots_are_an_error_and_off_label_all_seen(small, tmp_path):
    method, network = small
    pixels, points = image(64, 64), [(5 * index, 50 - 7 * index) for index in range(7)]
    asked = prompt(points[2:], [1] * 5, (*points[0], *points[1]))
    with pytest.raises(PromptsegError, match="takes 6 points per prompt, of which a box takes two; this one has 7"):
        method.predict([Query(method.encode(pixels), asked)])
    other = Small(Settings("small", tmp_path / "small.safetensors", off_label=True))
    low, _ = plain(network, pixels, points, [2, 3, 1, 1, 1, 1, 1])
    torch.testing.assert_close(other.answer(other.encode(pixels), asked).low, low[1:], atol=2e-5, rtol=0)


def test_half_precision_changes_little(small, tmp_path):
    method, _ = small
    rough = Small(Settings("small", tmp_path / "small.safetensors", precision="bf16"))
    pixels = image(60, 70)
    one, other = (each.encode(pixels).features for each in (method, rough))
    assert other.dtype == torch.float32
    assert 0 < (one - other).abs().max() < 0.3
    one, other = (each.answer(each.encode(pixels), prompt([(10, 20)], [1])).low for each in (method, rough))
    assert other.dtype == torch.float32
    assert 0 < (one - other).abs().max() < 0.1 * one.std()
