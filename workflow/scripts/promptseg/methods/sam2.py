"""SAM 2 and SAM 2.1 (Ravi et al. 2024), EdgeTAM (Zhou et al. 2025) and MedSAM2 (Ma et al. 2025) on single images."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn
from torchvision.transforms.functional import normalize, resize

from promptseg.methods.backends.chosen import chosen_encoder
from promptseg.methods.base import Grid, Proposals, Query, Settings
from promptseg.methods.frames import Frame, stretched
from promptseg.methods.loading import check_variant
from promptseg.methods.networks.sam2 import VARIANTS, Sam2Encoder, Sam2Net, image_part
from promptseg.methods.networks.sam2_decoder import DecoderImage, Sam2Decoder, steady
from promptseg.methods.promptable import Decoded, Encoding
from promptseg.methods.proposals import propose

# Of ImageNet, for values from 0 to 1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# Logits of masks are fed back within these limits.
LIMIT = 32.0

# Pixels of masks of the image's size that are made together.
MASK_PIXELS = 2**26


@dataclass(frozen=True)
class Embedding:
    """An encoded image.

    Attributes:
        features: (1, c, n, n) float32 embedding.
        high_res: (c / 8, 4 n, 4 n) and (c / 4, 2 n, 2 n) float32 maps that the decoder adds while it upscales.
        decoding: what the decoder makes of these once per image.
        frame: where the image lies in the network's input.
    """

    features: Tensor
    high_res: tuple[Tensor, Tensor]
    decoding: DecoderImage
    frame: Frame


class Sam2(Encoding[Sam2Net]):
    """SAM 2 as its image predictor is used: the image fills a square input, whatever its aspect.

    The single mask gives way to the best of three where it is not stable, unless the option `dynamic_multimask` is
    false. `precision` and `backend` concern the image encoder. MedSAM2 was made for volumes, slice after slice as a
    video, and its authors have no script for 2-D images: the variant medsam2_hiera_t512 is run as SAM 2 is, at 512
    pixels. The options `video_size` and `corrections` concern volumes alone, see `Sam2Video`.
    """

    prompt_types = frozenset({"point", "box", "everything"})
    candidates = 3
    variants: ClassVar[Collection[str]] = VARIANTS
    known_options = frozenset({"dynamic_multimask", "video_size", "corrections"})
    tracker = "promptseg.methods.sam2_video:Sam2Video"
    cacheable = True
    exportable: ClassVar[Collection[str]] = ("encoder",)
    encoder: nn.Module

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.dynamic_multimask = bool(settings.options.get("dynamic_multimask", True))
        self._take(self.load())

    @classmethod
    def architecture(cls, variant: str) -> nn.Module:
        check_variant(variant, cls.variants)
        return Sam2Net(VARIANTS[variant])

    @classmethod
    def input_size(cls, variant: str) -> int:
        check_variant(variant, cls.variants)
        return VARIANTS[variant].input_size

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return image_part(state_dict)

    @torch.inference_mode()
    def _take(self, network: Sam2Net) -> None:
        self.take_side(network.sizes.input_size)
        (n, _), c = network.sam_prompt_encoder.image_embedding_size, network.sizes.width
        maps = [(c, n, n), (2 * n, 2 * n, c // 4), (4 * n, 4 * n, c // 8)]
        ours = partial(Sam2Encoder, network)
        self.encoder = chosen_encoder(self.settings, ours(torch.float32), ours, self.side, maps)
        self.decoder = Sam2Decoder(network.sam_prompt_encoder, network.sam_mask_decoder)
        if self.settings.compile:
            self.encoder.compile()

    def prepare(self, pixels: np.ndarray) -> Tensor:
        image = torch.as_tensor(pixels, device=self.settings.device).permute(2, 0, 1).contiguous().float() / 255
        return normalize(resize(image, [self.side, self.side], antialias=True), MEAN, STD)[None]

    def state_of(self, mask: np.ndarray) -> Tensor:
        return self.frame(mask.shape[:2], 4 * int(self.decoder.prompts.image_embedding_size[0])).logits(mask, self.side)

    def frame(self, size: tuple[int, ...], low: int) -> Frame:
        """Where an image of (h, w) pixels lies in the network's input, whose masks have `low` pixels a side."""
        height, width = size
        return stretched((height, width), self.side, low, self.settings.device)

    def embedding(self, maps: Sequence[Tensor], pixels: np.ndarray) -> Embedding:
        features, fine, finest = maps
        return Embedding(
            features,
            (finest[0].permute(2, 0, 1), fine[0].permute(2, 0, 1)),
            self.decoder.prepare(features, fine[0], finest[0]),
            self.frame(pixels.shape[:2], 4 * features.shape[-1]),
        )

    def pack(self, encoded: Embedding) -> bytes:
        finest, fine = (level.permute(1, 2, 0)[None] for level in encoded.high_res)
        maps = {"features": encoded.features, "fine": fine, "finest": finest}
        return safetensors.torch.save({name: value.contiguous() for name, value in maps.items()})

    @torch.inference_mode()
    def unpack(self, content: bytes, pixels: np.ndarray) -> Embedding:
        maps = {name: value.to(self.settings.device) for name, value in safetensors.torch.load(content).items()}
        return self.embedding([maps["features"], maps["fine"], maps["finest"]], pixels)

    @torch.inference_mode()
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterator[Decoded]:
        images: list[Embedding] = [query.image for query in queries]
        fed = None if queries[0].previous is None else torch.stack([query.previous for query in queries])
        chooses = not multimask and self.dynamic_multimask
        slots = (1, 2, 3) if multimask else (0, 1, 2, 3) if chooses else (0,)
        low, scores = self.decoder([image.decoding for image in images], self._sparse(queries), fed, slots)
        tokens, stable = (
            [t.tolist() for t in steady(low, scores)] if chooses else ([None] * len(low), [None] * len(low))
        )
        for image, masks, their_scores, token, stability in zip(images, low, scores, tokens, stable, strict=True):
            if token is not None:
                masks, their_scores = masks[token, None], their_scores[token, None]
            fed = masks.clamp(-LIMIT, LIMIT)
            yield Decoded(self.shown(masks), image.frame, their_scores, fed, token, stability)

    def shown(self, low: Tensor) -> Tensor:
        """(k, h', w') logits of the network, as they are brought to the image's size."""
        return low

    def _sparse(self, queries: Sequence[Query]) -> Tensor:
        """(b, t, c) embedded corners of boxes and points of prompts that are alike."""
        points, labels = [], []
        for query in queries:
            prompt, frame = query.prompt, query.image.frame
            corners = np.zeros((0, 2), np.int32) if prompt.box is None else prompt.box.reshape(2, 2)
            points.append(frame.scaled(np.concatenate([corners, prompt.points])))
            labels.append(np.concatenate([np.arange(2, 2 + len(corners)), prompt.labels]))
        device = self.settings.device
        return self.decoder.embed(
            torch.as_tensor(np.stack(points), device=device), torch.as_tensor(np.stack(labels), device=device)
        )

    @torch.inference_mode()
    def everything(self, encoded: Embedding, pixels: np.ndarray, grid: Grid) -> Proposals:
        return propose(self._ask_points, self.encode, encoded, pixels, grid)

    def _ask_points(
        self, image: Embedding, points: np.ndarray, together: int, least: float
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Full-size logits and predicted IoU of what lies at single points; see `proposals.AskPoints`."""
        scaled = torch.as_tensor(image.frame.scaled(points), device=self.settings.device)[:, None]
        at_once = max(1, MASK_PIXELS // (image.frame.size[0] * image.frame.size[1]))
        for some in scaled.split(min(together, self.batch)):
            sparse = self.decoder.embed(some, torch.ones(len(some), 1, dtype=torch.int64, device=some.device))
            low, scores = self.decoder([image.decoding] * len(some), sparse)
            kept = scores > least
            for masks, their_scores in zip(low[kept].split(at_once), scores[kept].split(at_once), strict=True):
                yield image.frame.full(self.shown(masks)), their_scores
