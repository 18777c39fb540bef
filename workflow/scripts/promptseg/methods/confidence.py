"""What a network's probabilities say of the mask that is cut from them."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

OFFSET = 1.0  # in logits, on either side of the threshold: `stability_score_offset` of SAM's automatic mask generator


class Confidence(NamedTuple):
    """Of k masks, each (k,) float32, 0 to 1.

    Attributes:
        stability: IoU of the masks at a higher and a lower threshold; 0 where even the lower one leaves nothing.
        soft_dice: expected Dice of the mask if each pixel belongs to the object with its probability.
    """

    stability: np.ndarray
    soft_dice: np.ndarray


def confidence(probability: Tensor, threshold: float = 0.5) -> Confidence:
    """The confidence of the masks `probability > threshold`.

    The stability is that of SAM (Kirillov et al. 2023, section 5 and the released code); the expected Dice is
    2 sum(p in the mask) / (area of the mask + sum(p)), the ratio of the expectations of what Dice divides.

    Args:
        probability: (k, h, w) float, 0 to 1.
    """
    middle = np.log(threshold / (1 - threshold))
    high, low = (1 / (1 + np.exp(-middle - sign * OFFSET)) for sign in (1, -1))
    flat = probability.flatten(1).float()
    values: Any = flat if flat.is_cuda else flat.numpy()  # on a CPU NumPy takes half the time of torch
    mask = values > threshold
    sums = [(values > high).sum(1), (values > low).sum(1), mask.sum(1), (values * mask).sum(1), values.sum(1)]
    inner, outer, area, inside, total = (torch.as_tensor(one).cpu().numpy().astype(float) for one in sums)
    stability = inner / np.maximum(outer, 1)
    soft_dice = 2 * inside / np.maximum(area + total, np.finfo(np.float32).tiny)
    return Confidence(stability.astype(np.float32), soft_dice.astype(np.float32))
