"""Segment Anything (Kirillov et al. 2023), with the weights and modules of the `segment_anything` package."""

from collections import ChainMap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import cv2
import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from segment_anything import sam_model_registry
from segment_anything.modeling import ImageEncoderViT
from segment_anything.modeling import Sam as SamModel
from segment_anything.utils.transforms import ResizeLongestSide
from torch import Tensor, nn

from promptseg.methods.backends.chosen import chosen_decoder, chosen_encoder, decoder_type
from promptseg.methods.base import Grid, Prompt, Proposals, Query, Settings
from promptseg.methods.frames import Frame, padded
from promptseg.methods.loading import check_variant
from promptseg.methods.networks.sam_decoder import Decoder, ImageTokens
from promptseg.methods.networks.sam_encoder import Encoder
from promptseg.methods.networks.sam_small import VARIANTS, ConvEncoder, small_sam
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.methods.promptable import Decoded, Encoding, Promptable
from promptseg.methods.proposals import propose

# Pixels of masks of the image's size that are made together.
MASK_PIXELS = 2**26


@dataclass(frozen=True)
class Embedding:
    """An encoded image.

    Attributes:
        features: (1, 256, 64, 64) float32 output of the image encoder; other sizes for other networks.
        tokens: what the decoder needs of it.
        frame: where the image lies in the network's input.
    """

    features: Tensor
    tokens: ImageTokens
    frame: Frame


class Sam(Encoding[SamModel]):
    """SAM with its three masks per prompt; `variant` is vit_h, vit_l, vit_b, or small, which is not a published one.

    `precision` and `backend` concern the image encoder, in which nearly all time is spent; on a processor bf16 the
    decoder as well, where it handles the image's tokens. Methods on SAM's network
    that prepare images in another way override `prepare` and `frame`, those with other networks `encoding` and
    `decoder_class`.

    Attributes:
        decoder_class: what decodes prompts.
    """

    encoder: nn.Module
    prompt_types = frozenset({"point", "box", "everything"})
    candidates = 3
    cacheable = True
    exportable: ClassVar[Collection[str]] = ("encoder", "decoder")
    variants: ClassVar[Collection[str]] = ChainMap(VARIANTS, sam_model_registry)
    decoder_class: ClassVar[type[Decoder]] = Decoder

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self._take(self.load())

    @classmethod
    def _check(cls, variant: str) -> None:
        check_variant(variant, cls.variants)

    @classmethod
    def architecture(cls, variant: str) -> SamModel:
        cls._check(variant)
        return small_sam(variant) if variant in VARIANTS else sam_model_registry[variant](checkpoint=None)

    @classmethod
    def input_size(cls, variant: str) -> int:
        cls._check(variant)
        return VARIANTS[variant]["image_size"] if variant in VARIANTS else 1024

    @classmethod
    def of_network(cls, model: SamModel, device: str) -> Self:
        """The method with a network that is in memory already."""
        method = cls.__new__(cls)
        Promptable.__init__(method, Settings(device=device))
        method._take(model.to(device).eval())
        return method

    def _take(self, model: SamModel) -> None:
        self.model, encoder, prompts = model, model.image_encoder, model.prompt_encoder
        self.take_side(int(encoder.img_size))
        height, width = map(int, prompts.image_embedding_size)
        embedding = (int(prompts.embed_dim), height, width)
        with torch.inference_mode():
            ours = partial(self.encoding, encoder)
            self.encoder = chosen_encoder(self.settings, encoder, ours, self.side, [embedding])
            self.decoder = self.decoder_class(self.model, decoder_type(self.settings))
        self.own_decoder = chosen_decoder(self.settings, embedding)
        if self.settings.compile:
            self.encoder.compile()
        self.resize = ResizeLongestSide(self.side)

    def encoding(self, encoder: nn.Module, dtype: torch.dtype) -> nn.Module:
        """What encodes prepared images, with the modules and weights of the network's encoder."""
        if isinstance(encoder, ImageEncoderViT):
            return Encoder(encoder, dtype)
        if isinstance(encoder, TinyViT | ConvEncoder):
            encoder.dtype = dtype
        return encoder

    def prepare(self, pixels: np.ndarray) -> Tensor:
        resized = self.resize.apply_image(pixels)
        # As `preprocess` of the package: the same bits in half the time, because bytes are turned, not numbers.
        channels = torch.stack([torch.from_numpy(channel) for channel in cv2.split(resized)]).to(self.settings.device)
        values = channels.float().sub_(self.model.pixel_mean).div_(self.model.pixel_std)
        height, width = values.shape[1:]
        beyond = self.side - width, self.side - height
        return (F.pad(values, (0, beyond[0], 0, beyond[1])) if any(beyond) else values)[None]

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        """Where an image of (h, w) pixels lies in the network's input, whose masks have `low` pixels a side.

        SAM upsamples its masks to the padded input, cuts the padding off and resizes to the image.
        """
        inside = self.resize.get_preprocess_shape(*size, self.side)
        return padded(size, inside, self.side, low, self.settings.device)

    def state_of(self, mask: np.ndarray) -> Tensor:
        height, width = mask.shape
        low = 4 * int(self.model.prompt_encoder.image_embedding_size[0])
        return self.frame((height, width), low).logits(mask, self.side)

    def embedding(self, maps: Sequence[Tensor], pixels: np.ndarray) -> Embedding:
        (features,), (height, width) = maps, pixels.shape[:2]
        return Embedding(features, self.decoder.prepare(features), self.frame((height, width), 4 * features.shape[-1]))

    def pack(self, encoded: Embedding) -> bytes:
        return safetensors.torch.save({"features": encoded.features})

    @torch.inference_mode()
    def unpack(self, content: bytes, pixels: np.ndarray) -> Embedding:
        features = safetensors.torch.load(content)["features"].to(self.settings.device)
        return self.embedding([features], pixels)

    @torch.inference_mode()
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterator[Decoded]:
        low, scores = self.low(queries, multimask)
        for query, masks, their_scores in zip(queries, low, scores, strict=True):
            yield Decoded(masks, query.image.frame, their_scores, masks)

    def low(self, queries: Sequence[Query], multimask: bool) -> tuple[Tensor, Tensor]:
        """(b, k, h', w') logits in the network's resolution and (b, k) predicted IoU of prompts that are alike."""
        if self.own_decoder:
            return self._low_of_file(queries, multimask)
        return self.decoder([self._tokens(query) for query in queries], self._sparse(queries), multimask)

    def _low_of_file(self, queries: Sequence[Query], multimask: bool) -> tuple[Tensor, Tensor]:
        assert self.own_decoder
        answers = [
            self.own_decoder(query.image.features, query.prompt, query.image.frame, query.previous, multimask)
            for query in queries
        ]
        masks, scores = zip(*answers, strict=True)
        return torch.stack(masks), torch.stack(scores)

    def _tokens(self, query: Query) -> ImageTokens:
        if query.previous is None:
            return query.image.tokens
        return self.decoder.prepare(query.image.features, query.previous[None, None])

    def _sparse(self, queries: Sequence[Query]) -> Tensor:
        """(b, t, c) embedded points and corners of boxes of prompts that are alike."""
        device, first = self.settings.device, queries[0].prompt
        points = boxes = None
        if len(first.points):
            scaled = np.stack([query.image.frame.scaled(query.prompt.points) for query in queries])
            labels = np.stack([query.prompt.labels for query in queries]).astype(np.int64)
            points = (torch.as_tensor(scaled, device=device), torch.as_tensor(labels, device=device))
        if first.box is not None:
            corners = [query.image.frame.scaled_box(query.prompt.box) for query in queries]
            boxes = torch.as_tensor(np.stack(corners), device=device)
        sparse, _ = self.model.prompt_encoder(points=points, boxes=boxes, masks=None)
        return sparse.expand(len(queries), -1, -1)  # of no points and no boxes there is one alone

    @torch.inference_mode()
    def everything(self, encoded: Embedding, pixels: np.ndarray, grid: Grid) -> Proposals:
        return propose(self._ask_points, self.encode, encoded, pixels, grid, self.model.mask_threshold)

    def _ask_points(
        self, image: Embedding, points: np.ndarray, together: int, least: float
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Full-size logits and predicted IoU of what lies at single points; see `proposals.AskPoints`."""
        device, frame = self.settings.device, image.frame
        scaled = torch.as_tensor(frame.scaled(points), device=device)
        labels = torch.ones(len(points), dtype=torch.int, device=device)
        at_once = max(1, MASK_PIXELS // (frame.size[0] * frame.size[1]))
        for some in torch.arange(len(points), device=device).split(min(together, self.batch)):
            if self.own_decoder:
                single = np.ones(1, np.int8)
                low, scores = self._low_of_file([Query(image, Prompt(points[i : i + 1], single)) for i in some], True)
            else:
                given = (scaled[some, None], labels[some, None])
                sparse, _ = self.model.prompt_encoder(points=given, boxes=None, masks=None)
                low, scores = self.decoder([image.tokens] * len(some), sparse)
            kept = scores > least
            for masks, their_scores in zip(low[kept].split(at_once), scores[kept].split(at_once), strict=True):
                yield frame.full(masks), their_scores
