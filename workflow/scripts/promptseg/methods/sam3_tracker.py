"""SAM 3's tracker (Carion et al. 2025) on the slices of a volume, for several objects at once."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from promptseg.methods.networks.sam2_decoder import DecoderImage
from promptseg.methods.networks.sam3 import Sam3Encoder
from promptseg.methods.networks.sam3_memory import Sam3VideoNet
from promptseg.methods.sam2_tracker import Sam2Tracker, View
from promptseg.methods.tracks import Found, Track

# Logits of a shown mask.
_SHOWN = 1024.0


class Sam3Tracker(Sam2Tracker):
    """Finds objects in slices, and remembers them, as the authors' `Sam3TrackerPredictor` does for one object.

    Unlike SAM 2 it looks at the last slices in which it is sure of the object, however far away, and at four prompted
    ones at most; a slice that is clicked on looks at none. Their predictor fills no holes: those of 16 pixels are
    filled by the video model for words.
    """

    most_points = 16

    def __init__(self, net: Sam3VideoNet, device: str, dtype: torch.dtype, batch: int, dynamic_multimask: bool = True):
        self.device, self.batch, self.dynamic_multimask = device, batch, dynamic_multimask
        self.side, self.grid, self.sizes = net.sizes.image_size, net.sizes.grid, net.memory
        self.encoder = Sam3Encoder(net, dtype, in_video=True)
        self._take(net.tracker, net.tracker.maskmem_backbone, net.tracker.memory_attention)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        resized = Image.fromarray(pixels).resize((self.side, self.side))  # bicubic
        image = torch.as_tensor(np.array(resized), device=self.device).permute(2, 0, 1).contiguous().float() / 255
        return ((image - 0.5) / 0.5)[None]

    def _before(self, track: Track, z: int) -> Found | None:
        """What was found in a slice before it is prompted again.

        The authors forget what was found around a prompted slice whenever they pass it, for this purpose alone: the
        memories stay.
        """
        if z not in track.shown and not track.reverse.get(z, True):
            near = self.sizes.memories
            if z - min(track.shown) <= near or any(0 < shown - z <= near for shown in track.shown):
                return None
        return track.at(z)

    def _corrected(self, track: Track, z: int, view: View) -> DecoderImage:  # noqa: ARG002 - memories do not matter
        return view.decoding

    def _contour(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        soft = mask
        if mask.shape[-2:] != (16 * self.grid, 16 * self.grid):
            soft = F.interpolate(mask, (16 * self.grid, 16 * self.grid), mode="bilinear", antialias=True)
        logits = (2 * mask - 1) * _SHOWN
        return soft, F.interpolate(logits, (4 * self.grid, 4 * self.grid), mode="bilinear", antialias=True)[:, 0]
