"""MobileSAM (Zhang et al. 2023): SAM with a distilled image encoder, TinyViT, and all else as it is."""

from segment_anything.modeling import Sam as SamModel

from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.methods.sam import Sam

_SIDE = 1024


class MobileSam(Sam):
    """MobileSAM with its three masks per prompt; `variant` is vit_t."""

    variants = ("vit_t",)

    @classmethod
    def architecture(cls, variant: str) -> SamModel:
        cls._check(variant)
        return sam_around(TinyViT(_SIDE), _SIDE, _SIDE // 16)
