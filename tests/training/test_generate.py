import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptseg.core.masks import count_components, tight_box
from promptseg.prompts.clicks import Click
from promptseg.training import simulation
from promptseg.training.generate import noise, sample
from promptseg.training.loop import Run
from promptseg.training.settings import Recipe, Stage

SERIES = range(40)
OPENED: list[str] = []
LISTENING = False


def listen(event, arguments):
    if LISTENING and event in ("open", "socket.connect", "subprocess.Popen"):
        OPENED.append(f"{event} {arguments[0]}")


sys.addaudithook(listen)  # for good: Python has no way to take one back


@pytest.fixture(scope="module")
def samples():
    return [sample(7, index, 64, 3) for index in SERIES]


def test_an_image_is_a_function_of_seed_and_index(samples):
    again = sample(7, 5, 64, 3)
    assert np.array_equal(again.pixels, samples[5].pixels)
    assert np.array_equal(again.objects, samples[5].objects)
    others = [sample(7, 6, 64, 3), sample(8, 5, 64, 3)]
    assert all(not np.array_equal(other.pixels, again.pixels) for other in others)


def test_shapes_types_and_sizes_of_objects(samples):
    for item in samples:
        assert item.pixels.shape == (64, 64)
        assert item.pixels.dtype == np.uint8
        assert item.objects.dtype == bool
        assert item.objects.shape[1:] == (64, 64)
        assert 1 <= len(item.objects) <= 3
        areas = item.objects.sum(axis=(1, 2))
        assert areas.min() >= 12
        assert areas.max() <= 0.75 * 64 * 64


def test_objects_are_as_varied_as_those_of_medical_images(samples):
    objects = [mask for item in samples for mask in item.objects]
    areas = np.array([mask.sum() for mask in objects])
    assert (areas < 100).sum() >= 5
    assert (areas > 1000).sum() >= 5
    assert sum(count_components(mask) > 1 for mask in objects) >= 5
    # Few images are flat: most have half of the grey levels or more between their darkest and brightest pixels.
    ranges = np.array([float(np.ptp(item.pixels.astype(int))) for item in samples])
    assert np.median(ranges) > 200


def test_objects_differ_from_what_is_around_them(samples):
    # Not every one (some are meant to be hard), but most can be seen.
    differences = []
    for item in samples:
        for mask in item.objects:
            near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))).astype(bool) & ~mask
            differences.append(abs(float(item.pixels[mask].mean()) - float(item.pixels[near].mean())))
    assert np.median(differences) > 15


def test_noise_has_unit_variance_and_is_smooth():
    values = noise(np.random.default_rng(0), 64, 4)
    assert values.dtype == np.float32
    assert np.isclose(values.std(), 1, atol=1e-3)
    assert np.abs(np.diff(values, axis=0)).max() < 0.5


def test_training_opens_no_file():
    global LISTENING
    recipe = Recipe("tiny", "focalclick", "segformerB0_S2", (Stage(10, 64, 1),), 1e-3)
    run = Run(recipe, "cpu")
    run.advance()  # whatever is imported late is imported now
    LISTENING = True
    try:
        run.advance()
        sample(1, 1, 64, 2)
    finally:
        LISTENING = False
    assert OPENED == []


@given(seed=st.integers(0, 10**6), index=st.integers(0, len(SERIES) - 1))
@settings(max_examples=40, deadline=None)
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


@settings(deadline=None)
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
