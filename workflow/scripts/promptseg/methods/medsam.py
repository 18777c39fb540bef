"""MedSAM (Ma et al., Nature Communications 15:654, 2024): SAM's ViT-B, fine-tuned on medical images for boxes alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from skimage.transform import resize
from torch import Tensor

from promptseg.methods.base import Candidates, Query
from promptseg.methods.frames import Frame, stretched
from promptseg.methods.promptable import Decoded
from promptseg.methods.sam import Sam


def spread(pixels: np.ndarray) -> np.ndarray:
    """uint8 -> float32 of equal shape, from 0 for the darkest value of any channel to 1 for the brightest."""
    low, high = int(pixels.min()), int(pixels.max())
    return ((pixels - np.float64(low)) / max(high - low, 1e-8)).astype(np.float32)


class BoxesAlone(Sam):
    """A network trained with single boxes for one mask: points (`off_label`) and masks of its own mean nothing that it
    learned."""

    prompt_types = frozenset({"box"})
    untrained_types = frozenset({"point"})
    candidates = 1
    main_mask = "the one for prompts that are not ambiguous"
    mask_feedback = takes_masks = False

    def multimask(self, query: Query) -> bool:  # noqa: ARG002 - the same for all
        return False


class MedSam(BoxesAlone):
    """MedSAM; `variant` is vit_b.

    Its prompt encoder kept SAM's weights while the rest was trained. Nor was its estimate of a mask's IoU trained:
    `predict` gives none.

    Its authors' window for CT (level 40, width 400) and percentiles for other modalities come before all this, where
    volumes become 8-bit images; here that is a matter of the data set's preprocessing.
    """

    variants = ("vit_b",)

    def resized(self, pixels: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 -> (s, s, 3) uint8, by cubic splines and cut off to integers.

        All channels at once, as the authors do, takes several times as long as one by one; but in flat regions of an
        image the last bit of a spline decides between two values.
        """
        side = self.side
        return resize(pixels, (side, side), order=3, preserve_range=True, anti_aliasing=True).astype(np.uint8)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        spread_out = torch.as_tensor(spread(self.resized(pixels)), device=self.settings.device)
        return spread_out.permute(2, 0, 1)[None]

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        return stretched(size, self.side, low, self.settings.device)

    @torch.inference_mode()
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterator[Decoded]:
        """As `Sam.decode`, but probabilities are what is resized to the image."""
        low, scores = self.low(queries, multimask)
        for query, masks, their_scores in zip(queries, low, scores, strict=True):
            yield Decoded(masks.sigmoid(), query.image.frame, their_scores, masks, values="probabilities")

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [replace(found, scores=None) for found in super().predict(queries)]
