"""One label map from several raters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.consensus import consensus, majority, staple


def columns(*votes: str) -> list[np.ndarray]:
    """One voxel for each text, with the vote of each rater."""
    return [np.array([int(vote[rater]) for vote in votes], np.uint8) for rater in range(len(votes[0]))]


def test_majority_of_four():
    # Two of four are no majority; 1 and 2 together are; of equally many votes the higher label wins.
    votes = columns("0000", "1100", "1110", "1112", "1120", "1122", "0002", "2222", "1012")
    assert majority(votes).tolist() == [0, 0, 1, 1, 1, 2, 0, 2, 1]


def test_majority_of_three_and_of_one():
    assert majority(columns("110", "120", "100", "123")).tolist() == [1, 2, 0, 3]
    assert majority(columns("2", "0")).tolist() == [2, 0]


@given(arrays(np.uint8, (4, 12), elements=st.integers(0, 2)))
def test_union_is_the_exact_majority_of_unions(maps):
    expected = (maps > 0).sum(axis=0) > 2
    assert np.array_equal(majority(list(maps)) > 0, expected)


def test_wide_labels_stay_wide():
    maps = [np.array([300, 1], np.uint16), np.array([300, 1], np.uint16)]
    assert majority(maps).tolist() == [300, 1]
    assert majority(maps).dtype == np.uint16


def test_staple_trusts_those_who_agree():
    rng = np.random.default_rng(0)
    truth = np.zeros((20, 20, 4), np.uint8)
    truth[5:15, 5:15] = 2
    truth[8:12, 8:12] = 1
    good = [truth.copy() for _ in range(3)]
    for one in good:
        one[rng.random(truth.shape) < 0.02] = 0
    bad = np.where(rng.random(truth.shape) < 0.5, 2, 0).astype(np.uint8)
    merged = staple([*good, bad])
    assert merged.dtype == np.uint8
    assert (merged != truth).mean() < 0.002
    assert np.array_equal(merged, staple([*good, bad]))


def test_staple_of_wide_labels():
    agreed, other = np.array([[[300, 300, 0, 0, 7]], [[300, 7, 0, 0, 7]]], np.uint16)
    maps = [agreed, agreed, agreed, other]
    assert staple(maps).tolist() == [[300, 300, 0, 0, 7]]
    assert staple(maps).dtype == np.uint16


def test_staple_of_nothing_and_of_one():
    empty = np.zeros((3, 3, 1), np.uint8)
    assert not staple([empty, empty]).any()
    assert staple([empty + 2]).tolist() == (empty + 2).tolist()


def test_choice():
    maps = {"1": np.array([1, 1, 0], np.uint8), "2": np.array([1, 0, 0], np.uint8), "3": np.array([1, 1, 1], np.uint8)}
    assert consensus(maps, "majority").tolist() == [1, 1, 0]
    assert consensus(maps, "2").tolist() == [1, 0, 0]
    with pytest.raises(PromptsegError, match=r"^no such rater: this case has masks of 1, 2, 3, but none of 4;"):
        consensus(maps, "4")
