import json

import numpy as np
import pytest
import torch
from torch import nn

from promptseg.core.errors import PromptsegError
from promptseg.parity.generated_weights import Changes, rule_state, rule_tensor


def test_every_kind_of_weight_is_drawn_as_the_rule_says():
    """First three numbers of one tensor of each kind, computed with nothing but NumPy."""
    literal = {
        ("a.running_mean", (3,)): (-0.017110988, -0.078758852, 0.043926601),
        ("a.running_var", (3,)): (1.026038801, 1.018274485, 1.059669161),
        ("backbone.cls_token", (1, 1, 3)): (-0.017330831, 0.027917697, -0.006716895),
        ("prompt_encoder.no_mask_embed.weight", (1, 3)): (1.359337941, -0.443073221, 0.843484626),
        ("maps_transform.3.scale", (3,)): (0.912875786, 0.980516146, 1.027989817),
        ("conv.weight", (3, 2, 1, 1)): (-0.468472894, -1.080065307, -0.701430711),
        ("patch_embed_coords.proj.weight", (3, 2, 1, 1)): (0.056480139, 0.723811760, 0.541596504),
        ("norm.weight", (3,)): (0.969388136, 1.008831768, 1.052897322),
        ("norm.bias", (3,)): (0.007860674, 0.008264657, -0.019243526),
    }
    for (name, shape), values in literal.items():
        tensor = rule_tensor(name, shape, "dev")
        assert tensor.dtype == torch.float32, name
        assert tensor.shape == shape, name
        np.testing.assert_allclose(tensor.flatten()[:3].numpy(), values, rtol=1e-6, err_msg=name)
    counter = rule_tensor("bn.num_batches_tracked", ())
    assert counter.dtype == torch.int64
    assert counter.item() == 0
    assert not torch.equal(rule_tensor("norm.bias", (3,), "dev"), rule_tensor("norm.bias", (3,), "other"))


def test_overrides_replace_entries_and_have_to_fit(tmp_path):
    path = tmp_path / "x.overrides.json"
    path.write_text(json.dumps({"overrides": {"bias": {"shape": [2], "values": [1, 2.5]}}}))
    with torch.device("meta"):
        network = nn.Linear(3, 2)
    state = rule_state(network, "dev", Changes.read(path))
    assert state["bias"].tolist() == [1, 2.5]
    assert torch.equal(state["weight"], rule_tensor("weight", (2, 3), "dev"))
    with pytest.raises(PromptsegError, match=r"bias the shape \(3,\); Linear has \(2,\)"):
        rule_state(network, "dev", Changes(overrides={"bias": torch.zeros(3)}))
    with pytest.raises(PromptsegError, match="The overrides name scale, which Linear does not have"):
        rule_state(network, "dev", Changes(overrides={"scale": torch.zeros(3)}))
    with pytest.raises(PromptsegError, match="The gains name scale, which Linear does not have"):
        rule_state(network, "dev", Changes(gains={"scale": 2.0}))
    path.write_text('{"overrides": {"bias": {"shape": [3], "values": [1, 2]}}}')
    with pytest.raises(PromptsegError, match=r"x.overrides.json is no file of overrides \(ValueError"):
        Changes.read(path)
    with pytest.raises(PromptsegError, match=r"gone.overrides.json is missing"):
        Changes.read(tmp_path / "gone.overrides.json")


def test_gains_multiply_in_float32_and_overrides_come_last():
    with torch.device("meta"):
        network = nn.Linear(3, 2)
    changes = Changes.parse({"weight": 4.6, "bias": 9}, {"bias": {"shape": [2], "values": [0.1, 1]}})
    state = rule_state(network, "dev", changes)
    rule = rule_tensor("weight", (2, 3), "dev").numpy()
    assert np.array_equal(state["weight"].numpy(), rule * np.float32(4.6))
    assert np.array_equal(state["bias"].numpy(), np.float32([0.1, 1]))
    assert list(state) == ["weight", "bias"]


def test_entries_of_complex_type_are_no_weights():
    network = nn.Linear(1, 1)
    network.register_buffer("freqs_cis", torch.zeros(2, dtype=torch.complex64))
    assert list(rule_state(network)) == ["weight", "bias"]
