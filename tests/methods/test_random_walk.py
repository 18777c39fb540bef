"""The random walker solves what scikit-image's does, to the same tolerance."""

import numpy as np
import pytest
from skimage.segmentation import random_walker

from promptseg.methods.random_walk import Edges, walked


def shown(seed, shape=(41, 64)):
    """A blurred image with noise, and seeds: a border, clicks of both kinds."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    grey = np.exp(-(((rows - 20) / 9) ** 2 + ((columns - 30) / 14) ** 2)) + 0.1 * generator.random(shape)
    seeds = np.zeros(shape, np.int8)
    seeds[0], seeds[-1], seeds[:, 0], seeds[:, -1] = 2, 2, 2, 2
    seeds[19:22, 29:32] = 1
    for label, (row, column) in enumerate(generator.integers(1, 40, (4, 2))):
        seeds[row, column] = 1 + label % 2
    return grey, seeds


@pytest.mark.parametrize("beta", [10, 130, 5000])
@pytest.mark.parametrize("seed", range(4))
def test_masks_are_those_of_scikit_image(seed, beta):
    grey, seeds = shown(seed)
    expected = random_walker(grey, seeds, beta=beta, mode="cg_j", prob_tol=1) == 1
    found = walked(Edges.of(grey, beta), seeds)
    assert found.dtype == bool
    assert 9 < found.sum() < found.size / 2
    assert np.array_equal(found, expected)


def test_a_kind_of_seeds_that_no_free_pixel_touches():
    """A walker never reaches it."""
    grey, seeds = np.arange(20.0).reshape(4, 5), np.full((4, 5), 2, np.int8)
    seeds[1:3, 1:4] = 0
    seeds[0, 0] = 1  # between seeds of the other kind
    found = walked(Edges.of(grey, 1), seeds)
    assert found.nonzero() == (np.array([0]), np.array([0]))


def test_the_weights_of_edges():
    edges = Edges.of(np.array([[0.0, 1.0], [0.0, 0.0]]), 1)
    scale = 1 / (10 * np.sqrt(3 / 16))
    assert edges.across.ravel().tolist() == pytest.approx([np.exp(-scale), 1])
    assert edges.down.ravel().tolist() == pytest.approx([1, np.exp(-scale)])
    assert edges.sums(np.ones((2, 2)))[0, 1] == pytest.approx(2 * np.exp(-scale))
