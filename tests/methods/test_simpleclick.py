"""SimpleClick's network and adapter: names and shapes of the official files, windows, sizes, masks and states."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.networks import simpleclick
from promptseg.methods.networks.simpleclick import VARIANTS, Architecture, SimpleClickNet, architecture_of
from promptseg.methods.simpleclick import SimpleClick
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs"
recorded = pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
TINY = Architecture(patch=16, dim=16, depth=4, heads=2, pyramid=(4, 6, 8, 10), channels=6)


def tiny_network():
    network = SimpleClickNet(TINY)
    network.load_state_dict(rule_state(network))
    return network


@recorded
@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_are_those_of_official_checkpoints(variant):
    content = json.loads((RECORDED / "state_dicts" / f"simpleclick_{variant}.json").read_text())["state_dict"]
    with torch.device("meta"):
        own = SimpleClickNet.from_variant(variant).state_dict()
    assert {name: list(value.shape) for name, value in own.items()} == {k: v["shape"] for k, v in content.items()}
    assert list(own) == list(content)


@recorded
@pytest.mark.parametrize("variant", ["vit_xtiny", "vit_base", "vit_huge"])
def test_the_configuration_of_a_checkpoint_names_its_network(variant):
    content = json.loads((RECORDED / "checkpoints" / f"simpleclick_{variant}.config.json").read_text())
    assert architecture_of(content["config"]) == VARIANTS[variant]


def config(**changes):
    params = {
        "norm_radius": 5,
        "backbone_params": {
            "img_size": (448, 448),
            "patch_size": (16, 16),
            "embed_dim": 16,
            "depth": 4,
            "num_heads": 2,
        },
        "neck_params": {"in_dim": 16, "out_dims": [4, 6, 8, 10]},
        "head_params": {"channels": 6, "upsample": "x1", "loss_decode": object()},
    }
    params |= changes
    return {
        "class": "isegm.model.is_plainvit_model.PlainVitModel",
        "params": {name: {"type": "builtin", "value": value} for name, value in params.items()},
    }


def test_configurations_that_are_not_supported_are_explained():
    assert architecture_of(config()) == TINY
    with pytest.raises(PromptsegError, match=r"SimpleClick has upsample = 'x4'; only upsample = 'x1'"):
        architecture_of(config(head_params={"channels": 6, "upsample": "x4"}))
    with pytest.raises(PromptsegError, match=r"SimpleClick has random_split = True; only"):
        architecture_of(config(random_split=True))
    with pytest.raises(PromptsegError, match=r"is a checkpoint of RITM, not of SimpleClick"):
        SimpleClickNet.from_config({"class": "isegm.model.is_hrnet_model.HRNetModel", "params": {}})


def test_items_of_a_batch_do_not_touch_each_other_or_the_input():
    network, generator = tiny_network(), torch.Generator().manual_seed(0)
    image = torch.rand(3, 4, 448, 448, generator=generator)
    points = torch.full((3, 4, 3), -1.0)
    points[0, 0] = torch.tensor([100, 200, 0])
    points[1, 2:] = torch.tensor([[50, 40, 0], [400, 300, 1]])
    kept = image.clone(), points.clone()
    with torch.inference_mode():
        together = network(image, points)
        alone = torch.cat([network(image[index : index + 1], points[index : index + 1]) for index in range(3)])
        padded = network(
            image, torch.cat([points[:, :2], -torch.ones(3, 2, 3), points[:, 2:], -torch.ones(3, 2, 3)], 1)
        )
    assert together.shape == (3, 1, 448, 448)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(together, padded, atol=1e-6, rtol=0)
    assert torch.equal(image, kept[0])
    assert torch.equal(points, kept[1])


def test_windows_do_not_see_each_other_and_global_blocks_see_all():
    """A quarter of the image changes: with window attention alone, tokens elsewhere stay as they are."""
    network = tiny_network()
    network.backbone.global_every = 99
    image, changed = torch.rand(2, 1, 3, 448, 448, generator=torch.Generator().manual_seed(1))
    changed[..., :224, :] = image[..., :224, :]
    changed[..., :224] = image[..., :224]
    extra = torch.zeros(1, 16, 28, 28)
    with torch.inference_mode():
        difference = (network.backbone(image, extra) - network.backbone(changed, extra)).abs().amax(3)[0]
        network.backbone.global_every = 1
        spread = (network.backbone(image, extra) - network.backbone(changed, extra)).abs().amax(3)[0]
    assert difference[14:, 14:].min() > 0
    assert difference[:14].max() == difference[:, :14].max() == 0
    assert spread.min() > 0


def test_other_sizes_get_a_resized_position_embedding():
    network = tiny_network()
    with torch.inference_mode():
        assert network(torch.rand(1, 4, 224, 448), torch.full((1, 2, 3), -1.0)).shape == (1, 1, 224, 448)
        with pytest.raises(ValueError, match="31 x 28 tokens cannot be cut into 2 x 2 equal windows"):
            network(torch.rand(1, 4, 496, 448), torch.full((1, 2, 3), -1.0))


def test_the_adapter_answers_masks_and_states(tmp_path, monkeypatch):
    monkeypatch.setitem(simpleclick.VARIANTS, "tiny", TINY)
    save_file(rule_state(tiny_network()), tmp_path / "tiny.safetensors")
    settings = [Settings(variant="tiny", weights=tmp_path / "tiny.safetensors", precision=p) for p in ("fp32", "bf16")]
    answers = []
    for method in map(SimpleClick, settings):
        image = method.encode(np.random.default_rng(0).integers(0, 255, (50, 70, 3), np.uint8))
        answer = method.predict([Query(image, Prompt(np.array([(30, 20)], np.int32), np.array([1], np.int8)))])[0]
        assert answer.masks.shape == (1, 50, 70)
        assert answer.states[0].roi == (0, 49, 0, 69)
        assert answer.states[0].probability.dtype == torch.float32
        answers.append(answer.states[0].probability)
    assert 0 < (answers[0] - answers[1]).abs().max() < 0.05
