"""What a network's probabilities say of the mask that is cut from them."""

from typing import NamedTuple

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
    flat = probability.flatten(1).float()
    return of_sums((_sums_on_gpu if flat.is_cuda else _sums)(flat, thresholds(threshold)))


def thresholds(middle: float) -> tuple[float, float, float]:
    """A threshold of probabilities, with the lower one before and the higher one behind it."""
    logit = np.log(middle / (1 - middle))
    lower, higher = (float(1 / (1 + np.exp(-logit - sign * OFFSET))) for sign in (-1, 1))
    return lower, middle, higher


def of_sums(sums: np.ndarray) -> Confidence:
    """The confidence of k masks.

    Args:
        sums: (5, k) float64: pixels above the higher threshold, above that of the mask, above the lower one, sum of the
            probabilities in the mask, and of all.
    """
    inner, area, outer, inside, total = sums
    stability = inner / np.maximum(outer, 1)
    soft_dice = 2 * inside / np.maximum(area + total, np.finfo(np.float32).tiny)
    return Confidence(stability.astype(np.float32), soft_dice.astype(np.float32))


def _sums(flat: Tensor, limits: tuple[float, float, float]) -> np.ndarray:
    """Of (k, n) probabilities what `of_sums` takes."""
    rows = []
    for values in flat.numpy():  # one by one, while they are in the cache; on a CPU NumPy takes half the time of torch
        masks = [values > limit for limit in reversed(limits)]
        rows.append([*map(np.count_nonzero, masks), np.multiply(values, masks[1]).sum(), values.sum()])
    return np.array(rows, np.float64).reshape(-1, 5).T


def _sums_on_gpu(flat: Tensor, limits: tuple[float, float, float]) -> np.ndarray:
    """As `_sums`, brought to the CPU at once."""
    masks = [flat > limit for limit in reversed(limits)]
    found = [*(mask.sum(1) for mask in masks), (flat * masks[1]).sum(1), flat.sum(1)]
    return torch.stack([one.double() for one in found]).cpu().numpy()
