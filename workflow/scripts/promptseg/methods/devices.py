"""Which device a network runs on, and how its memory is handled."""

import ctypes
import platform
import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Settings

_CUDA_MB = 500  # taken by CUDA itself, once a process asks it anything (tests/benchmarks/costs.py)
# Parameters of mallopt(3).
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> None:
    """Let the C library keep memory that is freed instead of returning it to the system at once.

    With glibc's defaults every large temporary of a network is mapped and unmapped again, and the system clears its
    pages each time: half of the time of SAM's encoder on a CPU. Other C libraries are left as they are.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, -1)  # never
        libc.mallopt(_M_TOP_PAD, 2**28)


def choose_device(wanted: str, can_use_gpu: bool = True) -> str:
    """`cpu` or `cuda` for the configuration's `device`.

    Args:
        wanted: auto, cpu or cuda; auto takes a GPU if there is one.
        can_use_gpu: whether the method can use one at all; if not, the answer is `cpu`, whatever is wanted.

    Raises:
        PromptsegError: cuda is wanted and there is none.
    """
    if wanted == "cpu" or not can_use_gpu:
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        raise PromptsegError(
            f"device: cuda is configured, but PyTorch {torch.__version__} (built {build}) finds no GPU. "
            "Set device: auto or cpu, or install an NVIDIA driver and a PyTorch build with CUDA."
        )
    return "cpu"


def autocast(device: str, precision: str) -> AbstractContextManager[Any]:
    """What a network runs in: PyTorch's mixed precision on the device for "bf16", nothing for "fp32".

    `with torch.inference_mode(), autocast(settings.device, settings.precision):` and the network inside.
    """
    import torch

    return torch.autocast(device, dtype=torch.bfloat16) if precision == "bf16" else nullcontext()


def has_bf16(device: str) -> bool:
    """Whether a device computes in bfloat16 itself; a CPU without such instructions is a hundred times slower in it."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported()
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def device_name(device: str) -> str:
    """The name of the GPU; that of the kind of processor on the CPU."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name())
    return platform.machine()


# What CUDA and its libraries say; a method may also ask a server elsewhere.
_ALLOCATION = re.compile(r"CUDA (error: )?out of memory|(CUDNN|CUBLAS|CUSOLVER)_STATUS_ALLOC_FAILED")


def gpu_memory_lacking(error: BaseException) -> str | None:
    """What to change where an error means that the memory of a GPU did not suffice; None for other errors."""
    if type(error).__name__ == "OutOfMemoryError" or _ALLOCATION.search(str(error)):
        return f"The memory of the GPU ran out. {_advice()}"
    return None


def _advice() -> str:
    import torch

    advice = (
        "Choose `precision: bf16` or a smaller variant, one job at a time (`--resources gpu=1`), another card "
        "(CUDA_VISIBLE_DEVICES), or `device: cpu` (docs/gpus.md), and run again."
    )
    try:
        free, total = torch.cuda.mem_get_info()
        held = torch.cuda.memory_reserved()
    except (RuntimeError, AssertionError):  # a card so full that it cannot be asked, or none here
        return advice
    return f"{device_name('cuda')} has {_gb(total)}; this job holds {_gb(held)}, and {_gb(free)} are free. {advice}"


def require_memory(method: str, settings: Settings, gpu_mb: float) -> None:
    """Look at the free memory of the GPU before a method is loaded.

    Args:
        gpu_mb: what it needs in fp32, CUDA included. In bf16 half of what is no weights is enough.

    Raises:
        PromptsegError: less is free.
    """
    if settings.device != "cuda":
        return
    import torch

    needed = (gpu_mb - _CUDA_MB) * 2**20
    if settings.precision == "bf16" and settings.weights and settings.weights.is_file():
        needed -= max(0.0, needed - settings.weights.stat().st_size) / 2
    try:
        free = torch.cuda.mem_get_info()[0]
    except RuntimeError as error:
        if lacking := gpu_memory_lacking(error):
            raise PromptsegError(f"{method} cannot start. {lacking}") from error
        raise
    if free < needed:
        raise PromptsegError(f"{method} needs about {_gb(needed)} of a GPU's memory. {_advice()}")


def _gb(size: float) -> str:
    return f"{size / 2**30:.1f} GB"
