#!/usr/bin/env bash
# Package: onnxruntime 1.32.0 and openvino 2026.4.1 on a CPU (onnx 1.23.2, numpy 2.4.6); onnx.reference and torch 2.14.1 for
#   comparison
# Expected: a network stored in fp16 computes in fp16: what is above 65504 becomes infinite, as the types in the file say and as
#   ONNX's reference and torch on a CPU compute. Or a message says that it is computed in another type.
# Seen: both take fp32 throughout. 100 times a weight of 1000 is 100000 in both, infinite in the others. ONNX Runtime does so
#   with all optimisations off, OpenVINO where its precision hint is f32. No message.
# Matters: image encoders are exported in fp16 for GPUs. Where an activation passes 65504 the file is right when checked on a
#   CPU, and infinite where a device computes what it says. Look at the largest activations in fp32, or at onnx.reference.
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
from onnx.reference import ReferenceEvaluator

shape = [1, 1, 1, 1]
weight = np.full(shape, 1000, np.float16)
graph = helper.make_graph(
    [
        helper.make_node("Cast", ["x"], ["half"], to=TensorProto.FLOAT16),
        helper.make_node("Conv", ["half", "weight"], ["product"]),
        helper.make_node("Cast", ["product"], ["y"], to=TensorProto.FLOAT),
    ],
    "encoder",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    [numpy_helper.from_array(weight, "weight")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
x = np.full(shape, 100, np.float32)
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
core = openvino.Core()
compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
values = {
    "ONNX's reference": ReferenceEvaluator(model).run(None, {"x": x})[0],
    "torch": torch.nn.functional.conv2d(torch.from_numpy(x).half(), torch.from_numpy(weight)).float().numpy(),
    "ONNX Runtime": session.run(None, {"x": x})[0],
    "OpenVINO": compiled(x)[0],
}
for name, value in values.items():
    print(f"{name}: {value.item()}")
assert [value.item() for value in values.values()] == [np.inf, np.inf, 100000, 100000]
PY
venv/bin/python -W ignore look.py
