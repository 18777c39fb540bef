"""What SAM 2 (Ravi et al. 2024) needs to follow an object through a video, with the names of the published weights.

What is found in a frame is remembered twice: as a map, `MemoryEncoder`, and as a vector, the object pointer. The next
frames look at both, see `memory_attention`.
"""

import torch
import torch.nn.functional as F
from segment_anything.modeling import MaskDecoder, PromptEncoder
from segment_anything.modeling.common import LayerNorm2d
from segment_anything.modeling.mask_decoder import MLP
from torch import Tensor, nn

from promptseg.methods.networks.memory_attention import MemoryAttention, sine_positions
from promptseg.methods.networks.perceiver import Perceiver
from promptseg.methods.networks.sam2 import MemorySizes, Sam2Net, Sam2Sizes

# Probabilities of a mask are spread to these limits before they are remembered.
_SPREAD = (-10.0, 10.0)


class _MaskDownsampler(nn.Module):
    """A mask at the size of the input to the channels of an image's tokens: four steps by 2."""

    def __init__(self, width: int):
        super().__init__()
        steps: list[nn.Module] = []
        for step in range(4):
            steps += [nn.Conv2d(4**step, 4 ** (step + 1), 3, 2, 1), LayerNorm2d(4 ** (step + 1)), nn.GELU()]
        self.encoder = nn.Sequential(*steps, nn.Conv2d(256, width, 1))


class _Block(nn.Module):
    """A block of ConvNeXt (Liu et al. 2022)."""

    def __init__(self, width: int):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = LayerNorm2d(width)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> the same."""
        y = self.dwconv(x).permute(0, 2, 3, 1)
        y = F.layer_norm(y, y.shape[-1:], self.norm.weight, self.norm.bias, self.norm.eps)
        y = self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class MemoryEncoder(nn.Module):
    """An image and the mask found in it, as a map with few channels.

    Args:
        width, out: channels of the image and of the map.
    """

    def __init__(self, width: int, out: int):
        super().__init__()
        self.mask_downsampler = _MaskDownsampler(width)
        self.pix_feat_proj = nn.Conv2d(width, width, 1)
        self.fuser = nn.ModuleDict({"layers": nn.ModuleList(_Block(width) for _ in range(2))})
        self.out_proj = nn.Conv2d(width, out, 1)

    def forward(self, projected: Tensor, masks: Tensor) -> Tensor:
        """Maps of several masks in one image.

        Args:
            projected: (1, c, n, n) float32, what `pix_feat_proj` makes of the image.
            masks: (b, 1, 16 n, 16 n) float32, see `_SPREAD`.

        Returns:
            (b, m, n, n) float32.
        """
        x = projected + self.mask_downsampler.encoder(masks)
        for block in self.fuser.get_submodule("layers").children():
            x = block(x)
        return self.out_proj(x)


class MemoryWeights(nn.Module):
    """Weights of memory beside those of the image part, but for those of memory encoder and attention, whose names
    differ from file to file."""

    sam_prompt_encoder: PromptEncoder
    sam_mask_decoder: MaskDecoder
    no_mem_embed: nn.Parameter

    def remember(self, width: int, memory: MemorySizes) -> None:
        """Make them.

        Args:
            width: channels of an image's embedding.
        """
        self.maskmem_tpos_enc = nn.Parameter(torch.zeros(memory.memories, 1, 1, memory.width))
        self.no_mem_pos_enc = nn.Parameter(torch.zeros(1, 1, width))  # of no use, and in the file
        self.no_obj_ptr = nn.Parameter(torch.zeros(1, width))
        self.mask_downsample = nn.Conv2d(1, 1, 4, 4)
        self.obj_ptr_proj = MLP(width, width, width, 3)
        if memory.marked_absence:
            self.no_obj_embed_spatial = nn.Parameter(torch.zeros(1, memory.width))
        if memory.timed_pointers:
            self.obj_ptr_tpos_proj = nn.Linear(width, memory.width)
        if memory.condensed:
            self.spatial_perceiver = Perceiver(memory.width, memory.condensed)


class Sam2VideoNet(Sam2Net, MemoryWeights):
    """Holds all weights of a published file."""

    def __init__(self, sizes: Sam2Sizes):
        super().__init__(sizes)
        memory = sizes.memory
        self.remember(sizes.width, memory)
        self.memory_attention = MemoryAttention(sizes.width, memory.width, memory.depth, memory.hidden)
        self.memory_encoder = MemoryEncoder(sizes.width, memory.width)


class Remembering(nn.Module):
    """Forward passes of what makes memories.

    Args:
        weights, encoder: hold the weights, which are shared.
        side: of the network's input.
        grid: tokens of a side of the image.
    """

    def __init__(self, weights: MemoryWeights, encoder: MemoryEncoder, sizes: MemorySizes, side: int, grid: int):
        super().__init__()
        self.sizes, self.side, self.mask_side = sizes, side, 16 * grid
        self.encoder, self.pointer, self.mask_prompt = encoder, weights.obj_ptr_proj, weights.mask_downsample
        self.no_pointer = weights.no_obj_ptr
        self.absence = weights.no_obj_embed_spatial if sizes.marked_absence else None
        self.pointer_time = weights.obj_ptr_tpos_proj if sizes.timed_pointers else None
        self.perceiver = weights.spatial_perceiver if sizes.condensed else None
        times = weights.maskmem_tpos_enc.flatten(1)  # in the order of distance; the last one is for prompted frames
        places = self.perceiver.places() if self.perceiver else sine_positions(grid, sizes.width).to(times.device)
        self.places = [places + time for time in times]

    def project(self, features: Tensor) -> Tensor:
        """What is computed once per image: (1, c, n, n) float32 embedding -> the same shape."""
        return self.encoder.pix_feat_proj(features)

    def maps(self, projected: Tensor, low: Tensor, present: Tensor, sure: bool) -> Tensor:
        """Memories of masks in one image.

        Args:
            projected: see `project`.
            low: (b, 4 n, 4 n) float32 logits of the masks.
            present: (b,) bool, whether the object is there.
            sure: whether the user showed the mask; it is remembered without its shades.

        Returns:
            (b, t, m) bfloat16, on every device, as the authors do: a token for each place of the map, or those of the
            perceiver.
        """
        full = F.interpolate(low[:, None], (self.side, self.side), mode="bilinear", align_corners=False)
        shades = (full > 0).float() if sure else full.sigmoid()
        spread = shades * (_SPREAD[1] - _SPREAD[0]) + _SPREAD[0]
        if self.mask_side != self.side:  # SAM 3, whose tokens are no 16 pixels wide
            spread = F.interpolate(spread, (self.mask_side, self.mask_side), mode="bilinear", antialias=True)
        maps = self.encoder(projected, spread)
        if self.perceiver is not None:
            return self.perceiver(maps).to(torch.bfloat16)
        maps = maps.flatten(2).transpose(1, 2)
        if self.absence is not None:
            maps = maps + torch.where(present[:, None, None], 0.0, self.absence)
        return maps.to(torch.bfloat16)

    def pointers(self, tokens: Tensor, present: Tensor) -> Tensor:
        """(b, c) tokens of the decoder's masks, (b,) bool whether the object is there -> (b, c) object pointers."""
        return torch.where(present[:, None], self.pointer(tokens), self.no_pointer)

    def pointer_places(self, distances: Tensor, longest: int) -> Tensor:
        """(p,) distances in frames, the longest that there may be -> (p, m) float32 codes."""
        if self.pointer_time is None:
            return torch.zeros(len(distances), self.sizes.width, device=distances.device)
        half = self.pointer_time.in_features // 2
        steps = torch.div(torch.arange(half, device=distances.device), 2, rounding_mode="floor").float()
        angles = (distances / longest)[:, None] / 10_000 ** (2 * steps / half)
        return self.pointer_time(torch.cat([angles.sin(), angles.cos()], dim=-1))
