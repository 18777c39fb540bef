import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.core.masks import tight_box
from promptseg.prompts.clicks import Click
from promptseg.training import simulation
from promptseg.training.generate import sample

IMAGES = 40


@pytest.fixture(scope="module")
def samples():
    return [sample(7, index, 64, 3) for index in range(IMAGES)]


@given(seed=st.integers(0, 10**6), index=st.integers(0, IMAGES - 1))
def test_prompts_lie_where_they_should(samples, seed, index):
    truth = samples[index].objects[0]
    rng = np.random.default_rng(seed)
    click = simulation.first_click(rng, truth)
    assert click.positive
    assert truth[click.y, click.x]
    blind = simulation.blind_clicks(rng, truth, 4)
    assert len(blind) == 4
    assert all(truth[click.y, click.x] == click.positive for click in blind)
    corners = simulation.box(rng, truth)
    assert corners.dtype == np.float32
    assert corners.min() >= 0
    assert corners.max() <= 63
    prediction = np.roll(truth, 3, axis=1)
    following = simulation.corrective_click(rng, truth, prediction, [click])
    if following:
        assert truth[following.y, following.x] != prediction[following.y, following.x]
        assert truth[following.y, following.x] == following.positive


def test_half_of_the_boxes_are_tight_and_the_others_close(samples):
    truth = max(samples[3].objects, key=np.count_nonzero)
    boxes = np.array([simulation.box(np.random.default_rng(seed), truth) for seed in range(200)])
    away = np.abs(boxes - tight_box(truth)).max(axis=1)
    assert 70 <= (away == 0).sum() <= 130
    assert away.max() < 20


def test_nothing_is_to_be_corrected_in_a_perfect_mask(samples):
    truth = samples[0].objects[0]
    assert simulation.corrective_click(np.random.default_rng(0), truth, truth, []) is None


def test_a_click_means_the_part_that_it_lies_in():
    truth = np.zeros((6, 9), bool)
    truth[1:3, 1:4] = truth[3, 4] = truth[1:5, 7] = True  # the first two touch at a corner
    found = simulation.component(truth, Click(2, 1, True))
    assert found.sum() == 7
    assert not found[:, 7].any()
    assert simulation.component(truth, Click(7, 4, True)).sum() == 4


@given(st.integers(0, 10**6))
def test_a_view_from_near_shows_some_of_the_object_and_stays_in_the_image(seed):
    rng = np.random.default_rng(seed)
    truth = np.zeros((90, 80), bool)
    top, left = rng.integers(0, 70, 2)
    truth[top : top + int(rng.integers(1, 20)), left : left + int(rng.integers(1, 10))] = True
    y1, y2, x1, x2 = simulation.zoomed(rng, truth, 20)
    assert 0 <= y1 < y2 <= 90
    assert 0 <= x1 < x2 <= 80
    assert min(y2 - y1, x2 - x1) >= 10
    assert truth[y1:y2, x1:x2].any()
