"""What `precision: auto` chooses, and why; see test_run.py for what is measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from promptseg.predict.precision import choose_precision, chosen

ENTRY = {"gpu": True, "adapter": "promptseg.methods.sam:Sam", "options": {}}


@pytest.mark.parametrize(
    ("difference", "precision"), [(0.0019, "bf16"), (-0.0019, "bf16"), (0.0, "bf16"), (0.002, "fp32"), (-0.01, "fp32")]
)
def test_the_mean_difference_decides_in_either_direction(difference, precision):
    found = {"checked_images": 8, "iou_difference": difference, "largest_iou_difference": 0.5}
    choice = chosen(found)
    assert (choice.precision, choice.measured) == (precision, found)
    assert f"the mean IoU by {difference:+.4f} on 8 images, by" in choice.because


def test_without_any_answer_it_is_fp32():
    found = {"checked_images": 1, "iou_difference": np.nan, "largest_iou_difference": np.nan}
    choice = chosen(found)
    assert (choice.precision, choice.measured) == ("fp32", {})  # a JSON file has no nan


@pytest.mark.parametrize(
    ("entry", "backend", "bf16", "because"),
    [
        ({"networks": {"encoder": "mine.onnx"}}, "torch", True, "as they were exported"),
        ({}, "onnxruntime", True, "ONNX Runtime does not"),
        ({}, "torch", False, "no bf16 instructions"),
        ({}, "openvino", False, "no bf16 instructions"),
    ],
)
def test_where_there_is_nothing_to_choose_nothing_is_loaded(monkeypatch, entry, backend, bf16, because):
    monkeypatch.setattr("promptseg.predict.precision.has_bf16", lambda device: bf16)
    # OpenVINO computes on the processor, so that there need be no card.
    device = "cuda" if backend == "openvino" else "cpu"
    computing = {"device": device, "backend": backend, "precision": "auto", "compile": False}
    params = SimpleNamespace(method="m", dataset="d", entry=ENTRY | entry, computing=computing)
    found = choose_precision(SimpleNamespace(input=None, params=params))
    assert (found["precision"], found["measured"]) == ("fp32", {})
    assert because in found["because"]
