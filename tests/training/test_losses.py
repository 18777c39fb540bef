import math

import pytest
import torch

from promptseg.training import losses


def test_normalised_focal_loss_of_even_odds_is_log_2():
    truth = torch.tensor([[[[1.0, 0], [0, 1]]]])
    assert losses.normalised_focal(torch.zeros(1, 1, 2, 2), truth).item() == pytest.approx(math.log(2), abs=1e-5)
    # Pixels that are right already do not count: the others share the whole weight.
    logits = torch.tensor([[[[0.0, -30], [-30, 30]]]])
    assert losses.normalised_focal(logits, truth).item() == pytest.approx(math.log(2), abs=1e-4)
    assert losses.normalised_focal(60 * truth - 30, truth).item() == pytest.approx(0, abs=1e-6)


def test_dice_and_iou_of_two_pixels_of_which_one_is_right():
    logits = torch.tensor([[[[30.0, 30], [-30, -30]]]])
    truth = torch.tensor([[[[1.0, 0], [0, 0]]]])
    assert losses.dice(logits, truth).item() == pytest.approx(1 / 3, abs=1e-4)
    assert losses.mask_iou(logits, truth).item() == 0.5
    assert losses.mask_iou(-logits.abs(), 0 * truth).item() == 1


def test_balanced_loss_gives_a_single_pixel_the_weight_of_all_others():
    truth = torch.zeros(1, 1, 10, 10)
    truth[0, 0, 0, 0] = 1
    nothing = torch.full((1, 1, 10, 10), -30.0)
    # 30 on the one pixel, of which there is one more to divide by: half of 30 / 2.
    assert losses.balanced(nothing, truth).item() == pytest.approx(7.5, abs=1e-4)
    assert losses.balanced(-nothing, truth).item() == pytest.approx(0.5 * 30 * 99 / 100, abs=1e-4)


def test_loss_of_a_mask_mixes_both_cross_entropies():
    truth = torch.tensor([[[[1.0, 0], [0, 0]]]])
    logits = torch.zeros(1, 1, 2, 2)
    dice = 1 - 2 * 0.5 / (2 + 1)
    for balance, entropy in ((0.0, 1.0), (1.0, 0.5 * (1 / 2 + 3 / 4)), (0.5, 0.5 + 0.25 * (1 / 2 + 3 / 4))):
        loss = losses.mask(logits, truth, balance)
        assert loss.shape == (1, 1)
        assert loss.item() == pytest.approx(dice + entropy * math.log(2), abs=1e-4)


def test_sam_loss_of_even_odds():
    truth = torch.ones(1, 2, 2)
    # A mask: log 2, and 1 - 2 x 2 / (2 + 4) of Dice; of the three, the first and the single one, and a predicted IoU
    # of 0.
    for ambiguous, first in ((True, 1.0), (False, 0.3)):
        loss = losses.sam(torch.zeros(1, 4, 2, 2), torch.zeros(1, 4), truth, torch.tensor([ambiguous]), 0.0)
        assert loss.item() == pytest.approx((1 + first + 0.5) * (math.log(2) + 1 / 3), abs=1e-4)


def test_sam_loss_follows_the_best_and_the_first_mask_of_an_ambiguous_prompt_and_all_of_a_clear_one():
    truth = torch.ones(2, 2, 2)
    logits = torch.full((2, 4, 2, 2), -3.0)
    logits[:, 2] = 30
    logits.requires_grad_()
    loss = losses.sam(logits, torch.zeros(2, 4), truth, torch.tensor([True, False]), 0.0)
    loss.sum().backward()
    pull = logits.grad.abs().sum((2, 3))
    assert pull[1, 3] > 2 * pull[0, 3] > 0  # a mask that is neither the best nor the first one
    assert pull[0, 1] > 2 * pull[0, 3]
    assert pull[0, 1] > pull[1, 1]


def test_the_estimated_iou_is_compared_with_the_real_one():
    logits = torch.full((1, 4, 2, 2), 30.0)
    truth = torch.ones(1, 2, 2)
    clear = torch.tensor([False])
    right, wrong = (losses.sam(logits, torch.full((1, 4), value), truth, clear, 0.0).item() for value in (1.0, 0.5))
    assert wrong - right == pytest.approx(0.25, abs=1e-6)
