"""The adapter of SAM 2 with a tiny network: what it prepares, asks and gives back."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.base import Grid
from promptseg.methods.networks.hiera import HieraSizes
from promptseg.methods.networks.sam2 import VARIANTS, VIDEO, Sam2Net, Sam2Sizes
from promptseg.methods.sam2 import Sam2
from promptseg.parity.generated_weights import rule_state

HEADS = "sam_mask_decoder.output_hypernetworks_mlps.{}.layers.2.weight"
SIZES = Sam2Sizes(64, HieraSizes(8, 1, (1, 1, 1, 1), (2,), (4, 2, 4, 2), 3), width=32, heads=2, hidden=32)


@pytest.fixture
def state(monkeypatch):
    monkeypatch.setitem(VARIANTS, "tiny", SIZES)
    state = rule_state(Sam2Net(SIZES))
    for slot in range(4):  # else masks are hardly anywhere as large as the limits of what is fed back
        state[HEADS.format(slot)] *= 100
    return state


@pytest.fixture
def ask(state, tmp_path):
    """Makes the method."""

    def ask(**options):
        save_file(state, tmp_path / "tiny.safetensors")
        return Sam2(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors", options=options))

    return ask


def image(height=50, width=70, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def prompt(points=(), labels=(), box=None):
    box = None if box is None else np.array(box, np.int32)
    return Prompt(np.array(points, np.int32).reshape(-1, 2), np.array(labels, np.int8), box)


def test_an_image_is_resized_as_numbers_and_smoothed_where_it_shrinks(ask):
    pixels = image(300, 48)
    values = torch.tensor(pixels / 255, dtype=torch.float32).permute(2, 0, 1)[None]
    expected = F.interpolate(values, (64, 64), mode="bilinear", antialias=True)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (expected - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    torch.testing.assert_close(ask().prepare(pixels), expected, atol=1e-6, rtol=0)


def test_a_box_comes_before_the_points_in_pixels_of_the_input(ask, monkeypatch):
    method = ask()
    encoded = method.encode(image(32, 128))
    seen = []
    monkeypatch.setattr(method.decoder, "embed", lambda *given: seen.append(given))
    method._sparse([Query(encoded, prompt([(64, 8), (10, 31)], [1, 0], box=(4, 2, 100, 30)))])
    ((points, labels),) = seen
    assert points.tolist() == [[[2, 4], [50, 60], [32, 16], [5, 62]]]
    assert labels.tolist() == [[2, 3, 1, 0]]


PROMPTS = [
    prompt([(10, 20)], [1]),
    prompt(box=(5, 6, 50, 40)),
    prompt([(10, 20), (30, 40)], [1, 0]),
    prompt([(50, 30)], [1]),
    prompt([(9, 9)], [1], box=(0, 0, 40, 40)),
]


@pytest.mark.parametrize("multimask", ["always", "official"])
def test_a_mixed_batch_answers_as_one_query_after_the_other(ask, multimask):
    method = ask()
    passes = []
    method.encoder.register_forward_hook(lambda *_: passes.append(1))
    encoded = [method.encode(image()), method.encode(image(33, 64, seed=1))]
    assert len(passes) == 2
    fed = method.answer(encoded[0], PROMPTS[0]).low[0]
    queries = [Query(one, item, multimask=multimask) for item in PROMPTS for one in encoded]
    queries += [Query(encoded[0], item, fed, multimask=multimask) for item in (PROMPTS[3], prompt())]
    for query, answer in zip(queries, method.predict(queries), strict=True):
        single = len(query.prompt.points) != 1 or query.prompt.box is not None
        count = 1 if multimask == "official" and single else 3
        alone = method.answer(query.image, query.prompt, count == 3, query.previous)
        assert answer.masks.shape == (count, *query.image.frame.size)
        assert np.mean(answer.masks != (alone.logits > 0).numpy()) < 1e-3
        np.testing.assert_allclose(answer.scores, alone.scores, atol=1e-6)


@torch.inference_mode()
def test_what_is_fed_back_is_limited_and_what_is_seen_is_not(ask):
    method = ask()
    encoded = method.encode(image())
    answer = method.answer(encoded, PROMPTS[0])
    assert answer.low.abs().max() == 32
    assert answer.logits.abs().max() > 33
    low, _ = method.decoder([encoded.decoding], method._sparse([Query(encoded, PROMPTS[0])]))
    expected = F.interpolate(low, (50, 70), mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(answer.logits, expected, atol=1e-3, rtol=1e-5)
    again = method.answer(encoded, prompt(), previous=answer.low[1])
    assert (again.logits - answer.logits).abs().max() > 1


def test_an_unsteady_mask_is_replaced_unless_the_option_says_not(ask, state):
    state[HEADS.format(0)] *= 1e-4  # hardly anything of the single mask is beyond the offsets
    bias = HEADS.format(0).replace("weight", "bias")
    state[bias] = torch.zeros_like(state[bias])
    method = ask()
    encoded = method.encode(image())
    three = method.answer(encoded, PROMPTS[2])
    best = int(three.scores.argmax())
    single = method.answer(encoded, PROMPTS[2], multimask=False)
    assert single.stability < 0.98
    assert single.token == 1 + best
    torch.testing.assert_close(single.logits, three.logits[[best]], atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(single.scores, three.scores[[best]])
    plain = ask(dynamic_multimask=False).answer(encoded, PROMPTS[2], multimask=False)
    assert plain.token is None
    assert plain.low.shape == (1, 16, 16)
    assert plain.low.abs().max() < 1


def test_an_embedding_can_be_packed(ask):
    method, pixels = ask(), image()
    encoded = method.encode(pixels)
    again = method.unpack(method.pack(encoded), pixels)
    for ours, theirs in zip((again.features, *again.high_res), (encoded.features, *encoded.high_res), strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(method.answer(again, PROMPTS[0]).low, method.answer(encoded, PROMPTS[0]).low)


@torch.inference_mode()
def test_everything_keeps_masks_of_a_grid_of_points(ask):
    method, pixels = ask(), image()
    encoded = method.encode(pixels)
    grid = Grid(points_per_side=3, pred_iou_thresh=0, stability_score_thresh=0, box_nms_thresh=1.0)
    found = method.everything(encoded, pixels, grid)
    scores = []
    for y in (1, 3, 5):
        for x in (1, 3, 5):
            centre = torch.tensor([[[x * 64 / 6, y * 64 / 6]]])
            sparse = method.decoder.embed(centre, torch.tensor([[1]]))
            scores.append(method.decoder([encoded.decoding], sparse)[1][0])
    expected = torch.cat(scores).sort(descending=True)[0]
    assert 0 < len(found.codes) <= 27
    assert all((expected - score).abs().min() < 1e-6 for score in found.scores)
    assert method.everything(encoded, pixels, Grid(points_per_side=3, pred_iou_thresh=1.0)).codes == []


def test_entries_for_videos_are_left_aside_and_others_are_not(state, tmp_path):
    path = tmp_path / "sam2.pt"
    settings = Settings(variant="tiny", weights=path)
    torch.save({"model": state | {f"{name}extra": torch.zeros(2) for name in VIDEO}}, path)
    Sam2(settings)
    torch.save({"model": state | {"image_encoder.extra": torch.zeros(2)}}, path)
    with pytest.raises(PromptsegError, match=r"1 unexpected: image_encoder\.extra"):
        Sam2(settings)
    del state["no_mem_embed"]
    torch.save({"model": state}, path)
    with pytest.raises(PromptsegError, match="1 missing: no_mem_embed"):
        Sam2(settings)


def test_variants_are_named():
    assert Sam2.input_size("medsam2_hiera_t512") == 512
    assert Sam2.input_size("sam2_hiera_large") == 1024
    for asked in (Sam2.architecture, Sam2.input_size):
        with pytest.raises(PromptsegError, match=r"no variant 'sam2_tiny'; .*sam2\.1_hiera_tiny.*edgetam"):
            asked("sam2_tiny")
