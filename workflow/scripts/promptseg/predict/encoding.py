"""What computes the image encoder of a method: what its entry and the run ask for, as far as its class can."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.methods import named_class
from promptseg.methods.devices import choose_device

logger = logging.getLogger(__name__)

AS_EXPORTED = "as exported"


@dataclass(frozen=True)
class Computing:
    """How networks compute in a job.

    Attributes:
        device, backend, precision, compile: as in the configuration.
        threads: of PyTorch on the CPU.
        gpu_mb: memory of a GPU that has to be free for the method.
    """

    device: str = "auto"
    backend: str = "torch"
    precision: str = "fp32"
    compile: bool = False
    threads: int = 1
    gpu_mb: float = 0


def encoding(entry: Mapping[str, Any], computing: Computing) -> tuple[str, str, Mapping[str, Path]]:
    """Backend, precision and networks of the user's own, as in `Settings`.

    What the run asks for in vain is said in the log; what the entry does is refused before, see `entry_problems`.

    Args:
        entry: of the method in the configuration.
    """
    networks = {part: Path(file) for part, file in entry.get("networks", {}).items()}
    if networks:
        wanted = computing.backend
        if wanted == "torch":  # what the format was made for
            wanted = "openvino" if any(file.suffix == ".xml" for file in networks.values()) else "onnxruntime"
        return wanted, AS_EXPORTED, networks
    backend, precision = computing.backend, computing.precision
    if backend == "torch" and precision != "int8":
        return backend, precision, networks
    found = named_class(entry["adapter"])
    if "encoder" in getattr(found, "exportable", ()):
        return backend, precision, networks
    ours = "fp32" if precision == "int8" else precision
    logger.warning("%s computes by PyTorch in %s: nothing else can.", found.__name__, ours)
    return "torch", ours, networks


def device_of(entry: Mapping[str, Any], wanted: str, backend: str, precision: str) -> str:
    """`cpu` or `cuda`: other back ends than PyTorch, and int8, compute on the processor.

    Args:
        entry: of the method in the configuration.
        wanted: the configuration's `device`.
        backend, precision: see `encoding`.

    Raises:
        PromptsegError: see `choose_device`.
    """
    return choose_device(wanted, entry["gpu"] and backend == "torch" and precision != "int8")
