"""Losses, each a value per mask."""

import torch
from monai.losses import DiceLoss
from torch import Tensor
from torch.nn import functional as F

_DICE = DiceLoss(sigmoid=True, reduction="none")
# Share of the mean over SAM's three masks, the rest being the best one's: all three should answer where a prompt is
# clear, and differ where it is not.
_CLEAR, _AMBIGUOUS = 0.7, 0.25
# Of the first mask in every case: it is what is taken where nobody chooses, and should answer an ambiguous prompt with
# what is meant most often.
_FIRST_CLEAR, _FIRST_AMBIGUOUS = 0.3, 1.0


def normalised_focal(logits: Tensor, truth: Tensor, gamma: float = 2.0) -> Tensor:
    """Normalised focal loss (Sofiiuk et al., AdaptIS, ICCV 2019): the mean with focal weights.

    Args:
        logits: (n, k, h, w).
        truth: (n, k, h, w) in 0..1.

    Returns:
        (n, k) losses.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    weight = (1 - torch.exp(-entropy)) ** gamma
    return (weight * entropy).sum((2, 3)) / (weight.detach().sum((2, 3)) + 1e-6)


def balanced(logits: Tensor, truth: Tensor) -> Tensor:
    """(n, k) cross entropies of (n, k, h, w) logits and truths, in which object and background count equally.

    Most objects are small: with any other one, an untrained network learns first to answer nothing, and forgets that
    slowly.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    inside, outside = ((entropy * side).sum((2, 3)) / (side.sum((2, 3)) + 1) for side in (truth, 1 - truth))
    return 0.5 * (inside + outside)


def dice(logits: Tensor, truth: Tensor) -> Tensor:
    """(n, k) soft Dice losses of (n, k, h, w) logits and truths in 0..1."""
    return _DICE(logits, truth).flatten(2).mean(2)


def mask(logits: Tensor, truth: Tensor, balance: float) -> Tensor:
    """(n, k) losses of (n, k, h, w) masks: Dice, and the balanced and the focal cross entropy.

    Args:
        balance: 0..1, share of the balanced one, the rest being the focal one's.
    """
    return dice(logits, truth) + balance * balanced(logits, truth) + (1 - balance) * normalised_focal(logits, truth)


def mask_iou(logits: Tensor, truth: Tensor) -> Tensor:
    """(n, k) IoU of (n, k, h, w) masks, logits above 0, with truths above one half; 1 where both are empty."""
    predicted, true = logits > 0, truth > 0.5
    union = (predicted | true).sum((2, 3))
    return torch.where(union > 0, (predicted & true).sum((2, 3)) / union.clamp(min=1), 1.0)


def sam(logits: Tensor, scores: Tensor, truth: Tensor, ambiguous: Tensor, balance: float) -> Tensor:
    """SAM's loss (Kirillov et al. 2023, appendix A) with our loss of a mask: that and squared error of the IoU.

    Of the three masks mostly the best one is corrected where the prompt is ambiguous, all of them where it is clear.

    Args:
        logits: (n, 4, h, w), the single mask, then the three.
        scores: (n, 4) estimated IoU.
        truth: (n, h, w) in 0..1.
        ambiguous: (n,) bool.
        balance: see `mask`.

    Returns:
        (n,) losses.
    """
    every = truth[:, None].expand_as(logits)
    losses = mask(logits, every, balance)
    share = torch.where(ambiguous, _AMBIGUOUS, _CLEAR)
    three = (1 - share) * losses[:, 1:].amin(1) + share * losses[:, 1:].mean(1)
    estimate = (scores - mask_iou(logits.detach(), every)).square().mean(1)
    first = torch.where(ambiguous, _FIRST_AMBIGUOUS, _FIRST_CLEAR)
    return three + first * losses[:, 1] + 0.5 * losses[:, 0] + estimate
