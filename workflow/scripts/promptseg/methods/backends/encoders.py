"""Image encoders in files, in the place of those of a method."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from promptseg.core.errors import PromptsegError
from promptseg.methods.backends.sessions import Session


class FileEncoder(nn.Module):
    """An encoder in a file, one image at a time; its maps are found by their shapes.

    Args:
        session: a network with one input, (1, 3, s, s), images as the method prepares them.
        side: s.
        maps: shape of each map of an image that the method takes, in its order. In the file a map may also have its
            channels first, as is usual in ONNX. Further outputs are of no concern.

    Raises:
        PromptsegError: the network takes something else.
    """

    def __init__(self, session: Session, side: int, maps: Sequence[tuple[int, ...]]):
        super().__init__()
        self.session, self.maps = session, list(maps)
        wanted = (1, 3, side, side)
        shapes = list(session.inputs.values())
        if len(shapes) != 1 or not _fits(shapes[0], wanted):
            described = ", ".join(f"{name} {_text(shape)}" for name, shape in session.inputs.items())
            raise PromptsegError(
                f"{session.path} takes {described}, and the method gives one input of {_text(wanted)}: images that are "
                "resized, normalised and padded. Export the encoder alone, of this variant (docs/backends.md)."
            )
        (self._input,) = session.inputs

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """(b, 3, s, s) float32 images -> each map, (b, ...) float32."""
        found = [self._encoded(image) for image in x.split(1)]
        together = [torch.cat(maps) for maps in zip(*found, strict=True)]
        return together[0] if len(together) == 1 else tuple(together)

    def _encoded(self, image: Tensor) -> list[Tensor]:
        outputs = self.session.run({self._input: image.numpy()})
        values = {name: torch.from_numpy(value) for name, value in outputs.items()}
        return [self._map(values, shape) for shape in self.maps]

    def _map(self, outputs: dict[str, Tensor], shape: tuple[int, ...]) -> Tensor:
        channels_last = (shape[2], shape[0], shape[1])
        for value in outputs.values():
            if tuple(value.shape) == (1, *shape):
                return value
        for value in outputs.values():
            if tuple(value.shape) == (1, *channels_last):
                return value.permute(0, 2, 3, 1).contiguous()
        described = ", ".join(f"{name} {_text(value.shape)}" for name, value in outputs.items())
        raise PromptsegError(
            f"{self.session.path} gives {described}, and the method takes {_text((1, *shape))}. Export the encoder of "
            "this variant (docs/backends.md)."
        )


def _fits(shape: Sequence[int | None], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and all(
        size is None or size == other for size, other in zip(shape, wanted, strict=True)
    )


def _text(shape: Sequence[int | None]) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in shape)})"
