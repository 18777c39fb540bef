"""ONNX files of the image encoder of `sam_small`: as it is, and with a layer that cuts off what is large."""

from pathlib import Path

import numpy as np
import torch

from promptseg.methods import Settings
from promptseg.methods.sam import Sam

WEIGHTS = Path(__file__).resolve().parents[2] / "resources" / "quickstart" / "sam_small.safetensors"


def export(path: Path) -> Path:
    """What a user gets from `torch.onnx.export`; needs the package `onnx`."""
    encoder = Sam(Settings(variant="small", weights=WEIGHTS)).model.image_encoder
    names = {"input_names": ["image"], "output_names": ["features"]}
    torch.onnx.export(encoder, (torch.zeros(1, 3, 256, 256),), path, opset_version=17, dynamo=False, **names)
    return path


def saturated(source: Path, target: Path, step: float = 0.001) -> Path:
    """The network of a file with its last layer in int8, whose steps are too small: larger features overflow.

    Overflow of fp16 would not show: on a processor ONNX Runtime and OpenVINO compute such layers in fp32.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(source)
    graph = model.graph
    limits = {"step": np.array(step, np.float32), "zero": np.array(0, np.int8)}
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in limits.items())
    graph.node[-1].output[0] = "whole"
    graph.node.append(helper.make_node("QuantizeLinear", ["whole", *limits], ["coded"]))
    graph.node.append(helper.make_node("DequantizeLinear", ["coded", *limits], ["features"]))
    onnx.save(model, target)
    return target
