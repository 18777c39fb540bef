"""The image encoder, and the decoder, that the settings of a method ask for."""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from promptseg.core.errors import PromptsegError
from promptseg.methods.backends.decoders import FileDecoder
from promptseg.methods.backends.encoders import FileEncoder
from promptseg.methods.backends.exports import exported, quantized
from promptseg.methods.backends.int8 import in_int8
from promptseg.methods.backends.sessions import opened
from promptseg.methods.base import Settings
from promptseg.methods.devices import has_bf16
from promptseg.methods.networks.packed import pack


def chosen_encoder(
    settings: Settings,
    network: nn.Module,
    ours: Callable[[torch.dtype], nn.Module],
    side: int,
    maps: Sequence[tuple[int, ...]],
) -> nn.Module:
    """A module that turns (b, 3, s, s) float32 images into one map, or several.

    Args:
        network: what is exported for another back end.
        ours: makes the encoder of PyTorch, whose matrix products are of that type.
        side: s.
        maps: shape of each map of one image.

    Raises:
        PromptsegError: a package or the file of the user is missing, or the file holds another network.
    """
    backend, precision = settings.backend, settings.precision
    if "encoder" in settings.networks:
        return FileEncoder(opened(settings.networks["encoder"], backend, precision), side, maps)
    if backend == "torch":
        low = precision == "bf16" or (precision == "int8" and has_bf16(settings.device))
        encoder = ours(torch.bfloat16 if low else torch.float32)
        if precision == "int8":
            in_int8(encoder)
        elif low and settings.device == "cpu":
            pack(encoder)
        return encoder
    if (backend, precision) == ("onnxruntime", "bf16"):
        raise PromptsegError("onnxruntime computes in fp32 and int8. Choose one of them, or backend: openvino.")
    path = exported(network, side, backend)
    if (backend, precision) == ("onnxruntime", "int8"):
        path = quantized(path)
    return FileEncoder(opened(path, backend, precision), side, maps)


def decoder_type(settings: Settings) -> torch.dtype:
    """The type of what a decoder of PyTorch makes of an image's tokens: bfloat16 where a processor computes in it.

    On a GPU decoding is a small share of the time, and float32.
    """
    low = settings.precision == "bf16" and settings.device == "cpu" and has_bf16("cpu")
    return torch.bfloat16 if low else torch.float32


def chosen_decoder(settings: Settings, embedding: tuple[int, int, int]) -> FileDecoder | None:
    """The decoder in a file of the user; None where there is none.

    Args:
        embedding: (c, n, n) of an image.

    Raises:
        PromptsegError: as `chosen_encoder`.
    """
    if "decoder" not in settings.networks:
        return None
    return FileDecoder(opened(settings.networks["decoder"], settings.backend, settings.precision), embedding)
