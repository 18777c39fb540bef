"""What SAM 3 (Carion et al. 2025) needs to segment an object that was pointed at, with the names of the published file.

The file holds two models that share the image encoder: `detector` finds all objects of a name, `tracker` follows an
object that was pointed at. On a single image the tracker is SAM 2's prompt encoder and mask decoder behind it.
"""

from collections.abc import Mapping

import torch
from segment_anything.modeling import PromptEncoder
from segment_anything.modeling.common import MLPBlock
from torch import Tensor, nn

from promptseg.methods.networks.sam2_decoder import Sam2MaskDecoder
from promptseg.methods.networks.sam3_vit import Architecture, VisionBackbone

# Beginnings of the names of what other tasks use: the detector's text, its own pyramid, and its heads, and the coarsest
# level of the tracker's pyramid, which nobody looks at.
DETECTOR = (
    "detector.backbone.language_backbone.",
    "detector.backbone.vision_backbone.convs.",
    "detector.geometry_encoder.",
    "detector.transformer.",
    "detector.segmentation_head.",
    "detector.dot_prod_scoring.",
    "detector.backbone.vision_backbone.sam2_convs.3.",
)
# And those of what only videos use: memory of earlier frames, and pointers to objects in them.
VIDEO = (
    "tracker.maskmem_tpos_enc",
    "tracker.maskmem_backbone.",
    "tracker.mask_downsample.",
    "tracker.no_mem_pos_enc",
    "tracker.no_obj_ptr",
    "tracker.no_obj_embed_spatial",
    "tracker.obj_ptr_proj.",
    "tracker.obj_ptr_tpos_proj.",
    "tracker.transformer.",
)
# Endings of the names of tables of complex numbers, which `sam3_vit.rotary_angles` computes.
TABLES = ".attn.freqs_cis"


class Tracker(nn.Module):
    """Holds the weights of prompt encoder and mask decoder."""

    def __init__(self, sizes: Architecture):
        super().__init__()
        grid, side = (sizes.grid, sizes.grid), (sizes.image_size, sizes.image_size)
        self.sam_prompt_encoder = PromptEncoder(sizes.width, grid, side, mask_in_chans=16)
        self.sam_mask_decoder = Sam2MaskDecoder(sizes.width)
        for layer in self.sam_mask_decoder.transformer.layers:
            layer.mlp = MLPBlock(sizes.width, 2048, nn.ReLU)  # the names of its weights are SAM's again
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, sizes.width))


class Sam3Net(nn.Module):
    """Holds the weights."""

    def __init__(self, sizes: Architecture):
        super().__init__()
        self.sizes = sizes
        self.detector = nn.ModuleDict({"backbone": nn.ModuleDict({"vision_backbone": VisionBackbone(sizes)})})
        self.tracker = Tracker(sizes)


class Sam3Encoder(nn.Module):
    """Forward pass of the image encoder, up to all that the decoder takes from an image.

    Args:
        net: holds the weights, which are shared and, for bfloat16, converted.
        dtype: of the matrix products, torch.float32 or torch.bfloat16.
        in_video: what is remembered of other images will be added to the embedding.
    """

    def __init__(self, net: Sam3Net, dtype: torch.dtype = torch.float32, *, in_video: bool = False):
        super().__init__()
        self.in_video = in_video
        self.backbone = net.get_submodule("detector.backbone.vision_backbone")
        self.decoder, self.no_memory = net.tracker.sam_mask_decoder, net.tracker.no_mem_embed
        for module in self.backbone.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                module.to(dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings of normalised images.

        Args:
            x: (b, 3, s, s) float32.

        Returns:
            (b, c, n, n) embedding of n tokens a side, and (b, 2 n, 2 n, c / 4) and (b, 4 n, 4 n, c / 8) finer maps.
            The embedding says that there is no memory of other images, unless `in_video`.
        """
        finest, fine, embedding = self.backbone(x)
        fine, finest = self.decoder.conv_s1(fine), self.decoder.conv_s0(finest)
        if not self.in_video:
            embedding = embedding + self.no_memory.view(1, -1, 1, 1)
        return embedding, fine.permute(0, 2, 3, 1), finest.permute(0, 2, 3, 1)


def image_part(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries of the published file that `Sam3Net` has.

    Nothing but `DETECTOR`, `VIDEO` and the tables is left out: loading strictly finds whatever else is unknown or
    missing.
    """
    aside = (*DETECTOR, *VIDEO)
    return {name: value for name, value in state.items() if not name.startswith(aside) and not name.endswith(TABLES)}
