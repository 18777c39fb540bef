"""Networks in files, ONNX or OpenVINO's, computed by OpenVINO or ONNX Runtime on the processor."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from promptseg.core.errors import PromptsegError
from promptseg.methods.devices import has_bf16

# Inputs of a layer that share a scale while OpenVINO computes in int8. Of 0 it would compute in floating point.
_GROUP = 128


class Session(ABC):
    """A network of a file, ready to compute with as many threads as PyTorch.

    Attributes:
        path: of the file.
        inputs: shape of each input by its name, None where a size is free.
    """

    def __init__(self, path: Path, inputs: Mapping[str, Sequence[int | None]]):
        self.path, self.inputs = path, inputs

    @abstractmethod
    def run(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by their names, floating point as float32; inputs may have any number format."""


def package(name: str, backend: str) -> Any:
    """A module that a back end needs.

    Raises:
        PromptsegError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise PromptsegError(
            f"backend: {backend} needs the package {error.name}: pip install -e '.[{backend}]' (docs/backends.md)."
        ) from error


def opened(path: Path, backend: str, precision: str) -> Session:
    """The network of a file.

    Args:
        backend: "openvino" or "onnxruntime".
        precision: what OpenVINO computes in: "bf16", or "int8", in which products with weights are in int8 and all else
            in bf16 where the processor has it; of anything else what the file says, as ONNX Runtime always does.

    Raises:
        PromptsegError: the package is not installed, the file is not there or no network that it can read.
    """
    if not path.is_file():
        raise PromptsegError(f"there is no file {path} (paths count from {Path.cwd()}). Correct `networks:`.")
    module = package(backend, backend)
    kind = _OpenVino if backend == "openvino" else _OnnxRuntime
    try:
        return kind(module, path, precision)
    except PromptsegError:
        raise
    except Exception as error:  # their readers raise errors of many kinds
        what = str(error).strip().partition("\n")[0]
        raise PromptsegError(
            f"{path} cannot be opened by {backend} ({what or type(error).__name__}). Export the network again, or open "
            "the file with the other back end (docs/backends.md)."
        ) from error


class _OpenVino(Session):
    def __init__(self, module: Any, path: Path, precision: str):
        core = module.Core()
        model = core.read_model(path)
        bf16 = precision == "bf16" or (precision == "int8" and has_bf16("cpu"))
        # Unasked it would compute in bf16 wherever the processor can.
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
        }
        if precision == "int8":
            _compress(module, model)
            settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = _GROUP
        self._network = core.compile_model(model, "CPU", settings)
        self._types = {one.any_name: one.element_type.to_dtype() for one in self._network.inputs}
        # What OpenVINO converts from PyTorch has outputs without names.
        self._names = [
            one.any_name if one.names else f"output {index}" for index, one in enumerate(self._network.outputs)
        ]
        super().__init__(
            path,
            {
                one.any_name: [int(str(size)) if size.is_static else None for size in one.partial_shape]
                for one in self._network.inputs
            },
        )

    def run(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = self._network({name: value.astype(self._types[name], copy=False) for name, value in values.items()})
        return {name: _float32(found[index]) for index, name in enumerate(self._names)}


def _compress(module: Any, model: Any) -> None:
    """Weights of matrix products as int8 with a scale for each output, which is what OpenVINO computes in int8."""
    ops = module.opset13
    for node in model.get_ordered_ops():
        if node.get_type_name() != "MatMul":
            continue
        source = node.input_value(1).get_node()
        if source.get_type_name() != "Constant" or len(source.shape) != 2:
            continue
        weights = source.data.astype(np.float32)
        axis = 1 if node.get_attributes()["transpose_b"] else 0
        scale = np.maximum(np.abs(weights).max(axis, keepdims=True) / 127, np.finfo(np.float32).tiny)
        rounded = ops.constant(np.round(weights / scale).astype(np.int8))
        compressed = ops.multiply(ops.convert(rounded, "f32"), ops.constant(scale))
        node.input(1).replace_source_output(compressed.output(0))


class _OnnxRuntime(Session):
    def __init__(self, module: Any, path: Path, precision: str):  # noqa: ARG002 - it is that of the file
        options = module.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # warnings about single nodes are of no use to a reader of logs
        self._network = module.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._types = {one.name: _NUMPY[one.type] for one in self._network.get_inputs()}
        self._names = [one.name for one in self._network.get_outputs()]
        super().__init__(
            path,
            {
                one.name: [size if isinstance(size, int) else None for size in one.shape]
                for one in self._network.get_inputs()
            },
        )

    def run(self, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        given = {name: value.astype(self._types[name], copy=False) for name, value in values.items()}
        return dict(zip(self._names, map(_float32, self._network.run(self._names, given)), strict=True))


# What ONNX Runtime calls the types of inputs that networks of images and prompts have.
_NUMPY = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8,
}


def _float32(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
