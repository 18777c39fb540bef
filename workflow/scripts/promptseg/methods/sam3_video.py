"""SAM 3's tracker (Carion et al. 2025) on volumes: slices are tracked as the frames of a video."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from promptseg.methods.loading import check_variant
from promptseg.methods.networks.sam3_memory import Sam3VideoNet, video_part
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.sam3 import VARIANTS
from promptseg.methods.sam3_tracker import Sam3Tracker


class Sam3Video(Sam2Video):
    """SAM 3's tracker as the authors' examples use it for a video (`Sam3TrackerPredictor`); otherwise as `Sam2Video`.

    A click on a slice that was tracked always makes it a prompted one. The option `video_size` is a multiple of 336.
    """

    variants = VARIANTS
    known_options = frozenset({"dynamic_multimask", "reset", "video_size"})

    @classmethod
    def architecture(cls, variant: str, side: int | None = None) -> nn.Module:
        check_variant(variant, cls.variants)
        sizes = VARIANTS[variant]
        with torch.device("meta"):  # initial weights, of no use here, would take longer than the real ones
            network = Sam3VideoNet(replace(sizes, image_size=side or sizes.image_size))
        return network.to_empty(device=torch.get_default_device())

    def _tracker(self, network: nn.Module) -> Sam3Tracker:
        assert isinstance(network, Sam3VideoNet)
        return Sam3Tracker(network, *self._manner())

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return video_part(state_dict)
