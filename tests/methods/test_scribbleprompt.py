"""ScribblePrompt: planes and answers of its UNet, preparation and choice of its SAM."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from segment_anything import sam_model_registry

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Scribble, Settings
from promptseg.methods.networks.scribble_unet import ScribbleUnet
from promptseg.methods.scribbleprompt import ScribblePromptSam, ScribblePromptUnet, spread_grey
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam

PUBLISHED = Path(__file__).resolve().parents[3] / "shared/specs/state_dicts/scribbleprompt_unet_nf192_res128.json"


@pytest.fixture
def unet(tmp_path, monkeypatch):
    """The adapter with a narrow network."""
    monkeypatch.setattr(ScribblePromptUnet, "architecture", classmethod(lambda cls, variant: ScribbleUnet(4, depth=2)))
    save_file(rule_state(ScribbleUnet(4, depth=2)), tmp_path / "w.safetensors")
    return ScribblePromptUnet(Settings(variant="nf192_res128", weights=tmp_path / "w.safetensors"))


NOTHING = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)


def prompt(points=(), labels=(), box=None):
    return Prompt(
        np.array(points, np.int32).reshape(-1, 2),
        np.array(labels, np.int8),
        None if box is None else np.array(box, np.int32),
    )


def picture(height, width):
    return np.random.default_rng(0).integers(40, 200, (height, width, 3), np.uint8)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the folder shared with names of published files is absent")
def test_the_network_has_the_names_and_shapes_of_the_published_file():
    with torch.device("meta"):
        network = ScribblePromptUnet.architecture("nf192_res128")
    published = json.loads(PUBLISHED.read_text())["state_dict"]
    assert {name: list(value.shape) for name, value in network.state_dict().items()} == {
        name: entry["shape"] for name, entry in published.items()
    }


def test_the_box_ends_before_its_last_row_and_column(unet):
    planes = unet.planes(Query(unet.encode(picture(128, 128)), prompt(box=(10, 20, 30, 45))))
    expected = torch.zeros(3, 128, 128)
    expected[0, 20:45, 10:30] = 1
    assert torch.equal(planes, expected)


def test_of_two_clicks_into_one_pixel_the_later_counts_in_both_planes(unet):
    query = Query(unet.encode(picture(128, 128)), prompt([(3, 5), (3, 5), (9, 0), (9, 0), (7, 8)], [1, 0, 0, 1, 0]))
    planes = unet.planes(query)
    assert planes[0].sum() == 0
    assert planes[1].nonzero().tolist() == [[0, 9]]
    assert planes[2].nonzero().tolist() == [[5, 3], [8, 7]]


def test_coordinates_are_truncated(unet):
    # Of 300 x 200 pixels to 128 x 128: (60.16, 52.48), (127.57, 127.36), and the box (0.85, 1.28, 2.56, 3.84).
    query = Query(unet.encode(picture(200, 300)), prompt([(141, 82), (299, 199)], [1, 1], (2, 2, 6, 6)))
    planes = unet.planes(query)
    assert planes[1].nonzero().tolist() == [[52, 60], [127, 127]]
    assert planes[0].nonzero().tolist() == [[1, 0], [1, 1], [2, 0], [2, 1]]


def test_coordinates_are_scaled_in_single_precision(unet):
    """41 * 128 / 82 is 64, but with 128 / 82 rounded to single precision the product is just below it, as PyTorch's."""
    planes = unet.planes(Query(unet.encode(picture(82, 82)), prompt([(41, 0)], [1])))
    assert planes[1].nonzero().tolist() == [[0, 63]]
    assert int(torch.tensor(41) * (128 / 82)) == 63


def test_scribbles_are_added_to_clicks_and_resized_with_the_image(unet):
    image = unet.encode(picture(256, 256))
    scribbles = np.zeros((2, 256, 256), np.float32)
    scribbles[0, 10:12, 20:22] = 1  # one pixel of the input
    scribbles[1, 50, 60] = 1  # a quarter of one
    planes = unet.planes(Query(image, unet.scribbled(prompt([(20, 10), (2, 4)], [1, 0]), scribbles)))
    assert planes[1].nonzero().tolist() == [[5, 10]]
    assert planes[2].nonzero().tolist() == [[2, 1], [25, 30]]
    assert planes[1, 5, 10] == 1  # not 2
    assert planes[2, 25, 30] == 0.25


def test_drawn_scribbles_are_the_maps_of_their_pixels(unet):
    image = unet.encode(picture(256, 256))
    lines = (Scribble(np.array([[20, 10], [90, 40]], np.int32), 1, 3), Scribble(np.array([[200, 9]], np.int32), 0, 1))
    given = Prompt(*NOTHING, scribbles=lines)
    maps = np.stack([given.scribbled((256, 256), label) for label in (1, 0)]).astype(np.float32)
    assert (maps.sum(axis=(1, 2)) > [200, 0]).all()
    planes = unet.planes(Query(image, given))
    assert torch.equal(planes, unet.planes(Query(image, unet.scribbled(Prompt(*NOTHING), maps))))
    assert planes[1].sum() > 20
    assert planes[2].sum() == 0.25


def test_probabilities_are_resized_and_logits_fed_back(unet):
    pixels = picture(70, 90)
    image = unet.encode(pixels)
    asked = [prompt([(20, 30)], [1]), prompt(box=(5, 5, 60, 60)), prompt([(1, 1), (80, 60)], [1, 0])]
    previous = torch.randn(128, 128, generator=torch.Generator().manual_seed(0))
    queries = [Query(image, item, fed) for item in asked for fed in (None, previous)]
    grey = F.interpolate(spread_grey(pixels), (128, 128), mode="bilinear")
    answers = dict(unet.decoded(queries))
    for index, query in enumerate(queries):
        fed = torch.zeros(128, 128) if query.previous is None else previous
        with torch.inference_mode():
            low = unet.network(torch.cat([grey, unet.planes(query)[None], fed[None, None]], 1))
            full = F.interpolate(low.sigmoid(), (70, 90), mode="bilinear")
        torch.testing.assert_close(answers[index].low, low[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(answers[index].logits, full[0] - 0.5, atol=1e-6, rtol=0)
        assert answers[index].scores is None
    assert not torch.equal(answers[0].low, answers[1].low)
    (candidates,) = unet.predict(queries[:1])
    np.testing.assert_array_equal(candidates.masks, answers[0].logits > 0)
    assert torch.equal(candidates.states[0], answers[0].low[0])


def test_the_first_channel_is_spread():
    pixels = np.zeros((1, 3, 3), np.uint8)
    pixels[0] = [(50, 50, 50), (100, 90, 100), (90, 200, 0)]
    assert spread_grey(pixels).tolist() == [[[[0, 1, pytest.approx(0.8)]]]]
    assert spread_grey(np.full((2, 2, 3), 7, np.uint8)).tolist() == [[[[0, 0], [0, 0]]]]


@pytest.mark.parametrize("method", [ScribblePromptUnet, ScribblePromptSam])
def test_other_variants_are_refused(method):
    with pytest.raises(PromptsegError, match="There is no variant 'vit_h'"):
        method.architecture("vit_h")
    assert method.input_size(method.variants[0]) == (128 if method is ScribblePromptUnet else 1024)


def test_sam_is_asked_for_three_masks_and_gives_the_best(tmp_path, monkeypatch):
    monkeypatch.setitem(sam_model_registry, "vit_b", tiny_sam)
    network = tiny_sam().eval()
    network.load_state_dict(rule_state(network))
    save_file(dict(rule_state(network)), tmp_path / "w.safetensors")
    method = ScribblePromptSam(Settings(variant="vit_b", weights=tmp_path / "w.safetensors"))
    pixels = picture(70, 90)
    asked = prompt([(20, 30), (80, 10)], [1, 0])
    previous = torch.randn(32, 32, generator=torch.Generator().manual_seed(1))
    answer = method.answer(method.encode(pixels), asked, multimask=False, previous=previous)
    with torch.inference_mode():
        grey = F.interpolate(spread_grey(pixels), (128, 128), mode="bilinear")
        features = network.image_encoder(network.preprocess(255 * grey.repeat(1, 3, 1, 1)))
        points = torch.tensor([[(20 * 128 / 90, 30 * 128 / 70), (80 * 128 / 90, 10 * 128 / 70)]])
        sparse, dense = network.prompt_encoder((points, torch.tensor([[1, 0]])), None, previous[None, None])
        positions = network.prompt_encoder.get_dense_pe()
        low, scores = network.mask_decoder(features, positions, sparse, dense, multimask_output=True)
        full = network.postprocess_masks(low, (128, 128), (70, 90))
    best = int(scores.argmax())
    torch.testing.assert_close(answer.low, low[0, [best]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(answer.logits, full[0, [best]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(answer.scores, scores[0, [best]], atol=1e-5, rtol=1e-5)
    (candidates,) = method.predict([Query(method.encode(pixels), asked, previous, multimask="official")])
    assert candidates.masks.shape == (1, 70, 90)
