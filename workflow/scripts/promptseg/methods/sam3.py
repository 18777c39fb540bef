"""SAM 3 (Carion et al. 2025) on single images: objects that points, boxes and masks show, not such that words name."""

from collections.abc import Mapping

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import resize

from promptseg.methods.base import Settings
from promptseg.methods.loading import check_variant
from promptseg.methods.networks.sam2_decoder import Sam2Decoder
from promptseg.methods.networks.sam3 import Sam3Encoder, Sam3Net, image_part
from promptseg.methods.networks.sam3_vit import Architecture
from promptseg.methods.sam2 import Sam2

VARIANTS = {"sam3": Architecture()}

# Logits of small components of the background are set to this.
_FILLED = 10.0


def fill_holes(low: Tensor, most: int) -> Tensor:
    """Logits in which small components of the background belong to the mask.

    They need not be enclosed by it: a corner of the image that is cut off is filled as well.

    Args:
        low: (k, h, w) float32 logits; the background is where they are not above 0.
        most: pixels of an 8-connected component that is filled; 0 fills none.
    """
    filled = low.clone()
    for mask in filled if most > 0 else ():
        background = (mask <= 0).cpu().numpy().astype(np.uint8)
        _, labels, facts, _ = cv2.connectedComponentsWithStats(background, connectivity=8)
        small = facts[:, cv2.CC_STAT_AREA] <= most
        small[0] = False  # the mask itself
        mask[torch.as_tensor(small[labels], device=mask.device)] = _FILLED
    return filled


class Sam3(Sam2):
    """SAM 3's tracker as the authors' examples use it for one image; otherwise as SAM 2.

    The option `max_hole_area` is that of `fill_holes`, in pixels of the low-resolution masks (288 a side); what is fed
    back is not filled. The authors have no generator of all masks of an image. The option `video_size` concerns volumes
    alone, see `Sam3Video`.
    """

    prompt_types = frozenset({"point", "box"})
    variants = VARIANTS
    known_options = frozenset({"dynamic_multimask", "max_hole_area", "video_size"})
    exportable = ()
    tracker = "promptseg.methods.sam3_video:Sam3Video"

    def __init__(self, settings: Settings):
        self.max_hole_area = int(settings.options.get("max_hole_area", 256))
        super().__init__(settings)

    @classmethod
    def architecture(cls, variant: str) -> nn.Module:
        check_variant(variant, cls.variants)
        with torch.device("meta"):  # initial weights, of no use here, would take longer than the real ones
            network = Sam3Net(VARIANTS[variant])
        return network.to_empty(device=torch.get_default_device())

    @classmethod
    def input_size(cls, variant: str) -> int:
        check_variant(variant, cls.variants)
        return VARIANTS[variant].image_size

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return image_part(state_dict)

    @torch.inference_mode()
    def _take(self, network: nn.Module) -> None:
        assert isinstance(network, Sam3Net)
        dtype = torch.bfloat16 if self.settings.precision == "bf16" else torch.float32
        self.encoder = Sam3Encoder(network, dtype)
        self.decoder = Sam2Decoder(network.tracker.sam_prompt_encoder, network.tracker.sam_mask_decoder)
        self.take_side(network.sizes.image_size)
        if self.settings.compile:
            self.encoder.compile()

    def prepare(self, pixels: np.ndarray) -> Tensor:
        # Unlike SAM 2's, the resized image has whole numbers; a GPU would round others.
        resized = resize(torch.as_tensor(pixels).permute(2, 0, 1), [self.side, self.side], antialias=True)
        return (resized[None].to(self.settings.device).float() / 255 - 0.5) / 0.5

    def shown(self, low: Tensor) -> Tensor:
        return fill_holes(low, self.max_hole_area)
