"""What a network's probabilities say of the mask that is cut from them."""

from typing import NamedTuple

import torch
from torch import Tensor

OFFSET = 1.0  # in logits, on either side of the threshold: `stability_score_offset` of SAM's automatic mask generator


class Confidence(NamedTuple):
    """Of k masks, each (k,) float32, 0 to 1, on the CPU.

    Attributes:
        stability: IoU of the masks at a higher and a lower threshold; 0 where even the lower one leaves nothing.
        soft_dice: expected Dice of the mask if each pixel belongs to the object with its probability.
    """

    stability: Tensor
    soft_dice: Tensor


def confidence(probability: Tensor, threshold: float = 0.5) -> Confidence:
    """The confidence of the masks `probability > threshold`.

    The stability is that of SAM (Kirillov et al. 2023, section 5 and the released code); the expected Dice is
    2 sum(p in the mask) / (area of the mask + sum(p)), the ratio of the expectations of what Dice divides.

    Args:
        probability: (k, h, w) float, 0 to 1.
    """
    flat = probability.flatten(1).float()
    middle = torch.logit(torch.tensor(threshold, dtype=torch.float64))
    high, low = (torch.sigmoid(middle + sign * OFFSET).item() for sign in (1, -1))
    inner, outer = ((flat > limit).sum(1) for limit in (high, low))
    mask = flat > threshold
    expected = 2 * (flat * mask).sum(1) / (mask.sum(1) + flat.sum(1)).clamp_min(torch.finfo(torch.float32).tiny)
    return Confidence((inner / outer.clamp_min(1)).cpu(), expected.cpu())
