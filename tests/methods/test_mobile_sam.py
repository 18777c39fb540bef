"""MobileSAM: names of the published file, and the pipeline against the predictor of SAM's authors."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything import SamPredictor

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.mobile_sam import MobileSam
from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"


class Small(MobileSam):
    """For images of 128 pixels."""

    @classmethod
    def architecture(cls, variant):
        encoder = TinyViT(128, 4, 5, (8, 8, 12, 16), (1, 1, 2, 1), (1, 2, 3, 2), (3, 4, 2, 5), 64)
        return sam_around(encoder, 128, 8, 64, 2, 64)


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
def test_parameters_are_those_of_the_published_file():
    content = json.loads((RECORDED / "mobile_sam_vit_t.json").read_text())["state_dict"]
    with torch.device("meta"):
        own = MobileSam.architecture("vit_t").state_dict()
    assert {name: list(value.shape) for name, value in own.items()} == {k: v["shape"] for k, v in content.items()}


def test_there_is_one_variant():
    assert MobileSam.input_size("vit_t") == 1024
    for ask in (MobileSam.architecture, MobileSam.input_size):
        with pytest.raises(PromptsegError, match=r"no variant 'vit_b'; `variant:` is one of vit_t"):
            ask("vit_b")


def test_answers_are_those_of_the_predictor_with_that_encoder(tmp_path):
    network = Small.architecture("vit_t")
    state = dict(rule_state(network))
    network.load_state_dict(state)
    save_file(state, tmp_path / "small.safetensors")
    method, predictor = Small(Settings("vit_t", tmp_path / "small.safetensors")), SamPredictor(network.eval())
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    predictor.set_image(pixels)
    encoded = method.encode(pixels)
    points, labels, box = np.array([(10, 20), (70, 60)], np.int32), np.array([1, 0], np.int8), np.array([5, 6, 80, 70])
    for prompt in (Prompt(points, labels), Prompt(points[:0], labels[:0], box), Prompt(points[:1], labels[:1], box)):
        given = (prompt.points, prompt.labels) if len(prompt.points) else (None, None)
        masks, scores, low = predictor.predict(*given, prompt.box)
        (answer,) = method.predict([Query(encoded, prompt)])
        assert np.mean(answer.masks != masks) < 1e-4
        np.testing.assert_allclose(answer.scores, scores, atol=1e-5)
        np.testing.assert_allclose(torch.stack(list(answer.states)), low, atol=2e-5)
    again = Small(Settings("vit_t", tmp_path / "small.safetensors", precision="bf16"))
    rough = again.encode(pixels).features
    assert 0 < (rough - encoded.features).abs().max() < 0.3
