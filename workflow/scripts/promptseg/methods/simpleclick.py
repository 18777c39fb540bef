"""SimpleClick (Liu et al. 2023), and CFR-ICL (Sun et al. 2024), which has other weights and adds a cascade."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from promptseg.methods.base import Settings
from promptseg.methods.clicking import ClickMethod, ClickPredictor
from promptseg.methods.loading import check_variant, load_network
from promptseg.methods.networks.simpleclick import SMALL, VARIANTS, SimpleClickNet
from promptseg.methods.regions import ZoomIn

# The network only takes its training size. A crop of an unknown object is the whole image, from the first click.
ZOOM = ZoomIn(skip_clicks=-1)


def simpleclick_predictor(
    network: SimpleClickNet, options: Mapping[str, Any], precision: str = "fp32"
) -> ClickPredictor:
    """The network with zoom-in, mirroring and cascade; for `options` see `SimpleClick`."""
    sizes = {"min_crop_size": options["min_crop_size"]} if "min_crop_size" in options else {}
    return ClickPredictor(
        network,
        replace(ZOOM, target_size=network.architecture.image_size, **sizes),
        flip=options.get("flip", True),
        cascade_steps=options.get("cascade_steps", 0),
        precision=precision,
    )


class SimpleClick(ClickMethod):
    """SimpleClick; `variant` is vit_xtiny, vit_base, vit_large, vit_huge or small. An official checkpoint says itself
    which.

    Options: `cascade_steps`, how often the first click is predicted at most, each time with the last answer as previous
    mask, until that settles: 0 for SimpleClick, 5 for CFR-ICL in the study. `flip` (true): whether logits are averaged
    over the image and its mirror image. `min_crop_size` (200): see `ZoomIn`.
    """

    variants: ClassVar[Collection[str]] = ChainMap(SMALL, VARIANTS)
    known_options = frozenset({"cascade_steps", "flip", "min_crop_size"})

    @classmethod
    def architecture(cls, variant: str) -> SimpleClickNet:
        check_variant(variant, cls.variants)
        return SimpleClickNet.from_variant(variant)

    @classmethod
    def input_size(cls, variant: str) -> int:
        return (VARIANTS | SMALL)[variant].image_size[0]

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.network: SimpleClickNet = load_network(SimpleClickNet, self.variants, settings)
        if settings.compile:
            self.network.compile()
        self.predictor = simpleclick_predictor(self.network, settings.options, settings.precision)
