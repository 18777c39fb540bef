"""The SAM adapter against the package of SAM's authors."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything import SamPredictor, sam_model_registry

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.devices import choose_device, has_bf16
from promptseg.methods.networks.sam_decoder import Decoder
from promptseg.methods.sam import Sam as SamMethod
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """(adapter, the same network by itself)."""
    monkeypatch.setitem(sam_model_registry, "tiny", tiny_sam)
    network = tiny_sam()
    network.load_state_dict(rule_state(network))
    save_file(dict(rule_state(network)), tmp_path / "tiny.safetensors")
    return SamMethod(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors")), network.eval()


def prompt(points=(), labels=(), box=None):
    return Prompt(
        np.array(points, np.int32).reshape(-1, 2),
        np.array(labels, np.int8),
        None if box is None else np.array(box, np.int32),
    )


def test_a_mixed_batch_answers_as_the_predictor_does_one_by_one(tiny):
    method, network = tiny
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (90, 120, 3), np.uint8), rng.integers(0, 255, (128, 60, 3), np.uint8)]
    passes = []
    method.encoder.register_forward_hook(lambda *_: passes.append(1))
    encoded = [method.encode(image) for image in images]
    prompts = [
        prompt([(10, 20)], [1]),
        prompt(box=(5, 6, 50, 70)),
        prompt([(10, 20), (30, 40)], [1, 0]),
        prompt([(50, 60)], [1]),
        prompt([(9, 9)], [1], box=(0, 0, 40, 40)),
    ]
    queries = [Query(encoded[index], item) for item in prompts for index in (0, 1)]
    answers = method.predict(queries)
    assert len(passes) == 2  # one per image, whatever is asked of it
    predictor = SamPredictor(network)
    for index, image in enumerate(images):
        predictor.set_image(image)
        for number, item in enumerate(prompts):
            points = item.points if len(item.points) else None
            masks, scores, _ = predictor.predict(points, item.labels if points is not None else None, item.box)
            answer = answers[2 * number + index]
            assert answer.masks.shape == (3, *image.shape[:2])
            assert np.mean(answer.masks != masks) < 1e-4
            np.testing.assert_allclose(answer.scores, scores, atol=1e-5)


@pytest.mark.parametrize("shape", [(16, 16), (90, 128), (128, 33), (3000, 4000), (1, 1)])
def test_masks_of_any_image_size_are_those_of_the_predictor(tiny, shape):
    method, network = tiny
    pixels = np.random.default_rng(2).integers(0, 255, (*shape, 3), np.uint8)
    asked = prompt([(shape[1] // 2, shape[0] // 3)], [1])
    encoded = method.encode(pixels)
    (answer,) = method.predict([Query(encoded, asked)])
    predictor = SamPredictor(network)
    predictor.set_image(pixels)
    logits, scores, low = predictor.predict(asked.points, asked.labels, return_logits=True)
    own = method.answer(encoded, asked)
    assert answer.masks.shape == (3, *shape)
    certain = np.abs(logits) > 1e-4
    np.testing.assert_array_equal(answer.masks[certain], (logits > 0)[certain])
    for ours, theirs in ((own.logits, logits), (own.low, low), (own.scores, scores)):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_a_mask_can_be_part_of_the_prompt(tiny):
    method, network = tiny
    pixels = np.random.default_rng(3).integers(0, 255, (128, 128, 3), np.uint8)
    given = np.random.default_rng(4).normal(0, 3, (32, 32)).astype(np.float32)
    predictor = SamPredictor(network)
    predictor.set_image(pixels)
    asked = prompt([(20, 60), (3, 4)], [1, 0])
    expected = predictor.predict(asked.points, asked.labels, None, given[None], multimask_output=False)
    own = method.answer(method.encode(pixels), asked, multimask=False, previous=torch.from_numpy(given))
    np.testing.assert_allclose(own.low, expected[2], atol=2e-5)
    np.testing.assert_allclose(own.scores, expected[1], atol=2e-5)


def test_an_embedding_survives_the_cache(tiny):
    method, _ = tiny
    pixels = np.random.default_rng(5).integers(0, 255, (70, 100, 3), np.uint8)
    encoded = method.encode(pixels)
    again = method.unpack(method.pack(encoded), pixels)
    asked = prompt(box=(5, 5, 60, 40))
    one, other = (method.predict([Query(each, asked)])[0] for each in (encoded, again))
    np.testing.assert_array_equal(one.masks, other.masks)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_bf16_changes_little(tiny, tmp_path):
    method, _ = tiny
    half = SamMethod(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors", precision="bf16"))
    image = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    exact, rough = (m.predict([Query(m.encode(image), prompt([(30, 30)], [1]))])[0] for m in (method, half))
    assert np.mean(exact.masks != rough.masks) < 0.1
    assert 0 < np.abs(exact.scores - rough.scores).max() < 0.1


@pytest.mark.skipif(not has_bf16("cpu"), reason="this processor does not compute in bfloat16")
@torch.inference_mode()
def test_the_decoder_in_bf16_is_as_close_as_its_digits_allow(tiny, tmp_path):
    method, network = tiny
    half = SamMethod(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors", precision="bf16"))
    assert [one.decoder.two_way.dtype for one in (method, half)] == [torch.float32, torch.bfloat16]
    rng = torch.Generator().manual_seed(0)
    features, sparse = torch.randn(2, 1, 64, 8, 8, generator=rng), torch.randn(3, 2, 64, generator=rng)
    answers = []
    for decoder in (Decoder(network), half.decoder):
        one, other = map(decoder.prepare, features)
        answers.append(decoder([one, one, other], sparse))
    for exact, rough in zip(*answers, strict=True):
        assert rough.dtype == torch.float32
        assert 0 < (exact - rough).abs().mean() < 0.01 * exact.std()


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"image_encoder.pos_embed": torch.zeros(1, 2, 2, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(PromptsegError, match=r"other.safetensors does not fit the network Sam: \d+ missing"):
        SamMethod(Settings(variant="vit_b", weights=tmp_path / "other.safetensors"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_explained():
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    assert choose_device("auto", can_use_gpu=False) == "cpu"
    with pytest.raises(
        PromptsegError, match=r"device: cuda is configured, but PyTorch .* finds no GPU. Set device: auto"
    ):
        choose_device("cuda")
    assert choose_device("cuda", can_use_gpu=False) == "cpu"
