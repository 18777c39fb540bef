"""Prompt encoder and mask decoder of SAM 2 (Ravi et al. 2024, appendix D), with the names of its published weights.

They are SAM's with one more token, for "is the object here", and two finer maps of the image in the upscaling. The
modules of the `segment_anything` package hold the weights where names and shapes are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
from segment_anything.modeling.mask_decoder import MLP
from torch import Tensor, nn

from promptseg.methods.networks.sam_decoder import order_of_pixels
from promptseg.methods.networks.two_way import ImageTokens, TwoWay

# The single mask gives way to the best of the three where the IoU of the masks at logits of plus and minus OFFSET is
# below STABLE.
OFFSET, STABLE = 0.05, 0.98


class Sam2MaskDecoder(MaskDecoder):
    """The weights of the mask decoder."""

    def __init__(self, width: int = 256, heads: int = 8, hidden: int = 2048):
        transformer = TwoWayTransformer(depth=2, embedding_dim=width, num_heads=heads, mlp_dim=hidden)
        for layer in transformer.layers:
            layer.mlp = MLP(width, hidden, width, num_layers=2)  # the names of its weights are others than SAM's
        super().__init__(transformer_dim=width, transformer=transformer, iou_head_hidden_dim=width)
        self.obj_score_token = nn.Embedding(1, width)
        self.conv_s0 = nn.Conv2d(width, width // 8, 1)
        self.conv_s1 = nn.Conv2d(width, width // 4, 1)
        self.pred_obj_score_head = MLP(width, width, 1, 3)


@dataclass(frozen=True, eq=False)
class DecoderImage:
    """What the decoder needs of an image.

    Attributes:
        embedding: (1, c, h, w) map at 1/16 of the network's input, without that of a mask.
        tokens: of the embedding plus "no mask was given".
        fine: (4 n, c / 4) map at 1/8 behind `conv_s1`, in the order of the upscaling: 4 values for each of n tokens.
        finest: (16 n, c / 8) map at 1/4 behind `conv_s0`, in the order of the upscaling.
    """

    embedding: Tensor
    tokens: ImageTokens
    fine: Tensor
    finest: Tensor


@dataclass(frozen=True, eq=False)
class Decoding:
    """All that the decoder says to a batch of prompts.

    Attributes:
        low: (b, k, 4 h, 4 w) logits of the masks that were asked for.
        scores: (b, k) their predicted IoU.
        tokens: (b, k, c) what they were made from.
        presence: (b,) whether the object is there, as a logit.
    """

    low: Tensor
    scores: Tensor
    tokens: Tensor
    presence: Tensor


class Sam2Decoder(nn.Module):
    """Forward pass of prompt encoder and mask decoder for prompts of several images at once.

    Args:
        prompts, decoder: hold the weights, which are shared. The sizes of input and embedding are the prompt encoder's.
    """

    def __init__(self, prompts: PromptEncoder, decoder: MaskDecoder):
        super().__init__()
        self.prompts, self.decoder = prompts, decoder
        self.two_way = TwoWay(decoder.transformer, prompts.get_dense_pe()[0].flatten(1).t())
        first, norm, _, second, _ = decoder.output_upscaling
        self.norm = norm
        self.biases = [first.bias, second.bias]
        # A transposed convolution whose stride is its size is a matrix product that turns a pixel into 2 x 2.
        self.upscaling = [conv.weight.permute(0, 2, 3, 1).flatten(1).contiguous() for conv in (first, second)]
        self.order = order_of_pixels(prompts.image_embedding_size).to(norm.weight.device)

    def prepare(self, embedding: Tensor, fine: Tensor, finest: Tensor) -> DecoderImage:
        """What is computed once per image.

        Args:
            embedding: (1, c, h, w) float32.
            fine, finest: (2 h, 2 w, c / 4) and (4 h, 4 w, c / 8) float32 behind `conv_s1` and `conv_s0`.
        """
        dense = self.prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        fine = fine.unflatten(0, (-1, 2)).unflatten(2, (-1, 2)).permute(0, 2, 1, 3, 4)
        finest = finest.unflatten(0, (-1, 2, 2)).unflatten(3, (-1, 2, 2)).permute(0, 3, 1, 4, 2, 5, 6)
        return DecoderImage(
            embedding,
            self.two_way.prepare(embedding + dense),
            (fine + self.biases[0]).flatten(0, 3),
            (finest + self.biases[1]).flatten(0, 5),
        )

    def with_memory(self, image: DecoderImage, embeddings: Tensor) -> list[DecoderImage]:
        """An image for several objects, whose embedding holds what is known of each.

        Args:
            embeddings: (b, c, h, w) float32.
        """
        dense = self.prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        return [replace(image, embedding=one, tokens=self.two_way.prepare(one + dense)) for one in embeddings.split(1)]

    def unprompted(self, count: int) -> Tensor:
        """(count, 2, c) tokens of prompts without points: unlike `embed` of none, as in videos."""
        return self.prompts.not_a_point_embed.weight.expand(count, 2, -1)

    def embed(self, points: Tensor, labels: Tensor) -> Tensor:
        """Tokens of points and boxes.

        Args:
            points: (b, n, 2) float32 (x, y) in pixels of the network's input; the corners of a box come first.
            labels: (b, n) int64, 0 and 1 for points, 2 and 3 for the corners of a box.

        Returns:
            (b, n + 1, c): the last one says that no more points follow. None at all, (b, 0, c), where n = 0.
        """
        b, n, _ = points.shape
        end = self.prompts.not_a_point_embed.weight
        if not n:
            return end.new_zeros(b, 0, end.shape[-1])
        kinds = torch.cat([embedding.weight for embedding in self.prompts.point_embeddings])
        places = self.prompts.pe_layer.forward_with_coords(points + 0.5, self.prompts.input_image_size)
        return torch.cat([places + kinds[labels], end.expand(b, 1, -1)], dim=1)

    def forward(
        self,
        images: Sequence[DecoderImage],
        sparse: Tensor,
        masks: Tensor | None = None,
        slots: Sequence[int] = (1, 2, 3),
    ) -> tuple[Tensor, Tensor]:
        """(b, k, 4 h, 4 w) logits and (b, k) predicted IoU of masks, see `decode`."""
        decoding = self.decode(images, sparse, masks, slots)
        return decoding.low, decoding.scores

    def decode(
        self,
        images: Sequence[DecoderImage],
        sparse: Tensor,
        masks: Tensor | None = None,
        slots: Sequence[int] = (1, 2, 3),
    ) -> Decoding:
        """Masks of a batch of prompts.

        Args:
            images: of each prompt; prompts of the same image should follow one another.
            sparse: (b, t, c) tokens of points and boxes, see `embed`.
            masks: (b, 4 h, 4 w) logits that are part of each prompt.
            slots: which of the decoder's four masks: 0 is the single one, 1 to 3 are those for ambiguous prompts.
        """
        decoder = self.decoder
        special = torch.cat([decoder.obj_score_token.weight, decoder.iou_token.weight, decoder.mask_tokens.weight])
        points = torch.cat([special.expand(len(sparse), -1, -1), sparse], dim=1)
        seen = [image.tokens for image in images]
        if masks is not None:
            dense = self.prompts.mask_downscaling(masks[:, None])
            seen = [self.two_way.prepare(image.embedding + mask) for image, mask in zip(images, dense, strict=True)]
        tokens, upscaled = self.two_way(seen, points)
        hyper = torch.stack([decoder.output_hypernetworks_mlps[slot](tokens[:, 2 + slot]) for slot in slots], dim=1)
        scores = decoder.iou_prediction_head(tokens[:, 1]).sigmoid()[:, list(slots)]
        presence = decoder.pred_obj_score_head(tokens[:, 0])[:, 0]
        chosen = tokens[:, [2 + slot for slot in slots]]
        return Decoding(self._masks(images, upscaled, hyper), scores, chosen, presence)

    def _masks(self, images: Sequence[DecoderImage], tokens: Tensor, hyper: Tensor) -> Tensor:
        """(b, n, c) image tokens upscaled four times, times (b, k, c / 8) weights -> (b, k, 4 h, 4 w).

        Pixels are put into place only at the end, where they are few numbers.
        """
        low = []
        for image, one, weights in zip(images, tokens, hyper, strict=True):
            x = torch.addmm(image.fine.view(len(one), -1), one, self.upscaling[0]).view(len(image.fine), -1)
            x = F.gelu(F.layer_norm(x, x.shape[-1:], self.norm.weight, self.norm.bias, self.norm.eps))
            x = F.gelu(torch.addmm(image.finest.view(len(x), -1), x, self.upscaling[1])).view(len(image.finest), -1)
            low.append((weights @ x.t()).index_select(1, self.order))
        height, width = self.prompts.image_embedding_size
        return torch.stack(low).view(len(low), -1, 4 * height, 4 * width)


def stability(low: Tensor) -> Tensor:
    """(..., h, w) logits -> (...) IoU of the masks at logits of plus and minus `OFFSET`; 1 where both are empty."""
    inner, outer = ((low > edge).flatten(-2).sum(-1) for edge in (OFFSET, -OFFSET))
    return torch.where(outer > 0, inner / outer, 1.0)


def steady(low: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Which of the four masks answers a prompt that asks for one.

    Args:
        low: (b, 4, h, w) logits of slots 0 to 3.
        scores: (b, 4) their predicted IoU.

    Returns:
        (b,) int64, 0 or the one of 1 to 3 with the highest score where 0 is not stable, and (b,) the stability of 0.
    """
    stable = stability(low[:, 0])
    return torch.where(stable >= STABLE, 0, 1 + scores[:, 1:].argmax(-1)), stable
