"""Stability and expected Dice of masks, from probabilities."""

import pytest
import torch

from promptseg.methods.confidence import confidence


def test_literal_values():
    # 0.8 is above the higher threshold (0.731), 0.6 and 0.4 lie between the two, 0.2 is below the lower one (0.269).
    probability = torch.tensor([[[0.8, 0.6], [0.4, 0.2]]])
    found = confidence(probability)
    assert found.stability.tolist() == pytest.approx([1 / 3])
    assert found.soft_dice.tolist() == pytest.approx([2 * 1.4 / (2 + 2.0)])


def test_a_threshold_of_ones_own_moves_all_three():
    probability = torch.tensor([[[0.72, 0.5, 0.26, 0.1]]])  # of 0.49: 0.723 and 0.261
    found = confidence(probability, 0.49)
    assert found.stability.tolist() == [0.0]
    assert found.soft_dice.tolist() == pytest.approx([2 * 1.22 / (2 + 1.58)])


def test_certain_and_empty_masks():
    certain, empty, nothing = torch.ones(4, 4), torch.full((4, 4), 0.1), torch.zeros(4, 4)
    found = confidence(torch.stack([certain, empty, nothing]))
    assert found.stability.tolist() == [1, 0, 0]
    assert found.soft_dice.tolist() == [1, 0, 0]


def test_it_is_sams_own_stability():
    from segment_anything.utils.amg import calculate_stability_score

    logits = torch.randn(5, 30, 20, generator=torch.Generator().manual_seed(1)) * 3
    assert confidence(logits.sigmoid()).stability.tolist() == pytest.approx(
        calculate_stability_score(logits, 0.0, 1.0).tolist()
    )
