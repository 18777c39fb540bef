#!/usr/bin/env bash
# Package: openvino 2026.4.1 on a CPU, with ONNX files (onnx 1.23.2, numpy 2.4.6; against onnxruntime 1.32.0, torch 2.14.1)
# Expected: a Resize node with antialias=1 (ONNX since opset 18) that makes an image smaller averages over all pixels, as ONNX
#   Runtime and torch do to the last bits; what is not supported is refused, as other attributes are.
# Seen: the attribute is read and kept in the model (Interpolate shows antialias True), and does nothing: the result is that of
#   antialias=0, bit by bit. Lines two pixels wide and two apart, 64 pixels to 16, become a flat 1 (linear) or 1.125 (cubic)
#   instead of 0.5. The same step converted from the torch module is right. No message.
# Matters: SAM's images are shrunk with antialias, and a file that holds this step gives the encoder other pixels in OpenVINO:
#   thin vessels and small lesions swell or vanish with the position of the grid. Shrink the image before the network.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet onnxruntime==1.32.0 openvino==2026.4.1 onnx==1.23.2 torch==2.14.1 numpy==2.4.6
cat > look.py <<'PY'
import numpy as np
import onnxruntime
import openvino
import torch
from onnx import TensorProto, helper, numpy_helper


def file(mode, antialias):
    """An ONNX file that takes height and width to a quarter."""
    resize = helper.make_node(
        "Resize", ["x", "", "", "sizes"], ["y"], mode=mode, antialias=antialias,
        cubic_coeff_a=-0.5, exclude_outside=1,
    )  # cubic coefficients and borders as torch has them with antialias
    graph = helper.make_graph(
        [resize],
        "shrink",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 64, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 16, 16])],
        [numpy_helper.from_array(np.array([1, 1, 16, 16]), "sizes")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()


class Shrink(torch.nn.Module):
    def __init__(self, mode):
        super().__init__()
        self.mode = mode

    def forward(self, x):
        return torch.nn.functional.interpolate(x, (16, 16), mode=self.mode, antialias=True)


def infer(model):
    return openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(image)[0]


core = openvino.Core()
image = np.zeros((1, 1, 64, 64), np.float32)
image[..., 1::4] = image[..., 2::4] = 1  # vessels of two pixels, two apart
for mode, name in (("bilinear", "linear"), ("bicubic", "cubic")):
    right = Shrink(mode)(torch.from_numpy(image)).numpy()
    session = onnxruntime.InferenceSession(file(name, 1), providers=["CPUExecutionProvider"])
    runtime = session.run(None, {"x": image})[0]
    smooth, plain = (infer(core.read_model(file(name, antialias))) for antialias in (1, 0))
    module = infer(openvino.convert_model(Shrink(mode), example_input=torch.from_numpy(image)))
    values = {"torch": right, "ONNX Runtime": runtime, "OpenVINO, torch module": module, "OpenVINO, file": smooth}
    print(mode + ":", ", ".join(f"{what} {value[0, 0, 8, 8]:.3f}" for what, value in values.items()))
    assert np.abs(runtime - right).max() < 1e-5 and np.abs(module - right).max() < 1e-5
    assert np.abs(smooth - right).max() > 0.4 and (smooth == plain).all()
PY
venv/bin/python -W ignore look.py
