"""EfficientSAM (Xiong et al. 2024): a plain ViT that learned to give SAM's features, and a light decoder."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms.functional import normalize

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Query
from promptseg.methods.frames import Frame, axis_matrix
from promptseg.methods.loading import check_variant
from promptseg.methods.networks.efficient_sam import (
    BOTTOM_RIGHT,
    PADDING,
    SLOTS,
    TOP_LEFT,
    VARIANTS,
    EfficientDecoder,
    EfficientSamNetwork,
    ImageEncoder,
)
from promptseg.methods.sam import Sam

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class EfficientSam(Sam):
    """EfficientSAM with its three masks per prompt; `variant` is vitt or vits.

    Clicks on the background have no embedding of their own: the network sees where they are, not what they mean. With
    `off_label` prompts may have more than its six points, of which the authors' code drops the rest without a word.
    """

    variants = tuple(VARIANTS)
    prompt_types = frozenset({"point", "box"})
    max_points = SLOTS
    negative_points = False
    mask_feedback = takes_masks = False
    exportable = ()
    decoder_class = EfficientDecoder

    @classmethod
    def architecture(cls, variant: str) -> EfficientSamNetwork:
        check_variant(variant, cls.variants)
        return EfficientSamNetwork(VARIANTS[variant])

    @classmethod
    def input_size(cls, variant: str) -> int:
        check_variant(variant, cls.variants)
        return VARIANTS[variant].side

    def encoding(self, encoder: nn.Module, dtype: torch.dtype) -> nn.Module:
        assert isinstance(encoder, ImageEncoder)
        encoder.dtype = dtype
        return encoder

    def prepare(self, pixels: np.ndarray) -> Tensor:
        """(h, w, 3) uint8 RGB -> (1, 3, s, s) float32: stretched without antialiasing, as the authors do."""
        image = torch.as_tensor(pixels, device=self.settings.device).permute(2, 0, 1)[None].float() / 255
        stretched = F.interpolate(image, (self.side, self.side), mode="bilinear", align_corners=False)
        return normalize(stretched, _MEAN, _STD)

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        """The image fills the input; masks come to its size by one bicubic step."""
        rows, columns = (axis_matrix(low, whole, mode="bicubic", device=self.settings.device) for whole in size)
        return Frame(size, (self.side / size[1], self.side / size[0]), rows, columns)

    def multimask(self, query: Query) -> bool:  # noqa: ARG002 - the authors ask for three masks whatever the prompt
        return True

    def _sparse(self, queries: Sequence[Query]) -> Tensor:
        """(b, 6, c) embedded slots: the corners of a box, the points, and padding; more slots for more points.

        Raises:
            PromptsegError: a prompt has more than six points, and the method does not run off-label.
        """
        slots = [self._slots(query) for query in queries]
        points = torch.as_tensor(np.stack([points for points, _ in slots]), device=self.settings.device)
        labels = torch.as_tensor(np.stack([labels for _, labels in slots]), device=self.settings.device)
        return self.model.prompt_encoder(points, labels)

    def _slots(self, query: Query) -> tuple[np.ndarray, np.ndarray]:
        """(6, 2) float32 (x, y) pixels of the input and (6,) int64 labels."""
        prompt = query.prompt
        box = np.zeros((0, 2), np.int32) if prompt.box is None else prompt.box.reshape(2, 2)
        given, corners = np.concatenate([box, prompt.points]), [TOP_LEFT, BOTTOM_RIGHT][: len(box)]
        if len(given) > SLOTS and not self.settings.off_label:
            raise PromptsegError(
                f"EfficientSAM takes {SLOTS} points per prompt, of which a box takes two; this one has {len(given)}. "
                "Ask it less, or set `off_label: true` in its entry."
            )
        count = max(SLOTS, len(given))
        points, labels = np.full((count, 2), -1, np.float32), np.full(count, PADDING, np.int64)
        points[: len(given)] = query.image.frame.scaled(given)
        labels[: len(given)] = [*corners, *prompt.labels]
        return points, labels
