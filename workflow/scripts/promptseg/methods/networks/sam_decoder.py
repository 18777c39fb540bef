"""Forward pass of Segment Anything's mask decoder on the modules and weights of the `segment_anything` package.

It computes what the package's own `forward` computes, up to rounding; see `two_way` for what differs.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from segment_anything.modeling import Sam as SamModel
from torch import Tensor, nn

from promptseg.methods.networks.two_way import ImageTokens, TwoWay


def order_of_pixels(size: tuple[int, int]) -> Tensor:
    """(16 h w,) int64: which pixels, in the order in which upscaling twice makes them of (h, w) tokens, come where."""
    made = torch.arange(16 * size[0] * size[1]).view(*size, 2, 2, 2, 2)
    return made.permute(0, 2, 4, 1, 3, 5).flatten()


class Decoder(nn.Module):
    """SAM's mask decoder (Kirillov et al. 2023, appendix A) for prompts of several images at once.

    Args:
        sam: holds the weights, which are shared.
        dtype: torch.float32 or torch.bfloat16: of upscaling, and of what other tokens see of an image's.
    """

    two_way_class: ClassVar[type[TwoWay]] = TwoWay

    def __init__(self, sam: SamModel, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.decoder, self.prompts = sam.mask_decoder, sam.prompt_encoder
        positions = self.prompts.get_dense_pe()[0].flatten(1).t()
        self.two_way = self.two_way_class(sam.mask_decoder.transformer, positions, dtype)
        first, self.norm, second = self._upscaling()
        self.special = torch.cat([self.decoder.iou_token.weight, self.decoder.mask_tokens.weight])
        self.upscaling = [
            (conv.weight.permute(2, 3, 1, 0).flatten(0, 2).to(dtype), conv.bias.repeat(4).to(dtype))
            for conv in (first, second)
        ]
        self.order = order_of_pixels(self.prompts.image_embedding_size).to(positions.device)

    def _upscaling(self) -> tuple[Any, Any, Any]:
        """Two transposed convolutions, and the normalisation between them."""
        first, norm, _, second, _ = self.decoder.output_upscaling
        return first, norm, second

    def _normalised(self, x: Tensor) -> Tensor:
        """(b, 4 n, c / 4) upscaled image tokens -> (b, 4 n, c / 4)."""
        return F.layer_norm(x, x.shape[-1:], self.norm.weight, self.norm.bias, self.norm.eps)

    def prepare(self, features: Tensor, mask: Tensor | None = None) -> ImageTokens:
        """Tokens of one image.

        Args:
            features: (1, c, h, w) output of the encoder.
            mask: (1, 1, 4 h, 4 w) logits of a mask that is part of the prompt.
        """
        dense = self.prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        if mask is not None:
            dense = self.prompts.mask_downscaling(mask)
        return self.two_way.prepare(features + dense)

    def forward(self, images: Sequence[ImageTokens], sparse: Tensor, multimask: bool = True) -> tuple[Tensor, Tensor]:
        """Masks of a batch of prompts.

        Args:
            images: of each prompt; prompts of the same image should follow one another.
            sparse: (b, t, c) embedded points and boxes.
            multimask: the three masks for an ambiguous prompt, or the single one.

        Returns:
            (b, k, 4 h, 4 w) logits and (b, k) predicted IoU.
        """
        decoder = self.decoder
        tokens, image = self.two_way(images, self._points(sparse))
        chosen = list(range(1, decoder.num_mask_tokens)) if multimask else [0]
        hyper = torch.stack([decoder.output_hypernetworks_mlps[i](tokens[:, 1 + i]) for i in chosen], dim=2)
        at_once = 1 if image.device.type == "cpu" else len(image)  # what lies between is large, for the cache of a core
        parts = zip(image.split(at_once), hyper.split(at_once), strict=True)
        return torch.cat([self._masks(*part) for part in parts]), decoder.iou_prediction_head(tokens[:, 0])[:, chosen]

    def _points(self, sparse: Tensor) -> Tensor:
        """(b, t, c) embedded points and boxes, behind the decoder's own tokens."""
        return torch.cat([self.special.expand(len(sparse), -1, -1), sparse], dim=1)

    def _upscaled(self, image: Tensor) -> Tensor:
        """(b, n, c) image tokens upscaled four times, yet to be put into place: (b, 16 n, c / 8).

        A transposed convolution whose stride is its size is a matrix product that turns a pixel into 2 x 2.
        """
        (w1, b1), (w2, b2) = self.upscaling
        b = len(image)
        x = F.linear(image, w1, b1).view(b, -1, w1.shape[0] // 4)
        x = F.gelu(self._normalised(x))
        return F.gelu(F.linear(x, w2, b2)).view(b, -1, w2.shape[0] // 4)

    def _masks(self, image: Tensor, hyper: Tensor) -> Tensor:
        """(b, n, c) image tokens and (b, c / 8, k) float32 weights -> (b, k, 4 h, 4 w) float32 logits.

        Pixels are put into place only at the end, where they are few numbers.
        """
        height, width = self.prompts.image_embedding_size
        masks = torch.bmm(hyper.transpose(1, 2), self._upscaled(image).float().transpose(1, 2))
        return masks.flatten(0, 1).index_select(1, self.order).view(len(masks), -1, 4 * height, 4 * width)
