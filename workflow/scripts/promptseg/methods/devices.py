"""Which device a network runs on, and how its memory is handled."""

import ctypes
import platform
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from promptseg.core.errors import PromptsegError

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
