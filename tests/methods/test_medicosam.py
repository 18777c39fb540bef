"""MedicoSAM: how images are prepared, and the forms of its file."""

import numpy as np
import pytest
import torch
from segment_anything import sam_model_registry

from promptseg.core.errors import PromptsegError
from promptseg.methods import Settings
from promptseg.methods.medicosam import MedicoSam, spread
from promptseg.methods.sam import Sam
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(sam_model_registry, "vit_b", tiny_sam)


def test_each_channel_is_spread_by_itself_and_truncated():
    pixels = np.zeros((1, 3, 3), np.uint8)
    pixels[0] = [(10, 7, 0), (20, 7, 1), (40, 7, 255)]
    # (20 - 10) / 30 * 255 = 85, just below it in single precision; an equal channel is black
    assert spread(pixels).tolist() == [[[0, 0, 0], [85, 0, 1], [255, 0, 255]]]
    steps = spread(np.tile(np.arange(8, dtype=np.uint8)[None, :, None], (1, 1, 3)))
    assert steps[0, :, 0].tolist() == [0, 36, 72, 109, 145, 182, 218, 255]  # of 36.4, 72.9, 109.3, 145.7, 182.1, 218.6


def state():
    return dict(rule_state(tiny_sam()))


@pytest.mark.parametrize(
    "content",
    [
        state,
        lambda: {"model_state": {f"sam.{name}": value for name, value in state().items()}, "epoch": 3},
        lambda: {"model_state": state(), "optimizer_state": {"state": {}}},
    ],
)
def test_every_form_of_the_file_is_read(content, tmp_path):
    torch.save(content(), tmp_path / "w.pt")
    loaded = MedicoSam(Settings(variant="vit_b", weights=tmp_path / "w.pt")).model.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in state().items())


def test_spreading_can_be_left_out(tmp_path):
    torch.save(state(), tmp_path / "w.pt")
    pixels = np.random.default_rng(0).integers(60, 90, (64, 100, 3), np.uint8)
    settings = {"variant": "vit_b", "weights": tmp_path / "w.pt"}
    plain = Sam(Settings(**settings))
    without = MedicoSam(Settings(**settings, options={"min_max": False}))
    assert torch.equal(without.prepare(pixels), plain.prepare(pixels))
    assert torch.equal(MedicoSam(Settings(**settings)).prepare(pixels), plain.prepare(spread(pixels)))


def test_other_variants_are_refused():
    with pytest.raises(PromptsegError, match="There is no variant 'vit_h'"):
        MedicoSam.architecture("vit_h")
