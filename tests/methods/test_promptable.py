"""Several images in one pass of an encoder, as on a GPU, against one after the other."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything import sam_model_registry
from torch.utils._pytree import tree_leaves

from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.hf import HuggingFaceSam
from promptseg.methods.hq_sam import HqSam
from promptseg.methods.networks.hiera import HieraSizes
from promptseg.methods.networks.hq_decoder import HqMaskDecoder
from promptseg.methods.networks.sam2 import VARIANTS, Sam2Net, Sam2Sizes
from promptseg.methods.promptable import Promptable
from promptseg.methods.sam import Sam
from promptseg.methods.sam2 import Sam2
from promptseg.parity.generated_weights import rule_state
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from support.hugging_face import save_tiny
from support.networks import tiny_sam
from support.objects import disk, image, targets

SIZES = Sam2Sizes(64, HieraSizes(8, 1, (1, 1, 1, 1), (2,), (4, 2, 4, 2), 3), width=32, heads=2, hidden=32)
SHAPES = [(90, 120), (128, 60), (40, 40), (33, 200), (64, 64)]
IMAGES = [np.random.default_rng(i).integers(0, 255, (*shape, 3), np.uint8) for i, shape in enumerate(SHAPES)]
POINT = Prompt(np.array([[20, 25]], np.int32), np.array([1], np.int8))


class TinyHqSam(HqSam):
    """For images of 128 pixels."""

    @classmethod
    def architecture(cls, variant):
        network = tiny_sam()
        network.mask_decoder = HqMaskDecoder(network.mask_decoder.transformer, 32)
        return network


@pytest.fixture(params=["sam", "hq_sam", "sam2", "hugging_face_sam", "hugging_face_sam2"])
def method(request, tmp_path, monkeypatch):
    monkeypatch.setitem(sam_model_registry, "tiny", tiny_sam)
    monkeypatch.setitem(VARIANTS, "tiny", SIZES)
    if request.param.startswith("hugging_face"):
        save_tiny(tmp_path, request.param.removeprefix("hugging_face_"))
        return HuggingFaceSam(Settings(weights=tmp_path))
    kind, network = {
        "sam": (Sam, tiny_sam),
        "hq_sam": (TinyHqSam, lambda: TinyHqSam.architecture("tiny")),
        "sam2": (Sam2, lambda: Sam2Net(SIZES)),
    }[request.param]
    weights = tmp_path / "tiny.safetensors"
    save_file(dict(rule_state(network())), weights)
    return kind(Settings("tiny", weights))


def counted(method):
    """The sizes of the batches that the encoder is given from now on."""
    sizes, encoder = [], method.encoder

    def encode(inputs):
        sizes.append(len(inputs))
        return encoder(inputs)

    method.__dict__["encoder"] = encode
    return sizes


def test_images_encoded_together_are_those_encoded_alone(method):
    alone = [method.encode(pixels) for pixels in IMAGES]
    sizes = counted(method)
    found = method.encode_all(IMAGES)
    method.settings = replace(method.settings, compile=True)  # as if it were, which takes minutes
    assert len(method.encode_all(IMAGES)) == len(method.encode_all(IMAGES[:4])) + len(method.encode_all(IMAGES[:1]))
    assert sizes == [5, 8, 4, 1]
    assert [one.frame.size for one in found] == SHAPES
    for one, other in zip(found, alone, strict=True):
        for left, right in zip(*map(maps, (one, other)), strict=True):
            torch.testing.assert_close(left, right, atol=1e-4, rtol=1e-4)
    answers, expected = (method.predict([Query(one, POINT) for one in images]) for images in (found, alone))
    for answer, other in zip(answers, expected, strict=True):
        assert np.mean(answer.masks != other.masks) < 1e-3
    assert torch.equal(maps(method.unpack(method.pack(found[4]), IMAGES[4]))[0], maps(found[4])[0])


def maps(embedding):
    """What the encoder made, of any of the classes."""
    return [value for value in tree_leaves(list(vars(embedding).values())) if isinstance(value, torch.Tensor)]


@pytest.mark.parametrize(("side", "together"), [(256, 16), (512, 16), (1024, 4), (1008, 4), (4096, 1)])
def test_on_a_gpu_as_many_as_its_memory_should_hold(side, together):
    for device, expected in {"cpu": 1, "cuda": together}.items():
        method = Sam.__new__(Sam)
        Promptable.__init__(method, Settings(device=device))
        method.take_side(side)
        assert method.encodes_at_once == expected


def test_where_the_memory_of_a_gpu_ran_out_fewer_are_encoded_at_once_from_then_on(method):
    encoder = method.encoder

    def small(inputs):
        if len(inputs) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return encoder(inputs)

    method.__dict__["encoder"], method.encodes_at_once = small, 4
    runner = Runner(method, Plan(clicks=1))
    labels = disk((60, 80))
    scenes = [(image(labels, f"p{n}"), targets(labels, [1], name=f"p{n}")) for n in range(6)]
    rows = [row for item in runner.run(scenes) for row in item.rows]
    assert {row["status"] for row in rows} == {"ok"}
    assert method.encodes_at_once == 2


class Twice(Sam):
    """As a user writes it: more is done for each image."""

    def encode(self, pixels):
        return super().encode(pixels), "more"


def test_a_class_with_an_encode_of_its_own_is_asked_by_that(tmp_path, monkeypatch):
    monkeypatch.setitem(sam_model_registry, "tiny", tiny_sam)
    save_file(dict(rule_state(tiny_sam())), tmp_path / "tiny.safetensors")
    method = Twice(Settings("tiny", tmp_path / "tiny.safetensors"))
    assert [more for _, more in method.encode_all(IMAGES[:2])] == ["more", "more"]
