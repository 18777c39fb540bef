"""Networks, loaded with the weights of the settings; those of click models are built for their checkpoint."""

import typing
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Settings
from promptseg.methods.checkpoints import load_checkpoint, load_state_dict, load_strictly

Network = TypeVar("Network", bound=nn.Module)


class _NetworkClass(typing.Protocol):
    """A class of networks that can be built for a checkpoint."""

    def from_variant(self, name: str) -> nn.Module: ...

    def from_config(self, config: Mapping[str, Any]) -> nn.Module: ...


def check_variant(variant: str, known: Collection[str]) -> None:
    """Refuse a variant that is not among the known ones.

    Raises:
        PromptsegError: it is not.
    """
    if variant not in known:
        raise PromptsegError(f"There is no variant {variant!r}; `variant:` is one of {', '.join(known)}.")


def named_weights(settings: Settings) -> Path:
    """The file or folder of weights.

    Raises:
        PromptsegError: there is none.
    """
    if settings.weights is None:
        raise PromptsegError("The method needs weights. Say where they are by `checkpoint:` in its entry.")
    return settings.weights


def load_weights(
    network: Network,
    settings: Settings,
    translated: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] | None = None,
) -> Network:
    """The network with the weights of the settings, on their device, ready to predict.

    Args:
        translated: turns the names in the file, or folder, into those of the network.

    Raises:
        PromptsegError: there are no weights, they cannot be read, or do not fit the network in every tensor.
    """
    path = named_weights(settings)
    state_dict: Mapping[str, Tensor] = load_state_dict(path)
    load_strictly(network, translated(state_dict) if translated else state_dict, path)
    return network.to(settings.device).eval()


def load_network(network_class: _NetworkClass, variants: Collection[str], settings: Settings) -> Any:
    """The network of `settings.weights` on the device, ready to predict.

    What an official checkpoint says of its network decides, for other weights `settings.variant` does.

    Raises:
        PromptsegError: there are no weights, they are another network's, or not of the variant that `settings` names.
    """
    variant, path = settings.variant, named_weights(settings)
    if variant is not None:
        check_variant(variant, variants)
    checkpoint = load_checkpoint(path)
    with torch.device("meta"):  # initial weights, of no use here, would take longer than the real ones
        named = None if variant is None else network_class.from_variant(variant)
        network = named
        if checkpoint.config is not None:
            try:
                network = network_class.from_config(checkpoint.config)
            except PromptsegError as error:
                raise PromptsegError(f"{path}: {error}") from None
    if network is None:
        raise PromptsegError(
            f"{path} does not say which variant it is. Set `variant:` to one of {', '.join(variants)}."
        )
    if named is not None and _shapes(named) != _shapes(network):
        raise PromptsegError(
            f"{path} says of itself that it is another variant than {variant}. "
            "Correct `variant:` in the method's entry, or leave it out."
        )
    network.to_empty(device="cpu")
    load_strictly(network, checkpoint.state_dict, path)
    return network.to(settings.device).eval()


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}
