"""Encoders of trained weights in other back ends and in int8, and files of users in their place."""

import sys

import numpy as np
import pytest
import torch

from promptseg.core.errors import PromptsegError
from promptseg.methods import Settings
from promptseg.methods.backends import exports
from promptseg.methods.sam import Sam
from support.projects import ROOT

WEIGHTS = ROOT / "resources" / "quickstart" / "sam_small.safetensors"
PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
# Of a range of 0 to 5: rounding alone; 8 bits of a number; 8 bits of a layer's largest.
CLOSE = {"fp32": 1e-4, "bf16": 0.04, "int8": 0.06}


def encoded(**settings):
    return Sam(Settings(variant="small", weights=WEIGHTS, **settings)).encode(PIXELS).features


@pytest.fixture(scope="module")
def features():
    return encoded()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where all of these tests find one export."""
    return tmp_path_factory.mktemp("exports")


@pytest.fixture
def onnx_file(folder, monkeypatch):
    """What a user may have: the encoder, exported by PyTorch, its sizes fixed."""
    pytest.importorskip("onnxscript", reason="the packages of the back ends are not installed")
    monkeypatch.chdir(folder)
    network = Sam(Settings(variant="small", weights=WEIGHTS)).model.image_encoder
    return exports.exported(network, 256, "openvino").resolve()


def test_int8_of_pytorch(features):
    found = encoded(precision="int8")
    assert 0 < (found - features).abs().max() < CLOSE["int8"]


@pytest.mark.parametrize(
    ("backend", "precision"),
    [
        ("openvino", "fp32"),
        ("openvino", "bf16"),
        ("openvino", "int8"),
        ("onnxruntime", "fp32"),
        ("onnxruntime", "int8"),
    ],
)
def test_other_back_ends_export_once(backend, precision, features, folder, monkeypatch):
    pytest.importorskip(backend)
    monkeypatch.chdir(folder)
    found = encoded(backend=backend, precision=precision)
    assert (found - features).abs().max() < CLOSE[precision]
    files = {path: path.stat().st_mtime_ns for path in exports.FOLDER.glob("*/*")}
    assert files
    encoded(backend=backend, precision=precision)
    assert {path: path.stat().st_mtime_ns for path in exports.FOLDER.glob("*/*")} == files


def test_other_weights_are_exported_anew(tmp_path, monkeypatch):
    pytest.importorskip("onnxscript")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exports, "_export", lambda encoder, side, path: path.write_text("an export"))
    layer = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3))
    first = exports.exported(layer, 8, "openvino")
    assert exports.exported(layer, 8, "openvino") == first
    layer[0].weight.data[0, 0, 0, 0] += 1
    assert exports.exported(layer, 8, "openvino") != first


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_file_of_the_user(backend, onnx_file, features):
    pytest.importorskip(backend)
    found = encoded(backend=backend, precision="as exported", networks={"encoder": onnx_file})
    torch.testing.assert_close(found, features, atol=1e-4, rtol=0)


def test_an_intermediate_representation_of_openvino(onnx_file, features, tmp_path):
    openvino = pytest.importorskip("openvino")
    openvino.save_model(openvino.convert_model(onnx_file), tmp_path / "encoder.xml", compress_to_fp16=False)
    found = encoded(backend="openvino", precision="as exported", networks={"encoder": tmp_path / "encoder.xml"})
    torch.testing.assert_close(found, features, atol=1e-4, rtol=0)


def _identity(path, side):
    """The smallest network: what it gives is what it takes."""
    helper = pytest.importorskip("onnx").helper
    ends = [helper.make_tensor_value_info(name, 1, (1, 3, side, side)) for name in ("image", "same")]
    graph = helper.make_graph([helper.make_node("Identity", ["image"], ["same"])], "it", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 20)]
    path.write_bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_files_that_are_no_such_encoder(backend, tmp_path):
    pytest.importorskip(backend)
    file = tmp_path / "it.onnx"

    def refused(message):
        with pytest.raises(PromptsegError, match=message):
            encoded(backend=backend, precision="as exported", networks={"encoder": file})

    file.write_bytes(b"no network")
    refused(rf"it\.onnx cannot be opened by {backend} \(")
    _identity(file, 8)
    refused(r"it\.onnx takes image \(1, 3, 8, 8\), and the method gives one input of \(1, 3, 256, 256\)")
    _identity(file, 256)
    refused(r"it\.onnx gives same \(1, 3, 256, 256\), and the method takes \(1, 128, 32, 32\)")


def test_a_back_end_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(
        PromptsegError, match=r"backend: openvino needs the package onnx: pip install -e '\.\[openvino\]'"
    ):
        encoded(backend="openvino")
