"""Networks of files as both back ends open them."""

import numpy as np
import pytest
import torch

from promptseg.methods.backends.sessions import opened


def test_outputs_without_names_are_numbered(tmp_path):
    """As OpenVINO converts a module of PyTorch."""
    openvino = pytest.importorskip("openvino")
    converted = openvino.convert_model(torch.nn.Conv2d(3, 2, 1), example_input=torch.zeros(1, 3, 4, 4))
    assert not converted.outputs[0].names
    openvino.save_model(converted, tmp_path / "own.xml")
    session = opened(tmp_path / "own.xml", "openvino", "fp32")
    found = session.run({name: np.zeros((1, 3, 4, 4), np.float32) for name in session.inputs})
    assert {name: map_.shape for name, map_ in found.items()} == {"output 0": (1, 2, 4, 4)}
