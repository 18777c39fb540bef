"""The image part of SAM 2 (Ravi et al. 2024) and of its descendants, with the names of the published weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from segment_anything.modeling import PromptEncoder
from torch import Tensor, nn

from promptseg.methods.networks.fpn import Neck
from promptseg.methods.networks.hiera import HIERA, Hiera, HieraSizes
from promptseg.methods.networks.repvit import RepVit, merge
from promptseg.methods.networks.sam2_decoder import Sam2MaskDecoder

# Beginnings of the names of what only videos use: memory of earlier frames, and pointers to objects in them.
VIDEO = (
    "maskmem_tpos_enc",
    "no_mem_pos_enc",
    "no_obj_ptr",
    "no_obj_embed_spatial",
    "mask_downsample.",
    "memory_attention.",
    "memory_encoder.",
    "obj_ptr_proj.",
    "obj_ptr_tpos_proj.",
    "spatial_perceiver.",
)


@dataclass(frozen=True)
class MemorySizes:
    """How much is remembered, and in which form.

    Attributes:
        width: channels of a memory.
        depth, hidden: of the memory attention.
        memories: frames whose maps are looked at, prompted ones counted as one: the last of them, in the direction of
            travel.
        pointers: frames whose pointers are looked at.
        prompted: of frames that were prompted, how many at most are looked at, the nearest ones; None for all.
        timed_pointers: whether pointers carry how far away they are (not in SAM 2 before 2.1).
        marked_absence: whether maps of frames without the object are marked as such (not in SAM 2 before 2.1).
        condensed: tokens of each of the two kinds that a perceiver makes of a map (EdgeTAM); 0 leaves maps as they are.
        clicked: what the authors make of a click on a frame that was tracked: it is "forgotten" by the next pass,
            "kept" as an ordinary memory (EdgeTAM, see `Track.kept`), or makes it a "prompted" frame (SAM 3).
        least: how good a frame that was not prompted must be to be looked at, see `Found.worth`; then the last good
            ones are, however far away. None for the last ones, good or not.
    """

    width: int = 64
    depth: int = 4
    hidden: int = 2048
    memories: int = 7
    pointers: int = 16
    prompted: int | None = None
    timed_pointers: bool = True
    marked_absence: bool = True
    condensed: int = 0
    clicked: Literal["forgotten", "kept", "prompted"] = "forgotten"
    least: float | None = None


@dataclass(frozen=True)
class Sam2Sizes:
    """What the variants differ in, and what they share.

    Attributes:
        input_size: side of the network's input.
        trunk: of the image encoder; None for EdgeTAM's RepViT.
        width: channels of the embedding.
        heads, hidden: of the decoder's attention, and of its MLP.
        memory: of other frames of a video.
    """

    input_size: int
    trunk: HieraSizes | None
    width: int = 256
    heads: int = 8
    hidden: int = 2048
    memory: MemorySizes = MemorySizes()


_MEMORY = {"sam2.1": MemorySizes(), "sam2": MemorySizes(timed_pointers=False, marked_absence=False)}
_EDGETAM = MemorySizes(depth=2, timed_pointers=False, marked_absence=False, condensed=256, clicked="kept")
VARIANTS = {
    **{
        f"{version}_hiera_{name}": Sam2Sizes(1024, sizes, memory=memory)
        for version, memory in _MEMORY.items()
        for name, sizes in HIERA.items()
    },
    "edgetam": Sam2Sizes(1024, None, memory=_EDGETAM),
    "medsam2_hiera_t512": Sam2Sizes(512, HIERA["tiny"]),
}


class _ImageEncoder(nn.Module):
    def __init__(self, trunk: Hiera | RepVit, width: int):
        super().__init__()
        self.trunk = trunk
        self.neck = Neck(trunk.widths, width)


class Sam2Net(nn.Module):
    """Holds the weights of the image part."""

    def __init__(self, sizes: Sam2Sizes):
        super().__init__()
        self.sizes = sizes
        trunk = RepVit() if sizes.trunk is None else Hiera(sizes.trunk)
        self.image_encoder = _ImageEncoder(trunk, sizes.width)
        grid, size = sizes.input_size // 16, sizes.input_size
        self.sam_prompt_encoder = PromptEncoder(sizes.width, (grid, grid), (size, size), mask_in_chans=16)
        self.sam_mask_decoder = Sam2MaskDecoder(sizes.width, sizes.heads, sizes.hidden)
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, sizes.width))


class Sam2Encoder(nn.Module):
    """Forward pass of the image encoder, up to all that the decoder takes from an image.

    Args:
        net: holds the weights, which are shared. In bfloat16 they are converted.
        dtype: of the matrix products, torch.float32 or torch.bfloat16.
        in_video: what is remembered of other images will be added to the embedding.
    """

    def __init__(self, net: Sam2Net, dtype: torch.dtype = torch.float32, *, in_video: bool = False):
        super().__init__()
        self.in_video = in_video
        encoder, decoder = net.image_encoder, net.sam_mask_decoder
        self.trunk, self.neck, self.no_memory = encoder.trunk, encoder.neck, net.no_mem_embed
        self.finest, self.fine = decoder.conv_s0, decoder.conv_s1
        if isinstance(self.trunk, RepVit) and dtype == torch.bfloat16:
            # Not in float32, where results should be those of the authors' code: with untrained weights the values of
            # this trunk grow to 1e5, and the decoder's attention makes 0.01 of a last bit there.
            merge(self.trunk)
        for module in encoder.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                module.to(dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings of normalised images.

        Args:
            x: (b, 3, s, s) float32.

        Returns:
            (b, c, s / 16, s / 16) embedding, (b, s / 8, s / 8, c / 4) and (b, s / 4, s / 4, c / 8) finer maps. The
            embedding says that there is no memory of other images, unless `in_video`.
        """
        finest, fine, embedding = self.neck(self.trunk(x))
        maps = self.fine(fine.float()), self.finest(finest.float())
        if not self.in_video:
            embedding = embedding + self.no_memory.reshape(1, -1, 1, 1)
        return embedding, *(level.permute(0, 2, 3, 1) for level in maps)


def image_part(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries of a published file that images use."""
    return {name: value for name, value in state.items() if not name.startswith(VIDEO)}
