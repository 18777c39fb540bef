"""Each mistake in an answer of a method for volumes has its sentence."""

import numpy as np
import pytest

from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack
from promptseg.methods import Candidates
from promptseg.methods.volume import SlicePrompt, VolumeAnswer, VolumeQuery
from promptseg.predict.answers import WrongAnswer
from promptseg.predict.volume_answers import checked_answer, listed_answers

SHAPE = (6, 7, 8)
QUERY = VolumeQuery([SlicePrompt(3, mask=np.ones(SHAPE[1:], bool))], (2, 4), True, clicks=[SlicePrompt(3)])


def masks(*slices, shape=SHAPE):
    found = np.zeros(shape, bool)
    found[list(slices), 1, 1] = True
    return MaskStack.of(found)


def test_an_answer_that_counts():
    given = MaskStack(SHAPE, {**masks(2, 4).codes, 5: encode(np.zeros(SHAPE[1:], bool))})
    found = checked_answer(VolumeAnswer(given, {3: np.float32(0.5), 5: 1}, "state", 1), SHAPE, QUERY)
    assert found.masks.slices == [2, 4]
    assert (found.scores, found.state, found.dropped) == ({3: 0.5}, "state", 1)
    assert listed_answers([found], 1) == [found]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (None, r"answer returned None \(is a `return` missing\?\) for 2 queries; give a list of VolumeAnswer"),
        (VolumeAnswer(masks()), "answer returned one VolumeAnswer for 2 queries"),
        (
            [VolumeAnswer(masks())],
            "answer returned a list of 1 for 2 queries; give a list of VolumeAnswer",
        ),
    ],
)
def test_lists_that_do_not_fit(answers, said):
    with pytest.raises(WrongAnswer, match=said):
        listed_answers(answers, 2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (masks(3), r"the answer is a MaskStack; give VolumeAnswer\(masks\)"),
        (Candidates(np.ones(SHAPE, bool)), "the answer is of type Candidates; give VolumeAnswer"),
        (
            VolumeAnswer(np.ones(SHAPE, bool)),
            r"masks are a NumPy array; give MaskStack\.of\(masks\) of",
        ),
        (
            VolumeAnswer(masks(3, shape=SHAPE[::-1])),
            r"have the shape \(8, 7, 6\), the volume has \(slices, rows, columns\) = \(6, 7, 8\); slices come first",
        ),
        (
            VolumeAnswer(masks(2, shape=(3, 7, 8))),
            r"give all slices, or MaskStack\.of\(masks, first, slices\)",
        ),
        (VolumeAnswer(masks(2, shape=(6, 14, 16))), r"= \(6, 7, 8\); give MaskStack\.of"),
        (VolumeAnswer(MaskStack(SHAPE, masks(3, shape=(6, 9, 9)).codes)), "the mask of slice 3 is of another size"),
        (
            VolumeAnswer(masks(1, 3, 5)),
            r"there is a mask on slice 1, asked were slices 2 to 4; leave out .* masks\.between\(\*query\.slices\)",
        ),
        (VolumeAnswer(masks(3), [0.5]), "scores are of type list; give a dictionary of finite numbers"),
        (VolumeAnswer(masks(3), {3: "high"}), "scores hold something that is no number"),
        (VolumeAnswer(masks(3), {3: np.nan}), "scores hold NaN or infinite values"),
        (VolumeAnswer(masks(3), dropped=2), "dropped is 2, after 1 clicks; give the number of the query's clicks"),
        (VolumeAnswer(masks(3), dropped=True), "dropped is True"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(answer, said):
    with pytest.raises(WrongAnswer, match=said):
        checked_answer(answer, SHAPE, QUERY)


def test_probabilities_are_no_masks():
    with pytest.raises(ValueError, match=r"masks are float32 of shape \(2, 3, 4\): give .* as masks > 0\.5"):
        MaskStack.of(np.full((2, 3, 4), 0.9, np.float32))
