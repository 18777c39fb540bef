"""The network of a SAM with another image encoder."""

from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
from segment_anything.modeling import Sam as SamModel
from torch import nn


def sam_around(
    encoder: nn.Module, size: int, grid: int, width: int = 256, heads: int = 8, mlp_width: int = 2048
) -> SamModel:
    """The prompt encoder and the mask decoder of the `segment_anything` package behind an encoder, with new weights.

    Args:
        encoder: turns (b, 3, size, size) images into (b, width, grid, grid) embeddings, and has `img_size`.
        width: channels of embeddings, as `heads` and `mlp_width` SAM's own unless told otherwise.
    """
    transformer = TwoWayTransformer(depth=2, embedding_dim=width, num_heads=heads, mlp_dim=mlp_width)
    return SamModel(
        image_encoder=encoder,
        prompt_encoder=PromptEncoder(width, (grid, grid), (size, size), mask_in_chans=16),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=transformer,
            transformer_dim=width,
            iou_head_depth=3,
            iou_head_hidden_dim=width,
        ),
        # SAM's own
        pixel_mean=[123.675, 116.28, 103.53],
        pixel_std=[58.395, 57.12, 57.375],
    )
