"""Weights of methods: fetched, found, and loaded without running code that a file may hold."""

import pickle
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from promptseg.errors import PromptsegError
from promptseg.transfer import Checksum, download

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_SAMPLE = 5  # names that an error lists


def fetch_weights(name: str, checkpoint: Mapping[str, Any], target: Path) -> None:
    """Fetch the weights of the method `name`, checked against the checksum of the entry.

    Raises:
        PromptsegError: they cannot be fetched, or are not the file that the entry describes.
    """
    try:
        download(checkpoint["url"], target, checksum=Checksum.from_mapping(checkpoint), size=checkpoint.get("bytes"))
    except PromptsegError as error:
        raise PromptsegError(f"Weights of {name}: {error} {_own_file(name)}") from None


def _own_file(name: str) -> str:
    return f"To use a file of your own, set `methods: {{{name}: {{checkpoint: {{path: ...}}}}}}` in your configuration."


class _Inert:
    """Stands in for a class or function that a checkpoint names and that is not here; it does nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass


# The training code of SimpleClick and CFR-ICL stores its loss object beside the weights. It is replaced by `_Inert`;
# the name of any other class or function makes the file unacceptable.
_FOREIGN = ("isegm.",)


def _torch_load(path: Path) -> Any:
    names: list[str] = []
    with suppress(ValueError):  # a file in PyTorch's old format, whose names cannot be listed
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    inert: list[Any] = [(_Inert, name) for name in names if name.startswith(_FOREIGN)]
    with torch.serialization.safe_globals(inert):
        return torch.load(path, map_location="cpu", weights_only=True)


def load_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` file or of a PyTorch checkpoint, on the CPU, without running code from the file.

    A checkpoint may hold the tensors under `state_dict`, `model_state_dict` or `model`.

    Raises:
        PromptsegError: the file cannot be read, names code, or holds no tensors by name.
    """
    try:
        content = load_file(path) if path.suffix == ".safetensors" else _torch_load(path)
    except pickle.UnpicklingError as error:
        raise PromptsegError(
            f"{path} is no file of plain tensors: it is damaged, or would run code when it is loaded, and is refused. "
            "Get it from its publisher again, or convert it to safetensors where you trust it."
        ) from error
    except Exception as error:  # a damaged file can make the readers stumble in any way
        raise PromptsegError(
            f"{path} cannot be read as weights ({type(error).__name__}): it is damaged, incomplete, or no PyTorch or "
            "safetensors file. Delete it and get it again."
        ) from error
    wrapped = [content[key] for key in _WRAPPERS if isinstance(content, dict) and isinstance(content.get(key), dict)]
    tensors = wrapped[0] if wrapped else content
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise PromptsegError(
            f"{path} holds no tensors by name (a state dict), not even under {', '.join(_WRAPPERS)}. "
            "Name a file of weights."
        )
    return tensors


def load_strictly(module: nn.Module, state_dict: Mapping[str, Tensor], path: Path) -> None:
    """Load the tensors into the module; `path` is where they come from, for the error.

    Raises:
        PromptsegError: a tensor is missing, is not known to the module, or has another shape.
    """
    own = module.state_dict()
    lists = {
        "missing": [key for key in own if key not in state_dict],
        "unexpected": [key for key in state_dict if key not in own],
        "of another shape": [
            f"{key} {tuple(state_dict[key].shape)} instead of {tuple(own[key].shape)}"
            for key in own
            if key in state_dict and state_dict[key].shape != own[key].shape
        ],
    }
    problems = [
        f"{len(keys)} {problem}: {', '.join(keys[:_SAMPLE])}{', ...' if len(keys) > _SAMPLE else ''}"
        for problem, keys in lists.items()
        if keys
    ]
    if problems:
        raise PromptsegError(
            f"{path} does not fit the network {type(module).__name__}: {'; '.join(problems)}. "
            "Check the variant and the checkpoint of the method in the configuration."
        )
    module.load_state_dict(state_dict, strict=True)
