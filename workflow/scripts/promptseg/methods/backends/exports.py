"""Our own encoders as ONNX files, exported once."""

import fcntl
import hashlib
import inspect
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from promptseg.core.files import atomic, digest
from promptseg.methods.backends.sessions import package

logger = logging.getLogger(__name__)

FOLDER = Path(".snakemake/promptseg.exports")
_NAME = "encoder.onnx"


def exported(encoder: nn.Module, side: int, backend: str) -> Path:
    """The ONNX file of an encoder, made where there is none of the same weights, code and versions.

    Args:
        encoder: on the CPU; it is run once, on (1, 3, s, s).
        side: s.
        backend: what will read it, for the error.

    Raises:
        PromptsegError: a package that writes ONNX files is not installed.
    """
    for name in ("onnx", "onnxscript"):
        package(name, backend)
    folder = FOLDER / _digest(encoder, side)
    with _alone():
        if not folder.is_dir():
            logger.info("Exporting %s to ONNX, once.", type(encoder).__name__)
            with atomic(folder) as temporary:
                temporary.mkdir()
                _export(encoder, side, temporary / _NAME)
    return folder / _NAME


def quantized(path: Path) -> Path:
    """Of an exported file one beside it whose matrix products ONNX Runtime computes in int8.

    Weights have a scale for each output, inputs one that is found while it runs.
    """
    folder = path.parent.with_name(f"{path.parent.name}.int8")
    with _alone():
        if not folder.is_dir():
            quantization = package("onnxruntime.quantization", "onnxruntime")
            with atomic(folder) as temporary:
                temporary.mkdir()
                quantization.quantize_dynamic(
                    path,
                    temporary / _NAME,
                    per_channel=True,
                    weight_type=quantization.QuantType.QInt8,
                    op_types_to_quantize=["MatMul", "Gemm"],
                    use_external_data_format=True,
                )
    return folder / _NAME


def _export(encoder: nn.Module, side: int, path: Path) -> None:
    example = torch.zeros(1, 3, side, side)
    with redirect_stdout(sys.stderr):  # it reports its progress
        torch.onnx.export(encoder.eval(), (example,), path, input_names=["image"], dynamo=True, verbose=False)


def _digest(encoder: nn.Module, side: int) -> str:
    """Of all that the file depends on: weights, the code of each layer, and the versions of what writes it."""
    found = hashlib.sha256(f"{encoder} {side} {[version(name) for name in ('torch', 'onnx', 'onnxscript')]}".encode())
    for file in sorted({inspect.getfile(type(part)) for part in encoder.modules()}):
        found.update(digest(file).encode())
    for name, value in encoder.state_dict().items():
        found.update(name.encode())
        found.update(value.contiguous().numpy())
    return found.hexdigest()[:32]


@contextmanager
def _alone() -> Iterator[None]:
    """Of jobs that want the same export the first makes it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
