"""MedicoSAM (Archit, Freckmann, Pape 2025, arXiv 2501.11734): SAM's ViT-B, fine-tuned on SA-Med2D-20M."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from promptseg.methods.base import Settings
from promptseg.methods.sam import Sam

_PREFIX = "sam."  # of the entries of files that the authors' training code, torch_em, writes


def spread(pixels: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8, each channel by itself from 0 to 255, as `micro_sam` prepares images (its `util._to_image`)."""
    values = pixels.astype(np.float32)
    values -= values.min((0, 1))
    values /= values.max((0, 1)) + np.float32(1e-7)
    return (values * 255).astype(np.uint8)


class MedicoSam(Sam):
    """MedicoSAM; `variant` is vit_b.

    The option `min_max` says whether the channels of an image are spread as in the authors' package, `micro_sam`; SAM's
    own predictor does not spread them.
    """

    prompt_types = frozenset({"point", "box"})
    known_options = frozenset({"min_max"})
    variants = ("vit_b",)

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.min_max = bool(settings.options.get("min_max", True))

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {name.removeprefix(_PREFIX): value for name, value in state_dict.items()}

    def prepare(self, pixels: np.ndarray) -> Tensor:
        return super().prepare(spread(pixels) if self.min_max else pixels)
