"""Corrections of many slices at once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.user import User


def next_to(truth: np.ndarray, prediction: np.ndarray, seed: int = 1, **slicewise: Any) -> Shown | None:
    """The first correction of a prediction."""
    block = {"rule": "slicewise", "seed": seed, "slicewise": slicewise}
    return User({}, block, Scene("a", truth), 0).next(prediction)


def rows(shown: Shown | None) -> list[list[int]]:
    """(z, y, x, label)."""
    assert shown is not None
    return np.column_stack([shown.points, shown.labels]).tolist()


BODY = np.zeros((5, 12, 16), bool)
BODY[1:4, 3:8, 4:9] = True
NOTHING = np.zeros_like(BODY)


def test_missed_slices_are_clicked_in_the_middle_of_their_largest_part() -> None:
    assert rows(next_to(BODY, NOTHING)) == [[z, 5, 6, 1] for z in (1, 2, 3)]
    apart = BODY.copy()
    apart[0, 0, 0] = apart[2, 11, 12:16] = True  # smaller components
    assert rows(next_to(apart, NOTHING)) == [[z, 5, 6, 1] for z in (1, 2, 3)]


def test_of_equal_components_the_last_or_the_first() -> None:
    two = np.zeros_like(BODY)
    two[1, 2, 2:5] = two[3, 8, 8:11] = True
    assert rows(next_to(two, NOTHING)) == [[3, 8, 9, 1]]
    assert rows(next_to(two, NOTHING, equal="first")) == [[1, 2, 3, 1]]


def test_the_nearest_pixel_where_the_centre_is_outside() -> None:
    ring = np.zeros((1, 9, 9), bool)
    ring[0, 2:7, 2:7] = True
    ring[0, 3:6, 3:6] = False
    ring[0, 2, 4] = False
    ((_, y, x, label),) = rows(next_to(ring, np.zeros_like(ring)))
    assert (ring[0, y, x], abs(y - 4) + abs(x - 4), label) == (True, 2, 1)


def test_a_perfect_prediction_needs_no_more() -> None:
    assert next_to(BODY, BODY) is None


def test_a_coin_decides_by_the_numbers_of_wrong_voxels() -> None:
    prediction = np.zeros_like(BODY)
    prediction[:, 5, :] = True
    missed, wrong = np.count_nonzero(BODY & ~prediction), np.count_nonzero(prediction & ~BODY)
    assert (missed, wrong) == (60, 65)
    random = np.random.RandomState(1)
    expected = [1 - random.binomial(1, 65 / 125) for _ in range(12)]
    assert set(expected) == {0, 1}
    user = User({}, {"rule": "slicewise", "seed": 1}, Scene("a", BODY), 0)
    found = [rows(user.next(prediction)) for _ in range(12)]
    assert [one[0][3] for one in found] == expected


def test_a_scribble_along_the_contour_of_the_plane_with_most_false_positives() -> None:
    prediction = np.zeros_like(BODY)
    prediction[:, 5, :] = True
    found = np.array(rows(next_to(BODY, prediction | BODY)))
    assert (set(found[:, 1]), set(found[:, 3])) == ({5}, {0})
    # All are predicted, and some pixels of the truth are among them or not: the contour lies two pixels outside.
    assert 1 < len(found) <= 0.6 * 2 * (5 + 9 + 9) + 1
    across = np.array(rows(next_to(BODY, prediction | BODY, plane="x")))
    assert len(set(across[:, 2])) == 1


def test_a_plane_without_truth_is_scribbled_down_its_fullest_column() -> None:
    prediction = BODY.copy()
    prediction[1:5, 11, 2:4] = True
    prediction[0, 11, 3] = True
    assert rows(next_to(BODY, prediction)) == [[z, 11, 3, 0] for z in range(5)]


def test_where_the_contour_is_not_predicted_random_false_positives_are_sent_as_foreground() -> None:
    prediction = BODY.copy()
    prediction[0:5, 5, 14:16] = True
    wrong = np.argwhere(prediction & ~BODY)
    chosen = np.random.RandomState(1).choice(len(wrong), 3, replace=False)
    assert rows(next_to(BODY, prediction)) == [[*place, 1] for place in wrong[chosen].tolist()]
    as_meant = rows(next_to(BODY, prediction, fallback=2, fallback_label="background"))
    chosen = np.random.RandomState(1).choice(len(wrong), 2, replace=False)
    assert as_meant == [[*place, 0] for place in wrong[chosen].tolist()]


def test_in_an_image_the_scribble_lies_in_the_image() -> None:
    truth = np.zeros((1, 20, 20), bool)
    truth[0, 8:12, 8:12] = True
    found = rows(next_to(truth, np.ones_like(truth)))
    assert {(z, label) for z, _, _, label in found} == {(0, 0)}
    drawn = np.full((20, 20), ".")
    drawn[truth[0]] = "o"
    for _, y, x, _ in found:
        drawn[y, x] = "x"
    # About two pixels outside the truth, 60 % of the way around it.
    assert ["".join(row) for row in drawn[6:13, 5:16]] == [
        "..xxxxxx...",
        ".x.....x...",
        ".x.oooo.xx.",
        ".x.oooo..x.",
        ".x.oooo..x.",
        ".x.oooo..x.",
        "...........",
    ]


def test_a_random_wrong_pixel_in_every_slice_of_the_first_prompt() -> None:
    start = {"prompt": "box", "slices": "all"}
    user = User(start, {"rule": "every_slice", "seed": 4, "reseed": "click"}, Scene("a", BODY), 0)
    user.start()
    prediction = BODY.copy()
    prediction[1] = False
    prediction[3, 0, :3] = True
    prediction[4, 0, 0] = True  # was not prompted
    index = np.random.RandomState(4).randint(25), np.random.RandomState(4).randint(3)
    y, x = np.argwhere(BODY[1])[index[0]]
    assert rows(user.next(prediction)) == [[1, y, x, 1], [3, 0, index[1], 0]]
    assert user.next(BODY) is None


@pytest.mark.parametrize("plane", ["z", "y", "x"])
@given(st.data())
def test_points_lie_on_errors_or_on_the_prediction(plane: str, data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.sampled_from([1, 3]), st.integers(2, 7), st.integers(2, 7)))
    truth, prediction = data.draw(arrays(bool, shape)), data.draw(arrays(bool, shape))
    shown = next_to(truth, prediction, data.draw(st.integers(0, 3)), plane=plane, fallback_label="background")
    if shown is None:
        assert np.array_equal(truth, prediction)
        return
    places = tuple(shown.points.T)
    assert len(set(shown.labels.tolist())) == 1
    assert (truth & ~prediction if shown.labels[0] else prediction)[places].all()
