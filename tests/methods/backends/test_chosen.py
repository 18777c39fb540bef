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
def onnx_file(tmp_path_factory):
    """What a user may have: the encoder, exported by PyTorch, its sizes fixed."""
    pytest.importorskip("onnxscript", reason="the packages of the back ends are not installed")
    path = tmp_path_factory.mktemp("own") / "encoder.onnx"
    network = Sam(Settings(variant="small", weights=WEIGHTS)).model.image_encoder
    torch.onnx.export(network, (torch.zeros(1, 3, 256, 256),), path, dynamo=True, verbose=False)
    return path


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
def test_other_back_ends_export_once(backend, precision, features, tmp_path_factory, monkeypatch):
    pytest.importorskip(backend)
    monkeypatch.chdir(tmp_path_factory.getbasetemp())  # one export serves all of these
    found = encoded(backend=backend, precision=precision)
    assert (found - features).abs().max() < CLOSE[precision]
    files = {path: path.stat().st_mtime_ns for path in exports.FOLDER.glob("*/*")}
    assert files
    encoded(backend=backend, precision=precision)
    assert {path: path.stat().st_mtime_ns for path in exports.FOLDER.glob("*/*")} == files


def test_other_weights_are_exported_anew(tmp_path, monkeypatch):
    pytest.importorskip("onnxscript")
    monkeypatch.chdir(tmp_path)
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


def test_files_that_are_no_such_encoder(onnx_file, tmp_path):
    pytest.importorskip("onnxruntime")

    def load(content):
        (tmp_path / "it.onnx").write_bytes(content)
        encoded(backend="onnxruntime", precision="as exported", networks={"encoder": tmp_path / "it.onnx"})

    with pytest.raises(PromptsegError, match=r"it\.onnx cannot be opened by onnxruntime \("):
        load(b"no network")
    layers = {
        r"takes image \(1, 3, 8, 8\), and the method gives one input of \(1, 3, 256, 256\)": (
            torch.nn.Conv2d(3, 1, 1),
            8,
        ),
        r"gives \w+ \(1, 1, 256, 256\), and the method takes \(1, 128, 32, 32\)": (torch.nn.Conv2d(3, 1, 1), 256),
    }
    for message, (layer, side) in layers.items():
        file = tmp_path / "exported.onnx"
        torch.onnx.export(
            *(layer, (torch.zeros(1, 3, side, side),), file), input_names=["image"], dynamo=True, external_data=False
        )
        with pytest.raises(PromptsegError, match=message):
            load(file.read_bytes())


def test_a_back_end_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(
        PromptsegError, match=r"backend: openvino needs the package onnx: pip install -e '\.\[openvino\]'"
    ):
        encoded(backend="openvino")
