"""UltraSam: names of its file, and its two passes against the modules of the `segment_anything` package."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from segment_anything import sam_model_registry

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.frames import stretched
from promptseg.methods.ultrasam import UltraSam, _box
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam

POINT = Prompt(np.array([[30, 45]], np.int32), np.array([1], np.int8))
BOX = Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array([10, 20, 60, 70], np.int32))
LABELS = "prompt_encoder.label_encoder.label_embedding.weight"


def as_published(state):
    """SAM's weights by the names of UltraSam's file."""
    points = [state.pop(f"prompt_encoder.point_embeddings.{kind}.weight") for kind in range(4)]
    rows = [state.pop("prompt_encoder.no_mask_embed.weight"), *points]
    rows.append(state.pop("prompt_encoder.not_a_point_embed.weight"))
    rows += [state.pop(f"mask_decoder.{kind}.weight") for kind in ("mask_tokens", "iou_token")]
    published = {LABELS: torch.cat(rows)}
    for name, value in state.items():
        if name.startswith("image_encoder."):
            new = "backbone." + name.removeprefix("image_encoder.").replace("blocks.", "layers.").replace("norm", "ln")
            new = new.replace("patch_embed.proj", "patch_embed.projection").replace("neck", "channel_reduction")
            new = new.replace("mlp.lin1", "ffn.layers.0.0").replace("mlp.lin2", "ffn.layers.1")
        elif name.startswith("mask_decoder.transformer."):
            new = "decoder." + name.removeprefix("mask_decoder.transformer.").replace("norm_final_attn", "post_norm")
            new = new.replace("mlp.lin1", "mlp.layers.0.0").replace("mlp.lin2", "mlp.layers.1")
            new = re.sub(r"(\w+_attn\w*)\.", r"\1.attn.", new)
            new = re.sub(r"([qkv]_proj)\.", r"\1_", new)
        else:
            new = name.replace("mask_decoder.", "bbox_head.")
        published[new] = value
    for name in [name for name in published if name.endswith("q_proj_bias")]:
        biases = [published.pop(name.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
        published[name.replace("q_proj_bias", "in_proj_bias")] = torch.cat(biases)
    return published


@pytest.fixture
def make(tmp_path, monkeypatch):
    """The adapter with a small network, and that network of the package by itself, its MLPs adding their input."""
    monkeypatch.setitem(sam_model_registry, "vit_b", tiny_sam)
    network = tiny_sam().eval()
    network.load_state_dict(rule_state(network))
    for layer in network.mask_decoder.transformer.layers:
        layer.mlp.register_forward_hook(lambda module, inputs, output: inputs[0] + output)
    torch.save({"state_dict": as_published(dict(network.state_dict())), "meta": {"iter": 30000}}, tmp_path / "w.pth")

    def make(**options):
        return UltraSam(Settings(variant="vit_b", weights=tmp_path / "w.pth", options=options)), network

    return make


def picture(height, width):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def test_names_of_the_published_file():
    published = as_published(dict(rule_state(tiny_sam())))
    for name in (  # as its authors' conversion of SAM's weights writes them
        "backbone.patch_embed.projection.weight",
        "backbone.layers.1.ln2.bias",
        "backbone.layers.0.attn.rel_pos_h",
        "backbone.layers.0.ffn.layers.0.0.weight",
        "backbone.channel_reduction.3.weight",
        "decoder.layers.0.self_attn.attn.q_proj_weight",
        "decoder.layers.1.cross_attn_image_to_token.attn.in_proj_bias",
        "decoder.final_attn_token_to_image.attn.out_proj.weight",
        "decoder.layers.1.mlp.layers.1.bias",
        "decoder.post_norm.weight",
        "bbox_head.output_hypernetworks_mlps.2.layers.0.weight",
        "prompt_encoder.mask_downscaling.0.weight",
    ):
        assert name in published
    assert published[LABELS].shape == (11, 64)
    translated = UltraSam.translated(published)
    expected = rule_state(tiny_sam())
    assert set(translated) == set(expected)
    assert all(torch.equal(translated[name], value) for name, value in expected.items())


def test_a_file_that_lacks_a_row_of_embeddings_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sam_model_registry, "vit_b", tiny_sam)
    published = as_published(dict(rule_state(tiny_sam())))
    torch.save({"state_dict": published | {LABELS: published[LABELS][1:]}}, tmp_path / "w.pth")
    with pytest.raises(PromptsegError, match=r"w.pth does not fit .* missing: prompt_encoder.point_embeddings.0"):
        UltraSam(Settings(variant="vit_b", weights=tmp_path / "w.pth"))


@pytest.mark.parametrize(("size", "inside"), [((90, 120), (96, 128)), ((77, 98), (100, 127)), ((3000, 1), (128, 1))])
def test_sizes_are_truncated(make, size, inside):
    """98 * (128 / 98) is below 128 in double precision; SAM would take (101, 128)."""
    method, _ = make()
    prepared = method.prepare(np.full((*size, 3), 255, np.uint8))[0, 0]
    assert (int((prepared[:, 0] != 0).sum()), int((prepared[0] != 0).sum())) == inside
    assert method.encode(picture(*size)).frame.scale == (inside[1] / size[1], inside[0] / size[0])


def decoded(network, features, points=None, boxes=None, mask=None, multimask=True):
    sparse, dense = network.prompt_encoder(points, boxes, mask)
    positions = network.prompt_encoder.get_dense_pe()
    return network.mask_decoder(features, positions, sparse, dense, multimask_output=multimask)


def touched(low, inside, size):
    """(1, 1, h', w') logits -> what they touch of an image that is resized to `inside`, as the authors find it."""
    full = F.interpolate((low > 0).float(), (128, 128), mode="bilinear", align_corners=False)
    return F.interpolate(full[..., : inside[0], : inside[1]], size, mode="bilinear", align_corners=False)[0, 0].bool()


@pytest.mark.parametrize("prompt", [POINT, BOX], ids=["point", "box"])
@pytest.mark.parametrize("passes", [1, 2])
@torch.inference_mode()
def test_passes(prompt, passes, make):
    method, network = make(passes=passes)
    pixels, size, inside = picture(90, 75), (90, 75), (128, 106)
    image = method.encode(pixels)
    scale = np.array([106 / 75, 128 / 90])
    given = {"points": (torch.tensor(prompt.points * scale).float()[None], torch.tensor([[1]]))}
    if prompt is BOX:
        given = {"boxes": torch.tensor(prompt.box.reshape(2, 2) * scale).float().reshape(1, 4)}
    if passes == 2:
        first, _ = decoded(network, image.features, **given, multimask=False)
        given |= {"mask": first}
        if prompt is POINT:
            rows, columns = torch.nonzero(touched(first, inside, size), as_tuple=True)
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            given["points"], given["boxes"] = None, torch.tensor(box * np.tile(scale, 2)).float()[None] - 0.5
    low, scores = decoded(network, image.features, **given)
    best = int(scores.argmax())
    answer = method.answer(image, prompt)
    torch.testing.assert_close(answer.low, low[0, [best]], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(answer.scores, scores[0, [best]], atol=1e-5, rtol=1e-5)
    np.testing.assert_array_equal(answer.logits[0] > 0, touched(low[:, [best]], inside, size))


def test_prompts_of_all_kinds_at_once(make):
    method, _ = make()
    images = [method.encode(picture(*size)) for size in ((90, 75), (128, 128))]
    queries = [Query(image, prompt) for prompt in (POINT, BOX) for image in images]
    for query, candidates in zip(queries, method.predict(queries), strict=True):
        (alone,) = method.predict([query])
        np.testing.assert_array_equal(candidates.masks, alone.masks)
        assert candidates.masks.shape[0] == 1


def test_a_pixel_that_a_mask_touches_belongs_to_it():
    low = torch.full((4, 4), -100.0)
    low[1, 2] = 0.01
    frame = stretched((8, 8), 16, 4)
    grown = frame.full((low > 0).float()) > 0
    assert grown.nonzero().tolist() == [[y, x] for y in range(1, 5) for x in range(3, 7)]
    assert not (frame.full(low) > 0).any()
    assert _box(low, frame).tolist() == [5.5, 1.5, 13.5, 9.5]  # (3, 1, 7, 5) in pixels of the input, less one half
    assert _box(torch.full((4, 4), -1.0), frame).tolist() == [-0.5] * 4


def test_further_passes_are_refused(make):
    with pytest.raises(PromptsegError, match="The option `passes` of UltraSam is 3; set it to 1 or 2"):
        make(passes=3)
