"""Weights of methods, loaded without running code that a file may hold."""

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from promptseg.core.errors import PromptsegError
from promptseg.core.files import is_page

_WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model")
_SAMPLE = 5  # names that an error lists


@dataclass(frozen=True)
class Checkpoint:
    """What a file of weights holds.

    Attributes:
        state_dict: tensors on the CPU, by name.
        config: the description of the network beside them, as the training code of RITM and its descendants writes it:
            `{"class": ..., "params": {name: {"type", "value", "specified"}}}`; None if there is none. Objects of
            foreign classes in it are inert.
    """

    state_dict: dict[str, Tensor]
    config: dict[str, Any] | None = None


class _Inert:
    """Stands in for a class or function that a checkpoint names and that is not here; it does and keeps nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def _plain(*args: object) -> dict[object, object]:  # noqa: ARG001 - what a missing key would give
    return {}


# What published files name beside their weights is replaced by what does nothing; PyTorch's restricted reader refuses
# any further name but those of tensors and plain containers.
# The training code of SimpleClick and CFR-ICL stores its loss, an object that holds a function, in the configuration;
# that of SAM-Med2D its optimizer, an object with dictionaries that have defaults.
_LOSS = "isegm.model.modeling.transformer_helper.cross_entropy_loss"
_TRAINING = (f"{_LOSS}.CrossEntropyLoss", f"{_LOSS}.cross_entropy", "torch.optim.adam.Adam")
# mmengine, with which UltraSam was trained, stores the history of the training: arrays, and the functions that average
# them, which are got with `getattr`.
_HISTORY = (
    "mmengine.logging.history_buffer.HistoryBuffer",
    "builtins.getattr",
    "numpy.ndarray",
    "numpy.dtype",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
)
_FOREIGN: list[Any] = [
    *((_Inert, name) for name in (*_TRAINING, *_HISTORY)),
    (_plain, "collections.defaultdict"),
    (dict, "builtins.dict"),
]


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a `.safetensors` file or a PyTorch checkpoint of either format, without running code from the file.

    A checkpoint may hold the tensors under `state_dict`, `model_state_dict`, `model_state` or `model`; what else is
    there, such as an optimiser's state, is left out. PyTorch's files since version 1.6 are mapped: their tensors are
    read from the disk when they are used.

    Raises:
        PromptsegError: the file cannot be read, names code, or holds no tensors by name.
    """
    content = _read(path)
    wrapped = [content[key] for key in _WRAPPERS if isinstance(content, dict) and isinstance(content.get(key), dict)]
    tensors = wrapped[0] if wrapped else content
    if not isinstance(tensors, dict) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in tensors.items()
    ):
        raise PromptsegError(
            f"{path} holds no tensors by name (a state dict), not even under {', '.join(_WRAPPERS)}. "
            "Name a file of weights."
        )
    config = content.get("config") if wrapped else None
    return Checkpoint(dict(tensors), config if isinstance(config, dict) else None)


def load_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights, see `load_checkpoint`; of a folder those of all its `.safetensors` files.

    Large networks are saved in parts, and `transformers` saves into a folder.

    Raises:
        PromptsegError: as `load_checkpoint`; the folder holds no such file, or two that both have a tensor.
    """
    if not path.is_dir():
        return load_checkpoint(path).state_dict
    tensors: dict[str, Tensor] = {}
    for part in sorted(path.glob("*.safetensors")):
        found = load_checkpoint(part).state_dict
        if twice := sorted(tensors.keys() & found.keys()):
            raise PromptsegError(f"{part} holds {twice[0]} again, as another file of {path} does. Name one file.")
        tensors |= found
    if not tensors:
        raise PromptsegError(f"{path} is a folder without `.safetensors` files. Name the file of weights in it.")
    return tensors


def _read(path: Path) -> Any:
    try:
        if is_page(path):
            raise PromptsegError(
                f"{path} is a web page, not a file of weights: the page that offers the file was saved in place of it. "
                "Delete it and get the file itself."
            )
        if path.suffix == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(_FOREIGN):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=_is_archive(path))
    except pickle.UnpicklingError as error:
        name = _refused_name(error)
        would = "would run code when it is loaded"
        what = f"names {name}, which is no part of plain weights and {would}" if name else f"is damaged, or {would}"
        raise PromptsegError(
            f"{path} is refused: it {what}. "
            "Nothing of it was run. Get the file from its publisher again, or convert it to safetensors where you "
            "trust it."
        ) from error
    except PromptsegError:
        raise
    except Exception as error:  # a damaged file can make the readers stumble in any way
        raise PromptsegError(
            f"{path} cannot be read as weights ({type(error).__name__}): it is damaged, incomplete, or no PyTorch or "
            "safetensors file. Delete it and get it again."
        ) from error


def _is_archive(path: Path) -> bool:
    """Whether PyTorch can map the file: it is of the format that it writes since version 1.6, a zip archive."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\3\4"


def _refused_name(error: pickle.UnpicklingError) -> str | None:
    """Which class or function of the file made PyTorch refuse it; None if its message does not tell.

    It does for what `torch.save` writes unasked, and does not for pickles of another protocol, which it never reads.
    """
    found = re.search(r"\bGLOBAL ([\w.<>]+)", str(error))
    if not found:
        return None
    return found[1] if "." in found[1] else f"builtins.{found[1]}"  # which PyTorch leaves out


def load_strictly(module: nn.Module, state_dict: Mapping[str, Tensor], path: Path) -> None:
    """Load the tensors into the module; `path` is where they come from, for the error.

    Raises:
        PromptsegError: a tensor is missing, is not known to the module, has another shape, or holds NaN or infinity.
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
    if broken := [key for key, value in state_dict.items() if not value.isfinite().all()]:
        raise PromptsegError(
            f"{path} holds NaN or infinite values, in {', '.join(broken[:_SAMPLE])}: it is damaged, or its training "
            "went astray. Get the file again, or take another one."
        )
    module.load_state_dict(state_dict, strict=True)
