"""RITM's adapter: masks, states, options, weights of another network."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.networks import hrnet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.methods.ritm import Ritm
from promptseg.parity.generated_weights import rule_state

TINY = {"width": 4, "ocr_width": 6, "small": True}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Weights of a tiny network that is a variant of the adapter."""
    monkeypatch.setitem(hrnet.VARIANTS, "tiny", TINY)
    save_file(rule_state(RitmNet(**TINY)), tmp_path / "tiny.safetensors")
    return tmp_path / "tiny.safetensors"


def test_the_adapter_answers_masks_and_states(tiny):
    method = Ritm(Settings(variant="tiny", weights=tiny))
    image = method.encode(np.random.default_rng(0).integers(0, 255, (50, 70, 3), np.uint8))
    points, labels = np.array([(30, 20), (60, 40)], np.int32), np.array([1, 0], np.int8)
    first = method.predict([Query(image, Prompt(points[:1], labels[:1]))])[0]
    assert first.masks.shape == (1, 50, 70)
    assert first.masks.dtype == bool
    assert first.scores is None
    (state,) = first.states
    np.testing.assert_array_equal(first.masks[0], state.probability > 0.49)
    again, fresh = method.predict(
        [Query(image, Prompt(points, labels), state), Query(image, Prompt(points, labels), None)]
    )
    assert fresh.states[0].roi is None
    assert not torch.equal(again.states[0].probability, fresh.states[0].probability)


def test_options_leave_out_zoom_in_and_mirroring(tiny):
    image = np.random.default_rng(1).integers(0, 255, (40, 40, 3), np.uint8)
    settings = [Settings(variant="tiny", weights=tiny, options=o) for o in ({}, {"zoom_in": False, "flip": False})]
    answers = []
    for method in map(Ritm, settings):
        sizes = []
        method.network.register_forward_pre_hook(lambda _, inputs, sizes=sizes: sizes.append(tuple(inputs[0].shape)))
        encoded = method.encode(image)
        state = method.predict([Query(encoded, Prompt(np.array([(20, 20)]), np.array([1])))])[0].states[0]
        assert state.probability.max() > 0.5
        prompt = Prompt(np.array([(20, 20), (5, 5)]), np.array([1, 0]))
        method.predict([Query(encoded, prompt, state)])
        answers.append(sizes)
    assert answers == [[(2, 4, 40, 40), (2, 4, 400, 400)], [(1, 4, 40, 40), (1, 4, 40, 40)]]


def test_weights_of_another_variant_are_explained(tiny, tmp_path):
    parameters = {"width": 18, "ocr_width": 48, "small": True, "norm_radius": 5}
    config = {
        "class": "isegm.model.is_hrnet_model.HRNetModel",
        "params": {name: {"type": "builtin", "value": value} for name, value in parameters.items()},
    }
    official = tmp_path / "official.pth"
    torch.save({"config": config, "state_dict": rule_state(RitmNet(18, 48, True))}, official)
    assert Ritm(Settings(weights=official)).network.radius == 5
    with pytest.raises(PromptsegError, match=r"official.pth says of itself .* another variant than hrnet32\. Correct"):
        Ritm(Settings(variant="hrnet32", weights=official))
    with pytest.raises(PromptsegError, match=r"does not say which variant it is\. Set `variant:` to one of hrnet18s, "):
        Ritm(Settings(weights=tiny))
    with pytest.raises(PromptsegError, match=r"no variant 'h18'; `variant:` is one of hrnet18s, hrnet18, hrnet32"):
        Ritm(Settings(variant="h18", weights=tiny))
    with pytest.raises(PromptsegError, match=r"tiny.safetensors does not fit the network RitmNet"):
        Ritm(Settings(variant="hrnet18s", weights=tiny))
