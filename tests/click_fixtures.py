"""Recorded answers of the reference's click methods, and what ours have to share with them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.methods import Settings
from promptseg.methods.clicking import THRESHOLD, Request
from promptseg.rule_weights import read_overrides, rule_state

RECORDED = Path(__file__).resolve().parents[2] / "shared" / "specs"
recorded = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded outputs of the reference are not here")


def parity(name):
    return np.load(RECORDED / "parity" / f"{name}.npz")


def with_generated_weights(network, name):
    """The network with the weights that the recording `name` was made with."""
    network.load_state_dict(
        rule_state(network, overrides=read_overrides(RECORDED / "parity" / f"{name}.overrides.json"))
    )
    return network


def adapter_of(method, network_class, name, folder, **options):
    """The method with the weights that the recording `name` was made with."""
    variant = name.split("_", 1)[1]
    path = folder / f"{name}.safetensors"
    if not path.exists():
        with torch.device("meta"):
            network = network_class.from_variant(variant)
        save_file(rule_state(network, overrides=read_overrides(RECORDED / "parity" / f"{name}.overrides.json")), path)
    return method(Settings(variant=variant, weights=path, options=options))


def network_inputs(data, index):
    """(1, 4, h, w) image and previous mask, and (1, 2n, 3) clicks."""
    image = torch.from_numpy(data[f"image_u8_{index}"]).permute(2, 0, 1)
    image = torch.cat([image, torch.from_numpy(data[f"prev_u8_{index}"])[None]])
    return image[None].float() / 255, torch.from_numpy(data[f"points_{index}"])


def request(image, clicks, state):
    """Of (row, column, positive) clicks."""
    return Request(image, clicks[:, 1::-1], clicks[:, 2], state)


def compare(method, name, mode, items, limit, *, forget=False, states=None):
    """Follow a recorded sequence of clicks, all images of `items` in lockstep.

    Args:
        limit: of the difference in probability.
        forget: every click starts afresh.
        states: to start from, by image.
    """
    data = parity(f"{name}__{mode}")
    stride = int(data["stride"])
    images = {item: method.encode(data[f"image_{item}"]) for item in items}
    states = dict(states or {})
    for count in range(1, len(data[f"clicks_{items[0]}"]) + 1):
        answers = method.predictor.step(
            [request(images[item], data[f"clicks_{item}"][:count], states.get(item)) for item in items]
        )
        for item, answer in zip(items, answers, strict=True):
            where, probability = f"image {item}, click {count}", answer.state.probability.numpy()
            np.testing.assert_allclose(
                probability[::stride, ::stride], data[f"prob_{item}"][count - 1], atol=limit, rtol=0, err_msg=where
            )
            assert np.mean((probability > np.float32(THRESHOLD)) != data[f"mask_{item}"][count - 1]) <= 1e-4, where
            assert list(answer.state.roi or (-1, -1, -1, -1)) == data[f"zoom_roi_{item}"][count - 1].tolist(), where
            assert answer.calls == data[f"net_calls_{item}"][count - 1], where
        if not forget:
            states |= {item: answer.state for item, answer in zip(items, answers, strict=True)}
    if items[0] == 0:
        last = data["last_prob_f16_0"].astype(np.float32)
        np.testing.assert_allclose(answers[0].state.probability, last, atol=limit + 5e-4, rtol=0)
