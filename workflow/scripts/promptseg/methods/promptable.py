"""What SAM and its successors have in common: an image is encoded once, prompts are decoded from it in batches."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from promptseg.methods.base import Candidates, Method, Prompt, Query, Settings
from promptseg.methods.batching import batches
from promptseg.methods.confidence import confidence
from promptseg.methods.drawing import Drawing, Values
from promptseg.methods.frames import Frame
from promptseg.methods.loading import load_weights, named_weights

# Prompts decoded together. On a CPU larger batches do not pay; SAM's decoder holds about 60 MB per prompt.
BATCH = {"cpu": 8, "cuda": 64}
# Pixels of inputs that a GPU encodes together: 4 images of 1024 pixels a side, or 16 of 512. On a CPU several at once
# gain a sixth at 256 pixels a side and less at more, and the last bits would depend on an image's neighbours.
ENCODED_PIXELS = 2**22

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Decoded:
    """All that a network says to one prompt.

    Attributes:
        maps: (k, h', w') float32: what is brought to the image's size, see `values`.
        frame: where the image lies.
        scores: (k,) float32 predicted IoU, or None.
        low: (k, h', w') float32 logits in the network's resolution, as they would be fed back; None if they cannot.
        token: which of SAM 2's mask tokens the single mask comes from; None where there is no choice.
        stability: of the single mask of SAM 2, on which that choice depends.
        values: what `maps` are: where the authors' code gives probabilities, these; where it gives masks alone, these.
    """

    maps: Tensor
    frame: Frame
    scores: Tensor | None
    low: Tensor | None
    token: int | None = None
    stability: float | None = None
    values: Values = "logits"

    @property
    def logits(self) -> Tensor:
        """(k, h, w) float32: a pixel belongs to the mask above 0. Probabilities less 0.5, see `values`."""
        full = self.frame.full(self.maps)
        return full - 0.5 if self.values == "probabilities" else full

    def candidates(self, fed_back: bool, probabilities: bool = False) -> Candidates:
        """The masks, on the CPU; with states if they are `fed_back`, and with `probabilities` where they are known."""
        scores = None if self.scores is None else self.scores.float().cpu().numpy()
        states = list(self.low) if fed_back and self.low is not None else None
        if self.maps.device.type == "cpu" and bool(self.maps.sum().isfinite()):
            drawing: Any = Drawing(self.maps.float().numpy(), self.frame, self.values)
            if self.values == "masks":
                return Candidates(drawing.masks, scores, states)
            known = drawing.probabilities if probabilities else None
            return Candidates(drawing.masks, scores, states, drawing.stability, drawing.soft_dice, known)
        logits = self.logits
        masks = (logits > 0).cpu().numpy()
        if self.values == "masks":
            return Candidates(masks, scores, states)
        shares = logits.sigmoid() if self.values == "logits" else logits + 0.5
        found = confidence(shares)
        return Candidates(
            *(masks, scores, states, found.stability, found.soft_dice),
            shares.float().clamp(0, 1).cpu().numpy() if probabilities else None,
        )


def best(low: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Of (b, k, h', w') logits and their (b, k) predicted IoU the best of each prompt: (b, 1, h', w') and (b, 1)."""
    chosen = torch.arange(len(scores), device=scores.device), scores.argmax(1)
    return low[chosen][:, None], scores[chosen][:, None]


class Promptable(Method, Generic[Network]):
    """A network that takes points, boxes and masks: `encode` once per image, `decode` for its prompts.

    Attributes:
        batch: prompts decoded together at most.
    """

    mask_feedback = True
    takes_masks = True
    knows_probabilities = True
    known_options = frozenset()
    code_licence = "Apache-2.0, package `segment-anything-py` and ours"
    batch: int

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.batch = BATCH["cpu" if settings.device == "cpu" else "cuda"]
        if settings.device != "cpu":
            self.images_at_once = 16

    def load(self) -> Network:
        """The network of the settings on the device, with its weights, ready to predict.

        Raises:
            PromptsegError: there are no weights, there is no such variant, or the file does not fit it.
        """
        named_weights(self.settings)  # said before a large network is built
        network = cast(Network, self.architecture(self.settings.variant or ""))
        return load_weights(network, self.settings, self.translated)

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The entries of a published file by the names of `architecture`."""
        return state_dict

    def multimask(self, query: Query) -> bool:
        """Whether several masks are asked for: always, or as the authors do where the query says `official`.

        SAM's authors ask for three masks for a single click, which is ambiguous, and for one otherwise (the notebooks
        of `segment-anything` and `sam2`).
        """
        return query.multimask == "always" or (query.prompt.box is None and len(query.prompt.points) == 1)

    @abstractmethod
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterable[Decoded]:
        """Answers in order to queries that have equally many points, all or none a box, and all or none a mask."""

    @torch.inference_mode()
    def decoded(self, queries: Sequence[Query]) -> Iterator[tuple[int, Decoded]]:
        """Answers with the numbers of their queries, which may be mixed: those that are alike are decoded together."""
        for batch in batches(queries, self.batch, alike=self.multimask):
            yield from zip(batch.indices, self.decode(batch.queries, batch.key), strict=True)

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        asked = self.mask_feedback, self.settings.probabilities
        answers = {index: decoded.candidates(*asked) for index, decoded in self.decoded(queries)}
        return [answers[index] for index in range(len(queries))]

    @torch.inference_mode()
    def answer(self, image: Any, prompt: Prompt, multimask: bool = True, previous: Tensor | None = None) -> Decoded:
        """All that the network says to one prompt.

        Args:
            image: what `encode` returned.
            multimask: several masks, or the single one.
            previous: (h', w') float32 logits of a mask that is part of the prompt.
        """
        (decoded,) = self.decode([Query(image, prompt, previous)], multimask)
        return decoded


class Encoding(Promptable[Network]):
    """A network whose encoder takes images of one size, prepared as its authors do, several at once on a GPU.

    Attributes:
        encoder: turns (b, 3, s, s) float32 inputs into one map, or several, each with the images along its first axis.
        side: s, in pixels.
    """

    encoder: Callable[[Tensor], Tensor | Sequence[Tensor]]
    side: int

    @abstractmethod
    def prepare(self, pixels: np.ndarray) -> Tensor:
        """(h, w, 3) uint8 RGB -> (1, 3, s, s) float32, the network's input."""

    @abstractmethod
    def embedding(self, maps: Sequence[Tensor], pixels: np.ndarray) -> Any:
        """What `encode` returns for an image, of the maps that the encoder gives for it, (1, ...) each."""

    def take_side(self, side: int) -> None:
        """Note the side of the network's input, from which follows how many images are encoded at once."""
        self.side = side
        if self.settings.device != "cpu":
            self.encodes_at_once = max(1, min(self.images_at_once, ENCODED_PIXELS // side**2))

    def encode(self, pixels: np.ndarray) -> Any:
        return self._together([pixels])[0]

    def encode_all(self, pixels: Sequence[np.ndarray]) -> list[Any]:
        if type(self).encode is not Encoding.encode:  # a class of a user, say, that does more for an image
            return super().encode_all(pixels)
        try:
            return self._together(pixels)
        except torch.OutOfMemoryError:  # who asks does so again for fewer, and later images are as many from the start
            self.encodes_at_once = max(1, len(pixels) // 2)
            raise

    @torch.inference_mode()
    def _together(self, pixels: Sequence[np.ndarray]) -> list[Any]:
        inputs = [self.prepare(one) for one in pixels]
        if self.settings.compile:  # anew for each number of images, so let there be few
            inputs += inputs[-1:] * (2 ** (len(inputs) - 1).bit_length() - len(inputs))
        maps = self.encoder(torch.cat(inputs) if len(inputs) > 1 else inputs[0])  # a copy is dear
        levels = (maps,) if isinstance(maps, Tensor) else maps
        return [self.embedding([level[i : i + 1] for level in levels], one) for i, one in enumerate(pixels)]
