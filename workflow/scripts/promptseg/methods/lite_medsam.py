"""LiteMedSAM: MedSAM with a small image encoder, TinyViT, for 256 x 256 pixels.

Published as the branch LiteMedSAM of MedSAM's repository, for the challenge "Segment Anything in Medical Images on
Laptop" of CVPR 2024; prepared and decoded here as by its `CVPR24_LiteMedSAM_infer.py`.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from segment_anything.modeling import Sam as SamModel
from torch import Tensor

from promptseg.methods.frames import Frame, axis_matrix
from promptseg.methods.medsam import BoxesAlone, spread
from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.tiny_vit import TinyViT

_SIDE = 256


class CutFrame(Frame):
    """A frame in which corners of boxes lose their fractions; its scale is the same along both axes."""

    def scaled_box(self, box: np.ndarray) -> np.ndarray:
        return np.trunc(np.asarray(box, np.float64) * self.scale[0]).astype(np.float32)


class LiteMedSam(BoxesAlone):
    """LiteMedSAM; `variant` is vit_t."""

    variants = ("vit_t",)

    @classmethod
    def architecture(cls, variant: str) -> SamModel:
        cls._check(variant)
        return sam_around(TinyViT(_SIDE, stride=1, classes=0), _SIDE, _SIDE // 4)

    @classmethod
    def input_size(cls, variant: str) -> int:
        cls._check(variant)
        return _SIDE

    def prepare(self, pixels: np.ndarray) -> Tensor:
        height, width = self._inside(*pixels.shape[:2])
        resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        x = torch.as_tensor(spread(resized), device=self.settings.device).permute(2, 0, 1)[None]
        return F.pad(x, (0, self.side - width, 0, self.side - height))

    def _inside(self, height: int, width: int) -> tuple[int, int]:
        """Size of an image in the network's input."""
        return self.resize.get_preprocess_shape(height, width, self.side)

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        rows, columns = (
            axis_matrix(low, slice(part), whole, device=self.settings.device)
            for part, whole in zip(self._inside(*size), size, strict=True)
        )
        scale = self.side / max(size)
        return CutFrame(size, (scale, scale), rows, columns)
