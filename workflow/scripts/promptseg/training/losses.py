"""Losses, each a value per mask."""

import torch
from monai.losses import DiceLoss, FocalLoss
from torch import Tensor
from torch.nn import functional as F

_DICE = DiceLoss(sigmoid=True, reduction="none")
_FOCAL = FocalLoss(reduction="none", gamma=2.0)
# Share of the mean over SAM's three masks, the rest being the best one's: all three should answer where a prompt is
# clear, and differ where it is not.
_CLEAR, _AMBIGUOUS = 0.7, 0.25
_FOCAL_WEIGHT = 20.0  # Kirillov et al. 2023, section 3


def normalised_focal(logits: Tensor, truth: Tensor, gamma: float = 2.0) -> Tensor:
    """Normalised focal loss (Sofiiuk et al., AdaptIS, ICCV 2019): focal weights that sum to the number of pixels.

    Args:
        logits: (n, 1, h, w).
        truth: (n, 1, h, w) in 0..1.

    Returns:
        (n,) losses.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    weight = (1 - torch.exp(-entropy)) ** gamma
    total = weight.detach().sum((1, 2, 3))
    return (weight * entropy).sum((1, 2, 3)) / (total + 1e-6)


def dice(logits: Tensor, truth: Tensor) -> Tensor:
    """(n, k) soft Dice losses of (n, k, h, w) logits and truths in 0..1."""
    return _DICE(logits, truth).flatten(2).mean(2)


def mask_iou(logits: Tensor, truth: Tensor) -> Tensor:
    """(n, k) IoU of (n, k, h, w) masks, logits above 0, with truths above one half; 1 where both are empty."""
    predicted, true = logits > 0, truth > 0.5
    union = (predicted | true).sum((2, 3))
    return torch.where(union > 0, (predicted & true).sum((2, 3)) / union.clamp(min=1), 1.0)


def sam(logits: Tensor, scores: Tensor, truth: Tensor, ambiguous: Tensor) -> Tensor:
    """SAM's loss (Kirillov et al. 2023, appendix A): 20 focal + Dice + squared error of the estimated IoU.

    Of the three masks mostly the best one is corrected where the prompt is ambiguous, all of them where it is clear.

    Args:
        logits: (n, 4, h, w), the single mask, then the three.
        scores: (n, 4) estimated IoU.
        truth: (n, h, w) in 0..1.
        ambiguous: (n,) bool.

    Returns:
        (n,) losses.
    """
    every = truth[:, None].expand_as(logits)
    losses = _FOCAL_WEIGHT * _FOCAL(logits, every).mean((2, 3)) + dice(logits, every)
    share = torch.where(ambiguous, _AMBIGUOUS, _CLEAR)
    three = (1 - share) * losses[:, 1:].amin(1) + share * losses[:, 1:].mean(1)
    estimate = (scores - mask_iou(logits.detach(), every)).square().mean(1)
    return three + 0.5 * losses[:, 0] + estimate
