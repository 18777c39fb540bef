"""HQ-SAM: names of the published files, and its answers against a plain forward pass with the authors' modules."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Grid, Prompt, Query, Settings
from promptseg.methods.hq_sam import HqSam
from promptseg.methods.networks.hq_decoder import TOGETHER, HqMaskDecoder
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"


class Small(HqSam):
    """For images of 128 pixels."""

    @classmethod
    def architecture(cls, variant):
        network = tiny_sam()
        network.mask_decoder = HqMaskDecoder(network.mask_decoder.transformer, 32)
        return network


@pytest.fixture
def small(tmp_path):
    """(adapter, the same network by itself)."""
    network = Small.architecture("small")
    network.load_state_dict(rule_state(network))
    save_file(dict(rule_state(network)), tmp_path / "small.safetensors")
    return Small(Settings("small", tmp_path / "small.safetensors")), network.eval()


def image(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def prompt(points=(), labels=(), box=None):
    corners = None if box is None else np.array(box, np.int32)
    return Prompt(np.array(points, np.int32).reshape(-1, 2), np.array(labels, np.int8), corners)


PROMPTS = [
    prompt([(10, 20)], [1]),
    prompt([(60, 40)], [1]),
    prompt([(10, 20), (60, 40)], [1, 0]),
    prompt(box=(5, 6, 80, 70)),
    prompt([(10, 20)], [1], (5, 6, 80, 70)),
]


@torch.inference_mode()
def plain(method, network, pixels, asked, multimask, hq_only=False, mask=None):
    """(32, 32) logits and the score."""
    tokens = network.image_encoder.patch_embed(method.prepare(pixels)) + network.image_encoder.pos_embed
    for block in network.image_encoder.blocks:
        tokens = block(tokens)  # the first with global attention is the last one
    features = network.image_encoder.neck(tokens.permute(0, 3, 1, 2))
    scale = 128 / max(pixels.shape[:2])
    points = torch.from_numpy(asked.points * scale).float()[None], torch.from_numpy(asked.labels)[None]
    box = None if asked.box is None else torch.from_numpy(asked.box * scale).float()[None]
    mask = None if mask is None else mask[None, None]
    sparse, dense = network.prompt_encoder(points if len(asked.points) else None, box, mask)
    decoder = network.mask_decoder
    special = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight, decoder.hf_token.weight])[None]
    out, image_tokens = decoder.transformer(
        features + dense, network.prompt_encoder.get_dense_pe(), torch.cat([special, sparse], 1)
    )
    upscaled = decoder.output_upscaling(image_tokens.transpose(1, 2).view(1, 64, 8, 8))
    details = decoder.embedding_encoder(features) + decoder.compress_vit_feat(tokens.permute(0, 3, 1, 2))
    hq = decoder.hf_mlp(out[:, 5]) @ (decoder.embedding_maskfeature(upscaled) + details).flatten(2)
    scores = decoder.iou_prediction_head(out[:, 0])[0]
    best = 1 + int(scores[1:].argmax()) if multimask else 0
    sam = decoder.output_hypernetworks_mlps[best](out[:, 1 + best]) @ upscaled.flatten(2)
    return (hq if hq_only else sam + hq).view(32, 32), scores[best]


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
@pytest.mark.parametrize("variant", HqSam.variants)
def test_parameters_are_those_of_the_published_files(variant):
    content = json.loads((RECORDED / f"hq_sam_{variant}.json").read_text())["state_dict"]
    with torch.device("meta"):
        own = HqSam.architecture(variant).state_dict()
    assert {name: list(value.shape) for name, value in own.items()} == {k: v["shape"] for k, v in content.items()}


def test_other_variants_are_refused():
    assert [HqSam.input_size(variant) for variant in HqSam.variants] == [1024] * 4
    for ask in (HqSam.architecture, HqSam.input_size):
        with pytest.raises(PromptsegError, match=r"no variant 'vit_t'.* is one of vit_b, vit_l, vit_h, vit_tiny"):
            ask("vit_t")


@pytest.mark.parametrize("usage", ["always", "official"])
@pytest.mark.parametrize(("hq_only", "together"), [(False, 1), (True, 8)])
def test_every_prompt_of_a_mixed_batch_gets_one_mask(small, monkeypatch, usage, hq_only, together):
    method, network = small
    monkeypatch.setitem(TOGETHER, "cpu", together)
    method.hq_token_only = hq_only
    images = [image(90, 120), image(128, 100, 1)]
    encoded = [method.encode(pixels) for pixels in images]
    answers = method.predict([Query(each, asked, multimask=usage) for asked in PROMPTS for each in encoded])
    for number, answer in enumerate(answers):
        pixels, asked = images[number % 2], PROMPTS[number // 2]
        low, score = plain(method, network, pixels, asked, usage == "always", hq_only)
        assert answer.masks.shape == (1, *pixels.shape[:2])
        np.testing.assert_allclose(answer.states[0], low, atol=2e-5)
        np.testing.assert_allclose(answer.scores, [score], atol=1e-5)
        large = F.interpolate(low[None, None], (128, 128), mode="bilinear")
        scale = 128 / max(pixels.shape[:2])
        inside = large[..., : round(pixels.shape[0] * scale), : round(pixels.shape[1] * scale)]
        full = F.interpolate(inside, pixels.shape[:2], mode="bilinear")[0]
        assert np.mean(answer.masks != (full > 0).numpy()) < 1e-4


def test_a_mask_can_be_part_of_the_prompt_and_details_survive_the_cache(small):
    method, network = small
    pixels, asked = image(90, 120), PROMPTS[2]
    given = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    encoded = method.encode(pixels)
    again = method.unpack(method.pack(encoded), pixels)
    low, _ = plain(method, network, pixels, asked, False, mask=given)
    for each in (encoded, again):
        answer = method.answer(each, asked, False, given)
        torch.testing.assert_close(answer.low[0], low, atol=2e-5, rtol=0)
    assert torch.equal(*(method.answer(each, asked).low for each in (encoded, again)))


def test_the_option_leaves_the_share_of_sam_out(small, tmp_path):
    method, _ = small
    options = {"hq_token_only": True}
    other = Small(Settings("small", tmp_path / "small.safetensors", options=options))
    encoded = method.encode(image(90, 120))
    both = [each.answer(encoded, PROMPTS[0]) for each in (method, other)]
    assert (both[0].low - both[1].low).abs().max() > 0.01
    assert torch.equal(both[0].scores, both[1].scores)


def test_bf16_changes_little(small, tmp_path):
    method, _ = small
    half = Small(Settings("small", tmp_path / "small.safetensors", precision="bf16"))
    exact, rough = (each.answer(each.encode(image(90, 120)), PROMPTS[2]) for each in (method, half))
    assert rough.low.dtype == torch.float32
    assert 0 < (exact.low - rough.low).abs().max() < 0.1 * exact.low.std()


def test_everything_takes_one_mask_of_each_point(small):
    method, _ = small
    pixels = image(64, 64)
    grid = Grid(points_per_side=2, pred_iou_thresh=0, stability_score_thresh=0, box_nms_thresh=1)
    found = method.everything(method.encode(pixels), pixels, grid)
    assert 1 <= len(found.codes) <= 4
