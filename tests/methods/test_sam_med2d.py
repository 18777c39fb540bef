"""SAM-Med2D: its adapters, preparation, choice of mask and what it feeds back, against plain computations."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from segment_anything.modeling.image_encoder import window_partition, window_unpartition

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query
from promptseg.methods.networks.sam_med2d import AdaptedEncoder, adapted_sam
from promptseg.methods.sam_med2d import SamMed2D
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts" / "sam_med2d_vit_b.json"
POINTS = Prompt(np.array([[10, 20], [33, 4]], np.int32), np.array([1, 0], np.int8))


@pytest.fixture(scope="module")
def network():
    network = adapted_sam(width=16, depth=2, heads=2, everywhere=(1,))  # 16 x 16 tokens in windows of 14, then all
    network.load_state_dict(rule_state(network))
    return network.eval()


@pytest.fixture(scope="module")
def method(network):
    return SamMed2D.of_network(network, "cpu")


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (70, 186, 3), np.uint8)


def adapted(adapter, x):
    maps = x.permute(0, 3, 1, 2)
    down, up = (adapter.channel[index].weight for index in (0, 2))
    weights = torch.sigmoid(F.linear(F.relu(F.linear(maps.mean((2, 3)), down)), up))
    around = F.relu(F.conv2d(maps * weights[:, :, None, None], adapter.spatial[0].weight, stride=2, padding=1))
    around = F.relu(F.conv_transpose2d(around, adapter.spatial[2].weight, stride=2, padding=1))
    norm = adapter.norm
    return F.layer_norm((maps + around).permute(0, 2, 3, 1), x.shape[-1:], norm.weight, norm.bias, 1e-5)


def encoded(encoder, x):
    """The forward pass of the package with the adapters."""
    x = encoder.patch_embed(x) + encoder.pos_embed
    for block in encoder.blocks:
        y = block.norm1(x)
        if block.window_size:
            windows, padded = window_partition(y, block.window_size)
            assert padded == (28, 28)
            y = window_unpartition(block.attn(windows), block.window_size, padded, x.shape[1:3])
        else:
            y = block.attn(y)
        x = x + y
        y = block.norm2(x)
        x = x + block.mlp(y) + adapted(block.Adapter, y)
    return encoder.neck(x.permute(0, 3, 1, 2))


@torch.inference_mode()
def test_the_encoder_has_adapters_beside_the_mlp(network):
    images = torch.randn(2, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    expected = encoded(network.image_encoder, images)
    torch.testing.assert_close(AdaptedEncoder(network.image_encoder)(images), expected, atol=1e-5, rtol=1e-5)
    assert (network.image_encoder(images) - expected).abs().max() > 0.1  # they matter


@torch.inference_mode()
def test_bf16_changes_little(pixels):
    network = adapted_sam(width=16, depth=2, heads=2, everywhere=(1,))
    network.load_state_dict(rule_state(network))
    images = torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    exact = AdaptedEncoder(network.image_encoder)(images)
    rough = AdaptedEncoder(network.image_encoder, torch.bfloat16)(images)
    assert rough.dtype == torch.float32
    assert 0 < (exact - rough).abs().max() < 0.2


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
def test_parameters_are_those_of_the_published_file():
    with torch.device("meta"):
        network = SamMed2D.architecture("vit_b")
    recorded = json.loads(RECORDED.read_text())["state_dict"]
    own = {name: list(value.shape) for name, value in network.state_dict().items()}
    assert own == {name: entry["shape"] for name, entry in recorded.items()}


def test_variants_that_were_not_published_are_refused():
    with pytest.raises(PromptsegError, match="no variant 'vit_h'; `variant:` is one of vit_b"):
        SamMed2D.architecture("vit_h")
    assert SamMed2D.input_size("vit_b") == 256


def test_images_become_the_nearest_pixels_of_normalised_ones(method, pixels):
    mean, deviation = np.float32([123.675, 116.28, 103.53]), np.float32([58.395, 57.12, 57.375])
    expected = cv2.resize((pixels - mean) / deviation, (256, 256), interpolation=cv2.INTER_NEAREST)
    np.testing.assert_array_equal(method.prepare(pixels)[0].permute(1, 2, 0), expected)


def by_the_package(network, method, image, prompt, mask=None):
    """(masks of all four tokens, predicted IoU) in the network's resolution; (70, 186) pixels become 256 x 256."""
    scale = np.array([256 / 186, 256 / 70])
    points = torch.tensor(prompt.points * scale)[None].float(), torch.tensor(prompt.labels)[None]
    box = None if prompt.box is None else torch.tensor(prompt.box.reshape(2, 2) * scale).float().view(1, 4)
    sparse, dense = network.prompt_encoder(points if len(prompt.points) else None, box, mask)
    return [
        network.mask_decoder(image.features, network.prompt_encoder.get_dense_pe(), sparse, dense, several)
        for several in (False, True)
    ]


@pytest.mark.parametrize("prompt", [POINTS, Prompt(POINTS.points[:0], POINTS.labels[:0], np.array([3, 9, 99, 60]))])
@torch.inference_mode()
def test_the_mask_with_the_highest_predicted_iou_is_the_answer(network, method, pixels, prompt):
    image = method.encode(pixels)
    (single, its_score), (masks, scores) = by_the_package(network, method, image, prompt)
    best = int(scores.argmax())
    assert best > 0
    several, one = method.answer(image, prompt, True), method.answer(image, prompt, False)
    for answer, low, score in ((several, masks[0, best], scores[0, best]), (one, single[0, 0], its_score[0, 0])):
        assert answer.low.shape == (1, 64, 64)
        torch.testing.assert_close(answer.low[0], low, atol=1e-4, rtol=0)
        torch.testing.assert_close(answer.scores, score[None], atol=1e-5, rtol=0)
        full = F.interpolate(low[None, None], (256, 256), mode="bilinear", align_corners=False)
        full = F.interpolate(full, (70, 186), mode="bilinear", align_corners=False)
        torch.testing.assert_close(answer.logits[None], full, atol=1e-4, rtol=0)
    for multimask in ("always", "official"):
        (answer,) = method.predict([Query(image, prompt, multimask=multimask)])
        assert answer.masks.shape == (1, 70, 186)
        np.testing.assert_array_equal(answer.masks, several.logits > 0)


@torch.inference_mode()
def test_the_sigmoid_of_a_mask_is_fed_back(network, method, pixels):
    image = method.encode(pixels)
    (first,) = method.predict([Query(image, POINTS)])
    low = method.answer(image, POINTS).low
    torch.testing.assert_close(first.states[0], low[0].sigmoid(), atol=1e-5, rtol=0)
    _, (masks, scores) = by_the_package(network, method, image, POINTS, low.sigmoid()[None])
    (second,) = method.predict([Query(image, POINTS, first.states[0])])
    torch.testing.assert_close(second.states[0], masks[0, scores.argmax()].sigmoid(), atol=1e-5, rtol=0)
    assert (second.states[0] - first.states[0]).abs().max() > 1e-3
