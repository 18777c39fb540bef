import sys
import threading

import cv2
import numpy as np
import pytest

from promptseg.core.masks import count_components
from promptseg.training.generate import sample
from promptseg.training.loop import Run
from promptseg.training.settings import Recipe, Stage
from promptseg.training.shapes import noise

SERIES = range(40)
LEVELS = [44.8, 102.3, 110.2, 100.2, 162.4, 187.9, 106.1, 79.1, 25.5, 102.5, 104.5, 87.8]  # of the first images
AREAS = [
    [21, 22, 62],
    [999, 322, 311],
    [127, 78, 2058],
    [28, 2305, 34],
    [37, 990, 240],
    [285, 1721, 116],
    [2090, 953, 71],
    [136, 26, 49],
    [1739, 1699, 559],
    [55, 408, 1795],
    [42, 192, 414],
    [51, 19, 175],
]
OPENED: list[str] = []
LISTENING = False


def listen(event, arguments):
    # A job that ran in this process for another test leaves a thread that looks for the process which started it.
    watching = threading.current_thread().name == "end with parent"
    if LISTENING and not watching and event in ("open", "socket.connect", "subprocess.Popen"):
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


def test_images_stay_those_that_the_shipped_networks_were_trained_on(samples):
    # Not their digests: with other instructions of the processor, OpenCV rounds a few pixels otherwise.
    for item, level, areas in zip(samples, LEVELS, AREAS, strict=False):
        assert item.pixels.mean() == pytest.approx(level, abs=0.2)
        assert item.objects.sum(axis=(1, 2)) == pytest.approx(areas, abs=2)


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
