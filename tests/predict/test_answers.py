"""What counts as an answer, and the sentence for each that does not."""

import numpy as np
import pytest
import torch

from promptseg.core import masks
from promptseg.methods import Candidates, Proposals
from promptseg.predict.answers import WrongAnswer, checked, checked_proposals, listed, require_bytes

SIZE = (4, 6)  # (h, w)
NOTHING = np.zeros((1, *SIZE), bool)


def sentence(call, *arguments):
    with pytest.raises(WrongAnswer) as caught:
        call(*arguments)
    return str(caught.value)


def masks_of(values, dtype):
    array = np.zeros((1, *SIZE), dtype)
    array[0, 0, : len(values)] = values
    return array


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_exact_zeros_and_ones_are_masks_of_any_type(dtype):
    found = checked(Candidates(masks_of([0, 1, 1], dtype)), SIZE, 1)
    assert (found.masks.dtype, found.scores, found.states) == (bool, None, None)
    assert np.flatnonzero(found.masks).tolist() == [1, 2]


def test_bool_masks_are_not_copied_and_scores_are_float32():
    states = [object(), object()]
    found = checked(Candidates(two := np.repeat(NOTHING, 2, axis=0), [0.25, 1], states), SIZE, 3)
    assert found.masks is two
    assert found.states is states
    assert (found.scores.tolist(), found.scores.dtype) == ([0.25, 1.0], np.float32)


THRESHOLD = "give bool, or exactly 0 and 1: threshold them, e.g. masks > "


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (masks_of([0.02, 0.98], np.float32), f"masks are float32 between 0 and 0.98; {THRESHOLD}0.5"),
        (masks_of([-7.5, 3.25], np.float64), f"masks are float64 between -7.5 and 3.25; {THRESHOLD}0"),
        (masks_of([255], np.uint8), f"masks are uint8 between 0 and 255; {THRESHOLD}0"),
        (masks_of([-1, 1], np.int8), f"masks are int8 between -1 and 1; {THRESHOLD}0"),
        (
            masks_of([np.nan], np.float32),
            "masks are float32 and hold NaN or infinite values; give bool, or exactly 0 and 1",
        ),
        (NOTHING.astype(object), "masks are object; give bool"),
        (torch.zeros(1, 4, 6), "masks are a torch tensor; give a NumPy array: masks.cpu().numpy()"),
        ([[[0]]], "masks are of type list; give a NumPy array: np.asarray(masks)"),
        (
            NOTHING[0],
            "masks have the shape (4, 6), the image has (h, w) = (4, 6); give (k, h, w): masks[None] of a single one",
        ),
        (
            NOTHING.transpose(0, 2, 1),
            "masks have the shape (1, 6, 4), the image has (h, w) = (4, 6); rows come first: give (k, h, w), as "
            "masks.transpose(0, 2, 1)",
        ),
        (
            NOTHING.transpose(1, 2, 0),
            "masks have the shape (4, 6, 1), the image has (h, w) = (4, 6); give (k, h, w): masks.transpose(2, 0, 1)",
        ),
        (
            NOTHING[None],
            "masks have the shape (1, 1, 4, 6), the image has (h, w) = (4, 6); give (k, h, w): masks[0] without the "
            "axis of the batch, or masks[:, 0] without that of the channels",
        ),
        (
            np.zeros((1, 256, 256), bool),
            "masks have the shape (1, 256, 256), the image has (h, w) = (4, 6); scale the network's output back to the "
            "image's size before it is thresholded",
        ),
        (
            NOTHING[:0],
            "there are 0 masks, the class declares candidates = 3; give at least 1 and at most 3, an empty mask where "
            "nothing is found, or correct `candidates`",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_masks(given, expected):
    assert sentence(checked, Candidates(given), SIZE, 3) == expected


def test_more_masks_than_the_class_declares():
    assert sentence(checked, Candidates(np.repeat(NOTHING, 2, axis=0)), SIZE, 1).startswith(
        "there are 2 masks, the class declares candidates = 1; "
    )


@pytest.mark.parametrize(
    ("scores", "states", "expected"),
    [
        ([np.nan], None, "scores hold NaN or infinite values; give 1 finite number, one for each mask, or None"),
        ([np.inf], None, "scores hold NaN or infinite values; give 1 finite number, one for each mask, or None"),
        ([0.5, 0.4], None, "scores have the shape (2,) for 1 mask; give 1 finite number, one for each mask, or None"),
        (0.5, None, "scores have the shape () for 1 mask; give 1 finite number, one for each mask, or None"),
        (["good"], None, "scores are of type list; give 1 finite number, one for each mask, or None"),
        (torch.ones(1), None, "scores are a torch tensor; give a NumPy array: scores.cpu().numpy()"),
        (None, [1, 2], "there are 2 states for 1 mask; give one state for each mask, or None"),
        (None, 3, "states are of type int; give a list with one state for each mask, or None"),
    ],
)
def test_scores_and_states(scores, states, expected):
    assert sentence(checked, Candidates(NOTHING, scores, states), SIZE, 1) == expected


def test_a_tensor_of_states_is_as_good_as_a_list():
    assert checked(Candidates(NOTHING, None, torch.zeros(1, 2, 2)), SIZE, 1).states.shape == (1, 2, 2)


def test_what_is_no_answer_at_all():
    assert sentence(checked, NOTHING, SIZE, 1) == "the answer is a NumPy array; give Candidates(masks, scores, states)"


def test_the_list_of_answers():
    one = Candidates(NOTHING)
    assert listed([one, one], 2) == [one, one]
    assert listed((answer for answer in (one, one)), 2) == [one, one]
    expected = "give a list of Candidates, one for each query, in the order of the queries"
    assert sentence(listed, [one], 2) == f"predict returned 1 answer to 2 queries; {expected}"
    assert sentence(listed, [one, one], 1) == f"predict returned 2 answers to 1 query; {expected}"
    assert sentence(listed, None, 2) == f"predict returned None (is a `return` missing?) for 2 queries; {expected}"
    assert sentence(listed, one, 1) == f"predict returned one Candidates for 1 query; {expected}"


def test_the_masks_of_the_mode_everything():
    code = masks.encode(NOTHING[0])
    found = checked_proposals(Proposals([code], [0.5], [1]), SIZE)
    assert (found.codes, found.scores.tolist(), found.stability.tolist()) == ([code], [0.5], [1.0])
    assert len(checked_proposals(Proposals([], np.zeros(0), []), SIZE).codes) == 0
    for wrong, expected in (
        ([code], "what everything returned is of type list; give Proposals(codes, scores, stability)"),
        (
            Proposals(NOTHING, [1], [1]),
            "codes are a NumPy array; give a list with promptseg.core.masks.encode(mask) of each",
        ),
        (
            Proposals([NOTHING[0]], [1], [1]),
            "a code is a NumPy array; give a list with promptseg.core.masks.encode(mask)",
        ),
        (
            Proposals([masks.encode(NOTHING[0].T)], [1], [1]),
            "a code is of a mask of 6 x 4 pixels, the image has 4 x 6; ",
        ),
        (Proposals([code], [np.nan], [1]), "scores hold NaN or infinite values; give 1 finite number"),
        (Proposals([code], [1], []), "stability values have the shape (0,) for 1 mask; give 1 finite number"),
    ):
        assert sentence(checked_proposals, wrong, SIZE).startswith(expected)


def test_what_a_method_packs():
    assert require_bytes(b"it") == b"it"
    assert sentence(require_bytes, torch.zeros(1)) == (
        "pack returned a torch tensor; give bytes, e.g. safetensors.torch.save({'it': tensor})"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (NOTHING, "probabilities are bool; give (k, h, w) floats from 0 to 1"),
        ([0.5], "probabilities are of type list"),
        (np.zeros((2, 4, 6)), "probabilities have the shape (2, 4, 6), the masks have (1, 4, 6)"),
        (np.full((1, 4, 6), 1.5), "probabilities are not all from 0 to 1"),
        (np.full((1, 4, 6), np.nan), "probabilities are not all from 0 to 1"),
    ],
)
def test_probabilities_that_are_none(given, expected):
    assert expected in sentence(checked, Candidates(NOTHING, probabilities=given), SIZE, 1)


def test_probabilities_count_as_float32():
    found = checked(Candidates(NOTHING, probabilities=np.full((1, 4, 6), 0.25)), SIZE, 1).probabilities
    assert (found.dtype, found.min(), found.max()) == (np.float32, 0.25, 0.25)
