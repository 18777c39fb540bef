"""ScribblePrompt (Wong et al., ECCV 2024): a UNet and a SAM for clicks, boxes and scribbles on biomedical images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from promptseg.methods.base import Candidates, Method, Prompt, Query, Settings
from promptseg.methods.frames import Frame, stretched
from promptseg.methods.loading import check_variant
from promptseg.methods.networks.scribble_unet import ScribbleUnet
from promptseg.methods.promptable import Decoded, Promptable, best
from promptseg.methods.sam import Sam

SIDE = 128  # of the UNet's input


def spread_grey(pixels: np.ndarray) -> Tensor:
    """(h, w, 3) uint8 RGB -> (1, 1, h, w) float32 of the first channel, from 0 for its darkest pixel to 1.

    Both networks see grey images, whose channels are equal.
    """
    grey = torch.from_numpy(pixels[..., 0].astype(np.float32))
    low, high = grey.aminmax()
    return ((grey - low) / (high - low).clamp(min=1))[None, None]


@dataclass(frozen=True, kw_only=True)
class Scribbled(Prompt):
    """A prompt with scribbles as the authors give them, which may have soft edges.

    Attributes:
        maps: (2, h, w) float32 of the image's size, in 0..1: those on the object, and those on the background.
    """

    maps: np.ndarray


@dataclass(frozen=True)
class Canvas:
    """An image as the UNet takes it.

    Attributes:
        grey: (1, 128, 128) float32 in 0..1.
        frame: the image stretched to that square.
    """

    grey: Tensor
    frame: Frame


def _maps(prompt: Prompt, size: tuple[int, int]) -> np.ndarray:
    """(2, h, w) float32: the scribbles of a prompt in an image of (h, w) pixels, see `Scribbled`."""
    if isinstance(prompt, Scribbled):
        return prompt.maps
    return np.stack([prompt.scribbled(size, label) for label in (1, 0)]).astype(np.float32)


class ScribblePromptUnet(Promptable[ScribbleUnet]):
    """ScribblePrompt-UNet; `variant` is nf192_res128.

    Images are stretched to 128 x 128 pixels, as in the authors' demo, whose network was trained at this size. It draws
    prompts into planes beside the image: all of the network runs anew for each prompt, and `precision` does not concern
    it. It makes no estimate of IoU.
    """

    prompt_types = frozenset({"point", "box", "scribble"})
    code_licence = Method.code_licence
    variants = ("nf192_res128",)

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.network = self.load()
        if settings.compile:
            self.network.compile()

    @classmethod
    def architecture(cls, variant: str) -> ScribbleUnet:
        check_variant(variant, cls.variants)
        return ScribbleUnet(width=192)

    @classmethod
    def input_size(cls, variant: str) -> int:
        check_variant(variant, cls.variants)
        return SIDE

    def encode(self, pixels: np.ndarray) -> Canvas:
        grey = _resized(spread_grey(pixels).to(self.settings.device))[0]
        height, width = pixels.shape[:2]
        return Canvas(grey, stretched((height, width), SIDE, SIDE, self.settings.device))

    def state_of(self, mask: np.ndarray) -> Tensor:
        height, width = mask.shape
        return stretched((height, width), SIDE, SIDE, self.settings.device).logits(mask, SIDE)

    @staticmethod
    def scribbled(prompt: Prompt, scribbles: np.ndarray) -> Scribbled:
        """The prompt with scribbles, see `Scribbled`."""
        return Scribbled(prompt.points, prompt.labels, prompt.box, maps=scribbles)

    @torch.inference_mode()
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterator[Decoded]:  # noqa: ARG002 - there is one
        inputs = torch.stack([self._input(query) for query in queries])
        for query, low in zip(queries, self.network(inputs), strict=True):
            yield Decoded(low.sigmoid(), query.image.frame, None, low, values="probabilities")

    def _input(self, query: Query) -> Tensor:
        """(5, 128, 128) of the network: no previous mask is a mask of zeros, which is a probability of 0.5."""
        grey = query.image.grey
        previous = torch.zeros_like(grey) if query.previous is None else query.previous[None]
        return torch.cat([grey, self.planes(query), previous])

    def planes(self, query: Query) -> Tensor:
        """(3, 128, 128) float32: the box, which ends before its last row and column, clicks on and off the object.

        Coordinates are truncated. Of two clicks into one pixel the later counts, in both planes.
        """
        prompt, frame = query.prompt, query.image.frame
        planes = torch.zeros(3, SIDE, SIDE)
        if prompt.box is not None:
            x0, y0, x1, y1 = _truncated(prompt.box.reshape(2, 2), frame).ravel()
            planes[0, y0:y1, x0:x1] = 1
        for (x, y), label in zip(_truncated(prompt.points, frame), prompt.labels, strict=True):
            planes[1:, y, x] = torch.tensor([label == 1, label != 1], dtype=torch.float32)
        if isinstance(prompt, Scribbled) or prompt.scribbles:
            planes[1:] = (planes[1:] + _resized(torch.from_numpy(_maps(prompt, frame.size))[None])[0]).clamp(0, 1)
        return planes.to(self.settings.device)


def _resized(maps: Tensor) -> Tensor:
    """(1, c, h, w) -> (1, c, 128, 128), without antialiasing."""
    return F.interpolate(maps, (SIDE, SIDE), mode="bilinear", align_corners=False)


def _truncated(points: np.ndarray, frame: Frame) -> np.ndarray:
    """(n, 2) (x, y) pixels of an image -> int64 pixels of the input, in the single precision of the authors' code."""
    return (points.astype(np.float32) * np.array(frame.scale, np.float32)).astype(np.int64)


def _clicked(query: Query) -> Prompt:
    """The prompt with clicks in the place of scribbles: one on each pixel, those on the object first."""
    prompt = query.prompt
    on, off = (np.argwhere(prompt.scribbled(query.image.frame.size, label))[:, ::-1] for label in (1, 0))
    points = np.concatenate([prompt.points, on, off]).astype(np.int32)
    return Prompt(points, np.r_[prompt.labels, np.ones(len(on)), np.zeros(len(off))].astype(np.int8), prompt.box)


class ScribblePromptSam(Sam):
    """ScribblePrompt-SAM; `variant` is vit_b.

    Images are stretched to SAM's 1024 x 1024 pixels, although the published file is named after 128. The network always
    gives three masks; the one with the highest predicted IoU is the answer. A scribble is a click on each of its
    pixels.
    """

    prompt_types = frozenset({"point", "box", "scribble"})
    candidates = 1
    main_mask = "of 3 the one with the highest predicted IoU"
    variants = ("vit_b",)

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return super().predict(
            [replace(query, prompt=_clicked(query)) if query.prompt.scribbles else query for query in queries]
        )

    def prepare(self, pixels: np.ndarray) -> Tensor:
        grey = spread_grey(pixels).to(self.settings.device)
        resized = F.interpolate(grey, (self.side, self.side), mode="bilinear", align_corners=False)
        return self.model.preprocess(255 * resized.expand(-1, 3, -1, -1))

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        return stretched(size, self.side, low, self.settings.device, twice=True)

    def multimask(self, query: Query) -> bool:  # noqa: ARG002 - the same for all
        return True

    def low(self, queries: Sequence[Query], multimask: bool) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        return best(*super().low(queries, True))
