"""RITM (Sofiiuk et al. 2022) as its authors evaluate it: HRNet with zoom-in from the second click, and mirroring."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from promptseg.methods.base import Candidates, Method, Query, Settings
from promptseg.methods.clicking import ClickPredictor, ZoomIn, candidates_of, image_tensor, load_network, requests_of
from promptseg.methods.networks.hrnet import VARIANTS, RitmNet

ZOOM = ZoomIn(target_size=400, skip_clicks=1)


class Ritm(Method):
    """RITM; `variant` is hrnet18s, hrnet18 or hrnet32. An official checkpoint says itself which it is.

    Options: `zoom_in` and `flip`, both true: whether the network is shown the object's surroundings from the second
    click, and whether logits are averaged over the image and its mirror image.
    """

    prompt_types = frozenset({"point"})

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.network: RitmNet = load_network(RitmNet, VARIANTS, settings)
        if settings.compile:
            self.network.compile()
        self.predictor = ClickPredictor(
            self.network,
            ZOOM if settings.options.get("zoom_in", True) else None,
            flip=settings.options.get("flip", True),
            precision=settings.precision,
        )

    def encode(self, pixels: np.ndarray) -> Tensor:
        """(3, h, w) float32 in 0..1, on the device."""
        return image_tensor(pixels, self.settings.device)

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return candidates_of(self.predictor.step(requests_of(queries)))
