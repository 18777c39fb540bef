"""The network of SAM-Med2D (Cheng et al. 2023, arXiv 2308.16184): SAM for 256 x 256 pixels with adapters.

Modules and names are those of the `segment_anything` package, plus an adapter in every block of the image encoder.
"""

from functools import partial

import torch
from segment_anything.modeling import ImageEncoderViT
from segment_anything.modeling import Sam as SamModel
from segment_anything.modeling.image_encoder import Block
from torch import Tensor, nn

from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.sam_encoder import Encoder

SIDE = 256
_PATCH = 16
_REDUCTION = 4  # of the channels inside of an adapter


class Adapter(nn.Module):
    """Adapter of a block: weights the channels by their means, then looks at the neighbourhood.

    The published configuration has no biases in it, and normalises with an epsilon of 1e-5 where the rest of the
    encoder has 1e-6.
    """

    def __init__(self, width: int):
        super().__init__()
        hidden = width // _REDUCTION
        self.norm = nn.LayerNorm(width)
        self.channel = nn.Sequential(
            nn.Linear(width, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, width, bias=False), nn.Sigmoid()
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(width, width, 3, 2, 1, bias=False),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, 2, 1, bias=False),
            nn.ReLU(),
        ).to(memory_format=torch.channels_last)  # what convolutions on a CPU want

    def forward(self, x: Tensor) -> Tensor:
        """(b, h, w, c), h and w even -> (b, h, w, c) float32."""
        weighted = self.channel(x.mean((1, 2)))[:, None, None] * x
        around = self.spatial(weighted.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.norm((x + around).float())


class AdaptedEncoder(Encoder):
    """SAM's image encoder whose blocks have an adapter beside their MLP."""

    def _mlp(self, block: Block, x: Tensor) -> Tensor:
        return super()._mlp(block, x) + block.Adapter(x)


def adapted_sam(width: int, depth: int, heads: int, everywhere: tuple[int, ...], side: int = SIDE) -> SamModel:
    """The network with weights yet to be loaded. `AdaptedEncoder` runs its encoder: the package's forward pass leaves
    the adapters out.

    Args:
        width, depth, heads: channels, blocks and attention heads of the image encoder.
        everywhere: numbers of the blocks with global attention; the others have windows of 14.
        side: of the square input in pixels.
    """
    encoder = ImageEncoderViT(
        img_size=side,
        patch_size=_PATCH,
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=14,
        global_attn_indexes=everywhere,
    )
    for block in encoder.blocks:
        block.Adapter = Adapter(width)
    return sam_around(encoder, side, side // _PATCH)
