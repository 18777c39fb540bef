"""Which device a network runs on."""

from promptseg.errors import PromptsegError


def choose_device(wanted: str, can_use_gpu: bool = True) -> str:
    """`cpu` or `cuda` for the configuration's `device`.

    Args:
        wanted: auto, cpu or cuda; auto takes a GPU if there is one.
        can_use_gpu: whether the method can use one at all; if not, the answer is `cpu`.

    Raises:
        PromptsegError: cuda is wanted and there is none, whether the method could use it or not.
    """
    if wanted == "cpu" or (wanted == "auto" and not can_use_gpu):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda" if can_use_gpu else "cpu"
    if wanted == "cuda":
        build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        raise PromptsegError(
            f"device: cuda is configured, but PyTorch {torch.__version__} (built {build}) finds no GPU. "
            "Set device: auto or cpu, or install an NVIDIA driver and a PyTorch build with CUDA."
        )
    return "cpu"
