"""What computes an encoder: the wish of the run, and what a class can."""

from pathlib import Path

import pytest

from promptseg.predict.encoding import Computing, encoding

SAM, RITM = {"adapter": "promptseg.methods.sam:Sam"}, {"adapter": "promptseg.methods.ritm:Ritm"}
VIDEO = {"adapter": "promptseg.methods.sam2_video:Sam2Video"}


@pytest.mark.parametrize(
    ("entry", "backend", "precision", "expected"),
    [
        (SAM, "torch", "fp32", ("torch", "fp32")),
        (SAM, "openvino", "int8", ("openvino", "int8")),
        (SAM, "torch", "int8", ("torch", "int8")),
        (RITM, "openvino", "bf16", ("torch", "bf16")),
        (RITM, "torch", "int8", ("torch", "fp32")),
        (VIDEO, "onnxruntime", "int8", ("torch", "fp32")),
    ],
)
def test_methods_compute_as_the_run_says_where_they_can(entry, backend, precision, expected, caplog):
    assert encoding(entry, Computing(backend=backend, precision=precision)) == (*expected, {})
    assert bool(caplog.records) == (expected != (backend, precision))


@pytest.mark.parametrize(
    ("files", "backend", "expected"),
    [
        (["a.onnx"], "torch", "onnxruntime"),
        (["a.xml"], "torch", "openvino"),
        (["a.onnx", "b.xml"], "torch", "openvino"),
        (["a.onnx"], "openvino", "openvino"),
    ],
)
def test_files_of_the_user_are_opened_by_what_their_format_was_made_for(files, backend, expected):
    networks = dict(zip(("encoder", "decoder"), files, strict=False))
    found = encoding({**SAM, "networks": networks}, Computing(backend=backend, precision="int8"))
    assert found == (expected, "as exported", {part: Path(file) for part, file in networks.items()})
