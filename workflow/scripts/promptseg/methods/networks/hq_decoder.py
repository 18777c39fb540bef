"""HQ-SAM's additions to SAM's network (Ke et al. 2023): the modules of its mask decoder, and their forward pass.

One more output token gives one more mask, from the decoder's upscaled embedding mixed with details of the image: its
embedding and an early map of the encoder. The answer is that mask plus one of SAM's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from segment_anything.modeling import MaskDecoder, TwoWayTransformer
from segment_anything.modeling import Sam as SamModel
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.mask_decoder import MLP
from torch import Tensor, nn

from promptseg.methods.networks.sam_decoder import Decoder
from promptseg.methods.networks.sam_encoder import Encoder
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.methods.networks.two_way import ImageTokens

# Prompts whose additional masks are computed together. On a CPU the maps of one fill the cache.
TOGETHER = {"cpu": 1, "cuda": 64}


def _upsampling(inputs: int, between: int, outputs: int) -> nn.Sequential:
    """Four times as fine a map."""
    first, second = nn.ConvTranspose2d(inputs, between, 2, 2), nn.ConvTranspose2d(between, outputs, 2, 2)
    return nn.Sequential(first, LayerNorm2d(between), nn.GELU(), second)


class HqMaskDecoder(MaskDecoder):
    """The modules of the mask decoder, by the names of the published files.

    Args:
        transformer: of SAM's mask decoder.
        early_width: channels of the encoder's early map.
    """

    def __init__(self, transformer: TwoWayTransformer, early_width: int):
        width = transformer.embedding_dim
        super().__init__(
            transformer_dim=width,
            transformer=transformer,
            num_multimask_outputs=3,
            iou_head_depth=3,
            iou_head_hidden_dim=width,
        )
        thin = width // 8
        self.hf_token = nn.Embedding(1, width)
        self.hf_mlp = MLP(width, width, thin, 3)
        self.compress_vit_feat = _upsampling(early_width, width, thin)
        self.embedding_encoder = _upsampling(width, width // 4, thin)
        first, second = nn.Conv2d(thin, width // 4, 3, 1, 1), nn.Conv2d(width // 4, thin, 3, 1, 1)
        self.embedding_maskfeature = nn.Sequential(first, LayerNorm2d(width // 4), nn.GELU(), second)


class HqEncoder(nn.Module):
    """An image encoder, SAM's `Encoder` or `TinyViT`, that also hands out early tokens."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        assert isinstance(encoder, Encoder | TinyViT)
        self.encoder = encoder

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(b, 3, s, s) images -> (b, s / 16, s / 16, c') tokens, (b, c, s / 16, s / 16) embeddings."""
        return self.encoder.levels(x)


@dataclass(frozen=True, eq=False)
class HqTokens(ImageTokens):
    """With the image's details for the additional mask.

    Attributes:
        details: (16 n, c / 8) of the pixels of the upscaled map, row by row.
    """

    details: Tensor


class HqDecoder(Decoder):
    """The mask decoder for prompts of several images at once."""

    def __init__(self, sam: SamModel, dtype: torch.dtype = torch.float32):
        super().__init__(sam, dtype)
        assert isinstance(sam.mask_decoder, HqMaskDecoder)
        self.decoder: HqMaskDecoder = sam.mask_decoder
        self.special = torch.cat([self.special, self.decoder.hf_token.weight])

    def details(self, early: Tensor, features: Tensor) -> Tensor:
        """What `HqTokens` hold of an image.

        Args:
            early: (1, h, w, c') early tokens of the encoder.
            features: (1, c, h, w) its output.
        """
        decoder = self.decoder
        maps = decoder.embedding_encoder(features) + decoder.compress_vit_feat(early.permute(0, 3, 1, 2))
        return maps[0].flatten(1).t().contiguous()

    def detailed(self, features: Tensor, details: Tensor, mask: Tensor | None = None) -> HqTokens:
        """Tokens of one image; see `prepare` and `details`."""
        return HqTokens(**vars(self.prepare(features, mask)), details=details)

    def forward(
        self, images: Sequence[ImageTokens], sparse: Tensor, multimask: bool = True, hq_only: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The single mask of each of a batch of prompts.

        Args:
            images: `HqTokens` of each prompt; prompts of the same image should follow one another.
            sparse: (b, t, c) embedded points and boxes.
            multimask: SAM's share is the best of its masks for an ambiguous prompt by their predicted IoU, instead of
                its single one.
            hq_only: SAM has no share in the mask.

        Returns:
            (b, 1, 4 h, 4 w) logits and (b, 1) predicted IoU of SAM's mask.
        """
        decoder = self.decoder
        tokens, image = self.two_way(images, self._points(sparse))
        scores = decoder.iou_prediction_head(tokens[:, 0])
        chosen = 1 + scores[:, 1:].argmax(1) if multimask else scores.new_zeros(len(scores), dtype=torch.long)
        hyper = decoder.hf_mlp(tokens[:, 1 + decoder.num_mask_tokens])
        share = torch.zeros_like(hyper)
        if not hq_only:
            for index in chosen.unique().tolist():
                asked = chosen == index
                share[asked] = decoder.output_hypernetworks_mlps[index](tokens[asked, 1 + index])
        upscaled = self._upscaled(image).float()
        details = [cast(HqTokens, tokens).details for tokens in images]
        together = TOGETHER["cpu" if image.device.type == "cpu" else "cuda"]
        masks = []
        for start in range(0, len(image), together):
            some = slice(start, start + together)
            masks.append(self._hq_masks(upscaled[some], details[some], share[some], hyper[some]))
        return torch.cat(masks), scores.gather(1, chosen[:, None])

    def _hq_masks(self, upscaled: Tensor, details: Sequence[Tensor], share: Tensor, hyper: Tensor) -> Tensor:
        """(b, 1, 4 h, 4 w) logits.

        The last convolution of the additional mask's features is linear, as is their product with the token's weights:
        the convolution is done with the product of both, for a single channel instead of many.

        Args:
            upscaled: (b, 16 n, c / 8) pixels of the decoder's maps, yet to be put into place.
            details: see `HqTokens`, of each prompt.
            share, hyper: (b, c / 8) weights of SAM's mask and of the additional one.
        """
        layers: list[Any] = list(self.decoder.embedding_maskfeature)
        first, norm, _, second = layers
        batch, (height, width) = len(upscaled), self.prompts.image_embedding_size
        pixels = upscaled.view(batch, height, width, 2, 2, 2, 2, -1).permute(0, 1, 3, 5, 2, 4, 6, 7)
        pixels = pixels.reshape(batch, 4 * height, 4 * width, -1)  # channels stay last, all along
        hidden = first(pixels.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        hidden = F.gelu(F.layer_norm(hidden, hidden.shape[-1:], norm.weight, norm.bias, norm.eps))
        kernels = torch.tensordot(hyper, second.weight, 1).flip(2, 3).flatten(2)  # (b, c / 4, 9)
        spread = kernels.transpose(1, 2) @ hidden.flatten(1, 2).transpose(1, 2)
        masks = F.fold(spread, (4 * height, 4 * width), 3, padding=1)
        shares = torch.stack([one @ weights for one, weights in zip(details, hyper, strict=True)])
        shares = shares + (hyper @ second.bias)[:, None] + (pixels.flatten(1, 2) @ share[..., None])[..., 0]
        return masks + shares.view_as(masks)
