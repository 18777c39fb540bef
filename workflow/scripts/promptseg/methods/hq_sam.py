"""HQ-SAM (Ke et al. 2023): SAM with a further output token, whose mask is added to one of SAM's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import safetensors.torch
import torch
from segment_anything import sam_model_registry
from segment_anything.modeling import Sam as SamModel
from torch import Tensor, nn

from promptseg.methods.base import Query, Settings
from promptseg.methods.mobile_sam import MobileSam
from promptseg.methods.networks.hq_decoder import HqDecoder, HqEncoder, HqMaskDecoder, HqTokens
from promptseg.methods.sam import Embedding, Sam

# Channels of the encoder's early map.
_EARLY = {"vit_b": 768, "vit_l": 1024, "vit_h": 1280, "vit_tiny": 160}


@dataclass(frozen=True)
class HqEmbedding(Embedding):
    """An encoded image.

    Attributes:
        tokens: what the decoder needs of it where no mask is fed back.
    """

    tokens: HqTokens


class HqSam(Sam):
    """HQ-SAM, which answers every prompt with one mask; `variant` is vit_b, vit_l, vit_h or vit_tiny.

    SAM's share in the mask is the best of its three by their predicted IoU, which is the mask's score, too. Where the
    authors' usage is asked for (`multimask` "official"), it is SAM's single mask, for all prompts: so do their demo and
    their evaluations. The option `hq_token_only` leaves SAM's share out.
    """

    variants = tuple(_EARLY)
    candidates = 1
    known_options = frozenset({"hq_token_only"})
    main_mask = "the best of SAM's 3 by predicted IoU, with HQ-SAM's added"
    exportable = ()
    decoder_class = HqDecoder
    decoder: HqDecoder

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.hq_token_only = bool(settings.options.get("hq_token_only", False))

    @classmethod
    def architecture(cls, variant: str) -> SamModel:
        cls._check(variant)
        network = MobileSam.architecture("vit_t") if variant == "vit_tiny" else sam_model_registry[variant]()
        network.mask_decoder = HqMaskDecoder(network.mask_decoder.transformer, _EARLY[variant])
        return network

    def encoding(self, encoder: nn.Module, dtype: torch.dtype) -> nn.Module:
        return HqEncoder(super().encoding(encoder, dtype))

    def multimask(self, query: Query) -> bool:
        return query.multimask == "always"

    def embedding(self, maps: Sequence[Tensor], pixels: np.ndarray) -> HqEmbedding:
        early, features = maps
        return self._detailed(features, self.decoder.details(early, features), pixels)

    def _detailed(self, features: Tensor, details: Tensor, pixels: np.ndarray) -> HqEmbedding:
        height, width = pixels.shape[:2]
        frame = self.frame((height, width), 4 * features.shape[-1])
        return HqEmbedding(features, self.decoder.detailed(features, details), frame)

    def pack(self, encoded: Embedding) -> bytes:
        assert isinstance(encoded, HqEmbedding)
        return safetensors.torch.save({"features": encoded.features, "details": encoded.tokens.details})

    @torch.inference_mode()
    def unpack(self, content: bytes, pixels: np.ndarray) -> HqEmbedding:
        tensors = {name: value.to(self.settings.device) for name, value in safetensors.torch.load(content).items()}
        return self._detailed(tensors["features"], tensors["details"], pixels)

    def _tokens(self, query: Query) -> HqTokens:
        image = query.image
        if query.previous is None:
            return image.tokens
        return self.decoder.detailed(image.features, image.tokens.details, query.previous[None, None])

    def low(self, queries: Sequence[Query], multimask: bool) -> tuple[Tensor, Tensor]:
        tokens = [self._tokens(query) for query in queries]
        return self.decoder(tokens, self._sparse(queries), multimask, self.hq_token_only)
