"""SAM 3 for prompts: holes, the image's preparation, the published file, and answers of a tiny network."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torchvision.transforms import v2

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.networks.sam3 import Sam3Net, image_part
from promptseg.methods.networks.sam3_vit import Architecture
from promptseg.methods.sam3 import VARIANTS, Sam3, fill_holes
from promptseg.parity.generated_weights import rule_state

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts" / "sam3_tracker.json"
TINY = Architecture(image_size=32, patch=2, dim=16, heads=2, hidden=24, depth=2, period=2, window=4, width=16)


@pytest.fixture
def entries(monkeypatch):
    """The entries that images use, of a tiny network."""
    monkeypatch.setitem(VARIANTS, "tiny", TINY)
    return rule_state(Sam3Net(TINY))


@pytest.fixture
def tiny(entries, tmp_path):
    """Makes the method with settings."""

    def make(**settings):
        torch.save({"model": entries}, tmp_path / "tiny.pt")
        return Sam3(Settings(variant="tiny", weights=tmp_path / "tiny.pt", **settings))

    return make


def prompt(points=(), labels=(), box=None):
    points, labels = np.array(points, np.int32).reshape(-1, 2), np.array(labels, np.int8)
    return Prompt(points, labels, None if box is None else np.array(box, np.int32))


def background(*corners):
    """(40, 40) logits: 3 everywhere but in rectangles (top, left, rows, columns), which are -2."""
    low = torch.full((40, 40), 3.0)
    for top, left, rows, columns in corners:
        low[top : top + rows, left : left + columns] = -2
    return low


@pytest.mark.parametrize(
    ("low", "filled"),
    [
        (background((10, 10, 16, 16)), 256),
        (background((0, 24, 16, 16)), 256),  # a corner of the image, not enclosed by the mask
        (background((10, 10, 16, 16), (10, 26, 1, 1)), 0),  # 257
        (background((10, 10, 16, 16), (26, 26, 1, 1)), 0),  # 257 by a corner
        (background((10, 10, 16, 16), (27, 27, 1, 1)), 257),  # 256 and 1
        (background((0, 0, 20, 40), (30, 5, 2, 2)), 4),
        (background((3, 3, 2, 2)) - 3, 0),  # logits of 0 are background: all of it is one component
        (background(), 0),
        (background((0, 0, 40, 40)), 0),
    ],
)
def test_small_components_of_the_background_are_filled(low, filled):
    before = low.clone()
    other = background((0, 0, 1, 5))
    result = fill_holes(torch.stack([low, other]), 256)
    assert torch.equal(low, before)
    assert int((result[0] == 10).sum()) == filled
    assert torch.equal(result[0][result[0] != 10], low[result[0] != 10])
    assert (result[1, 0, :5] == 10).all()
    assert torch.equal(fill_holes(torch.stack([low, other]), 0), torch.stack([low, other]))


def test_an_image_is_stretched_in_whole_numbers_and_spread_around_zero(tiny):
    method = tiny()
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    steps = [
        v2.ToImage(),
        v2.Resize((32, 32)),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.5] * 3, [0.5] * 3),
    ]
    prepared = method.prepare(pixels)
    assert prepared.shape == (1, 3, 32, 32)
    torch.testing.assert_close(prepared[0], v2.Compose(steps)(pixels))
    assert torch.equal(method.prepare(np.full((5, 9, 3), 255, np.uint8)), torch.ones(1, 3, 32, 32))
    assert torch.equal(method.prepare(np.zeros((5, 9, 3), np.uint8)), -torch.ones(1, 3, 32, 32))


def test_holes_are_filled_in_the_mask_and_not_in_what_is_fed_back(tiny):
    pixels = np.random.default_rng(1).integers(0, 256, (48, 80, 3), np.uint8)
    asked = prompt([(20, 30), (50, 10)], [1, 0])
    counts = []
    for options in ({}, {"max_hole_area": 0}):
        method = tiny(options=options)
        answer = method.answer(method.encode(pixels), asked)
        assert answer.low.shape == (3, 64, 64)
        assert answer.low.abs().max() < 32  # nothing was clamped: `low` is what was decoded
        expected = fill_holes(answer.low, options.get("max_hole_area", 256))[None]
        full = F.interpolate(expected, (48, 80), mode="bilinear", align_corners=False)[0]
        torch.testing.assert_close(answer.logits, full, atol=1e-5, rtol=1e-5)
        counts.append(int((answer.logits > 0).sum()))
        (candidates,) = method.predict([Query(method.encode(pixels), asked)])
        assert np.array_equal(candidates.masks, (answer.logits > 0).numpy())
    assert counts[0] > counts[1]


def test_the_embedding_holds_that_there_is_no_memory(tiny, entries):
    pixels = np.zeros((20, 20, 3), np.uint8)
    before = tiny().encode(pixels)
    entries["tracker.no_mem_embed"] += 1
    after = tiny().encode(pixels)
    torch.testing.assert_close(after.features, before.features + 1)


def test_bfloat16_is_the_encoders_alone(tiny):
    pixels = np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)
    exact, rough = tiny(), tiny(precision="bf16")
    expected, embedding = exact.encode(pixels), rough.encode(pixels)
    for other, level in zip(
        (embedding.features, *embedding.high_res), (expected.features, *expected.high_res), strict=True
    ):
        assert other.dtype == torch.float32
        assert 0 < (other - level).abs().max() < 0.1 * level.abs().max()
    asked = prompt(box=(4, 5, 30, 20))
    given = (exact.answer(expected, asked), rough.answer(expected, asked))
    assert torch.equal(given[0].low, given[1].low)


def test_an_embedding_survives_the_cache(tiny):
    method, pixels = tiny(), np.random.default_rng(3).integers(0, 256, (30, 40, 3), np.uint8)
    encoded = method.encode(pixels)
    again = method.unpack(method.pack(encoded), pixels)
    answers = [method.answer(each, prompt([(9, 9)], [1])) for each in (encoded, again)]
    assert torch.equal(answers[0].logits, answers[1].logits)


def published(entries):
    """A file as it is published: with what other tasks use, and tables of complex numbers."""
    others = {
        "detector.backbone.vision_backbone.convs.0.conv_1x1.weight": torch.zeros(2),
        "detector.backbone.language_backbone.encoder.ln_final.weight": torch.zeros(2),
        "detector.transformer.decoder.query_embed.weight": torch.zeros(2),
        "detector.backbone.vision_backbone.sam2_convs.3.conv_1x1.weight": torch.zeros(2),
        "detector.backbone.vision_backbone.trunk.blocks.0.attn.freqs_cis": torch.zeros(2, dtype=torch.complex64),
        "tracker.maskmem_tpos_enc": torch.zeros(2),
        "tracker.transformer.encoder.layers.0.norm1.weight": torch.zeros(2),
    }
    return others | entries


def test_what_other_tasks_use_is_left_aside(entries, tmp_path):
    torch.save({"model": published(entries)}, tmp_path / "sam3.pt")
    own = Sam3(Settings(variant="tiny", weights=tmp_path / "sam3.pt")).load().state_dict()
    assert own.keys() == entries.keys()
    assert all(torch.equal(own[name], value) for name, value in entries.items())


def renamed(state, old, new):
    return {name.replace(old, new): value for name, value in state.items()}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda state: renamed(state, "tracker.", "inst_interactive_predictor.model."), "missing: tracker"),
        (lambda state: renamed(state, "detector.", ""), "missing: detector.backbone"),
        (lambda state: renamed(state, ".sam2_convs.", ".convs."), r"sam2_convs\.0"),
        (lambda state: state | {"tracker.sam_mask_decoder.more": torch.zeros(1)}, "1 unexpected: tracker"),
        (lambda state: state | {"tracker.no_mem_embed": torch.zeros(1, 1, 8)}, "1 of another shape: tracker"),
    ],
)
def test_a_file_of_other_names_is_an_error(entries, tmp_path, change, named):
    torch.save({"model": change(published(entries))}, tmp_path / "sam3.pt")
    with pytest.raises(PromptsegError, match=named):
        Sam3(Settings(variant="tiny", weights=tmp_path / "sam3.pt"))


def test_there_is_one_variant():
    with pytest.raises(PromptsegError, match="sam3"):
        Sam3.architecture("sam3_large")
    assert Sam3.input_size("sam3") == 1008


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the folder shared with names of published files is absent")
def test_entries_are_those_of_the_published_file():
    recorded = json.loads(PUBLISHED.read_text())["state_dict"]
    with torch.device("meta"):
        own = Sam3.architecture("sam3").state_dict()
    assert {name: recorded[name]["shape"] for name in image_part(recorded)} == {
        name: list(value.shape) for name, value in own.items()
    }
