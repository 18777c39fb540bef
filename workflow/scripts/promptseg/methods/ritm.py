"""RITM (Sofiiuk et al. 2022) as its authors evaluate it: HRNet with zoom-in from the second click, and mirroring."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from promptseg.methods.base import Settings
from promptseg.methods.clicking import ClickMethod, ClickPredictor
from promptseg.methods.loading import check_variant, load_network
from promptseg.methods.networks.folding import fold
from promptseg.methods.networks.hrnet import SMALL, VARIANTS, RitmNet
from promptseg.methods.regions import ZoomIn

ZOOM = ZoomIn(target_size=400, skip_clicks=1)


def ritm_predictor(network: RitmNet, options: Mapping[str, Any], precision: str = "fp32") -> ClickPredictor:
    """The network with zoom-in and mirroring; for `options` see `Ritm`."""
    sizes = {name: options[name] for name in ("target_size", "min_crop_size", "skip_clicks") if name in options}
    return ClickPredictor(
        network,
        replace(ZOOM, **sizes) if options.get("zoom_in", True) else None,
        flip=options.get("flip", True),
        precision=precision,
    )


class Ritm(ClickMethod):
    """RITM; `variant` is hrnet18s, hrnet18, hrnet32 or small. An official checkpoint says itself which it is.

    Options: `zoom_in` and `flip`, both true: whether the network is shown the object's surroundings from the second
    click, and whether logits are averaged over the image and its mirror image. `target_size` (400), `min_crop_size`
    (200) and `skip_clicks` (1): see `ZoomIn`.
    """

    variants: ClassVar[Collection[str]] = ChainMap(SMALL, VARIANTS)
    known_options = frozenset({"zoom_in", "flip", "target_size", "min_crop_size", "skip_clicks"})

    @classmethod
    def architecture(cls, variant: str) -> RitmNet:
        check_variant(variant, cls.variants)
        return RitmNet.from_variant(variant)

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.network: RitmNet = load_network(RitmNet, self.variants, settings)
        fold(self.network)
        if settings.compile:
            self.network.compile()
        self.predictor = ritm_predictor(self.network, settings.options, settings.precision)
