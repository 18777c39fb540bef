"""SAM-Med2D (Cheng et al. 2023, arXiv 2308.16184): SAM with adapters for medical images of 256 x 256 pixels.

Images are prepared as by its authors' `SammedPredictor`: RGB, SAM's mean and deviation, then the nearest pixel of
each axis by itself. Their `test.py` does otherwise: it reads BGR, and lays images smaller than the input into its
middle instead of enlarging them.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import torch
from segment_anything.modeling import Sam as SamModel
from torch import Tensor, nn

from promptseg.methods.base import Candidates, Query
from promptseg.methods.frames import Frame, stretched
from promptseg.methods.networks.sam_med2d import SIDE, AdaptedEncoder, adapted_sam
from promptseg.methods.promptable import best
from promptseg.methods.sam import Sam


class SamMed2D(Sam):
    """SAM-Med2D; `variant` is vit_b.

    It returns one mask: of the three for an ambiguous prompt the one with the highest predicted IoU, as its authors do
    whatever the prompt.

    `decode` takes and returns logits of masks, as `SammedPredictor.predict` does. The states of `predict`, which come
    back with the next click, are their sigmoid: so the authors' `generate_point` feeds them in training and in tests.
    """

    prompt_types = frozenset({"point", "box"})
    variants = ("vit_b",)
    candidates = 1
    main_mask = "of 3 the one with the highest predicted IoU"
    exportable = ()

    @classmethod
    def architecture(cls, variant: str) -> SamModel:
        cls._check(variant)
        return adapted_sam(width=768, depth=12, heads=12, everywhere=(2, 5, 8, 11))

    @classmethod
    def input_size(cls, variant: str) -> int:
        cls._check(variant)
        return SIDE

    def encoding(self, encoder: nn.Module, dtype: torch.dtype) -> nn.Module:
        return AdaptedEncoder(encoder, dtype)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        # The authors normalise first, which gives the same values. OpenCV takes pixel floor(i * n / side) of n, but
        # for some n (186 is the first) now and then the one before.
        nearest = cv2.resize(pixels, (self.side, self.side), interpolation=cv2.INTER_NEAREST)
        x = torch.as_tensor(nearest, device=self.settings.device)
        return self.model.preprocess(x.permute(2, 0, 1)[None].float())

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        return stretched(size, self.side, low, self.settings.device, twice=True)

    def multimask(self, query: Query) -> bool:  # noqa: ARG002 - the same for all
        return True

    def low(self, queries: Sequence[Query], multimask: bool) -> tuple[Tensor, Tensor]:
        return best(*super().low(queries, multimask))

    def state_of(self, mask: np.ndarray) -> Tensor:
        return super().state_of(mask).sigmoid()

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        answers = super().predict(queries)
        return [replace(answer, states=[low.sigmoid() for low in answer.states or ()]) for answer in answers]
