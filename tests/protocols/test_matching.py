"""Matching of lesions: greedy or optimal, by IoU or Dice, merged or not."""

import numpy as np
import pytest

from promptseg.core.stacks import MaskStack
from promptseg.protocols.matching import lesion_dice, matched, qualities
from promptseg.volumes.scores.lesions import Labelled, Lesions

GREEDY = {"by": "iou", "threshold": 0.1, "match": "greedy", "merge": False}


def line(*runs):
    """Lesions along one row; runs are (first, last)."""
    mask = np.zeros((1, 1, 40), bool)
    for first, last in runs:
        mask[0, 0, first : last + 1] = True
    return Labelled(MaskStack.of(mask), 26)


def test_greedy_takes_the_best_pair_and_optimal_the_best_sum():
    truth, predicted = line((0, 9), (11, 20)), line((4, 14), (16, 30))
    lesions = Lesions(truth, predicted, np.array([[6, 0], [5, 1]]), [], np.zeros(2))
    assert matched(lesions, **GREEDY | {"threshold": 0.01}) == [(0, [0]), (1, [1])]
    swapped = Lesions(truth, predicted, np.array([[6, 5], [5, 0]]), [], np.zeros(2))
    assert matched(swapped, **GREEDY | {"threshold": 0.01}) == [(0, [0])]
    assert matched(swapped, **GREEDY | {"threshold": 0.01, "match": "optimal"}) == [(0, [1]), (1, [0])]


def test_merged_parts_are_one_match():
    truth, predicted = line((0, 11)), line((0, 4), (6, 11))
    lesions = Lesions.of(truth, predicted)
    assert qualities(lesions, **GREEDY)["fp"] == 1
    both = qualities(lesions, **GREEDY | {"merge": True})
    assert (both["n_pred"], both["tp"], both["fp"], both["sq"]) == (1, 1, 0, 11 / 12)


def test_a_threshold_is_inclusive_and_may_be_of_dice():
    lesions = Lesions.of(line((0, 3)), line((0, 1)))
    assert qualities(lesions, **GREEDY | {"threshold": 0.5})["tp"] == 1
    assert qualities(lesions, **GREEDY | {"threshold": 0.51})["tp"] == 0
    assert qualities(lesions, **GREEDY | {"threshold": 0.66, "by": "dice"})["tp"] == 1


def test_pairs_without_a_common_voxel_never_match():
    apart = Lesions.of(line((0, 3)), line((6, 9)))
    assert matched(apart, **GREEDY | {"threshold": 0.0, "match": "optimal"}) == []
    assert lesion_dice(line((0, 3)), line((6, 9))).tolist() == [0]


@pytest.mark.parametrize(("truth", "predicted"), [(line(), line((0, 1))), (line((0, 1)), line())])
def test_one_side_alone_is_0_and_none_is_nothing(truth, predicted):
    found = qualities(Lesions.of(truth, predicted), **GREEDY)
    assert (found["rq"], found["sq"], found["pq"]) == (0, 0, 0)
    assert np.isnan([qualities(Lesions.of(line(), line()), **GREEDY)[name] for name in ("rq", "sq", "pq")]).all()
