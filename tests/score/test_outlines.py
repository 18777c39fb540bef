"""Edges read from run-length codes, and their distances, compared with whole masks and scipy's maps of distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from promptseg.core import masks
from promptseg.score import outlines
from promptseg.score.surfaces import edge_of

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))
FILLED = SHAPES.flatmap(lambda shape: arrays(bool, shape)).filter(np.any)


def pixels(mask):
    """(2, n): all x, all y, down one column after another."""
    return np.array(np.nonzero(mask.T))


@given(FILLED)
def test_run_lengths(mask):
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(np.concatenate([[False], flat]).astype(int)))
    expected = np.diff(changes, prepend=0, append=flat.size)
    assert outlines.run_lengths(masks.encode(mask)["counts"]).tolist() == expected.tolist()


def test_run_lengths_of_several_groups_of_bits_and_both_signs():
    mask = np.zeros((3000, 2000), bool)
    mask[5:2995, 10:1990] = True
    mask[1, 1] = mask[2999, 1999] = True
    assert outlines.run_lengths(masks.encode(mask)["counts"])[:4].tolist() == [3001, 1, 27003, 2990]


@given(FILLED)
def test_the_edge_is_that_of_the_whole_mask(mask):
    assert outlines.edge_pixels(masks.encode(mask)).tolist() == pixels(edge_of(mask)).tolist()


@pytest.mark.parametrize(
    "mask", [np.ones((6, 8), bool), np.eye(5, dtype=bool), np.ones((1, 7), bool), np.ones((7, 1), bool)]
)
def test_edges_of_full_and_thin_masks(mask):
    assert outlines.edge_pixels(masks.encode(mask)).tolist() == pixels(edge_of(mask)).tolist()


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.4, 0.4), (0.7, 1.3)])
@pytest.mark.parametrize("density", [0.001, 0.02, 0.4])
def test_distances_are_those_of_a_map(spacing, density):
    rng = np.random.default_rng(4)
    one, two = (rng.random((90, 300)) < density for _ in range(2))
    pairs = int(one.sum()) * int(two.sum())
    assert (pairs > outlines._PAIRS * one.size) == (density == 0.4)  # where a map is made
    edge = outlines.Edge(pixels(one), one.shape, spacing)
    ((there, back),) = edge.both_ways([pixels(two)])
    to_one, to_two = (distance_transform_edt(~mask, sampling=spacing) for mask in (one, two))
    assert np.allclose(there, to_one.T[two.T], rtol=0, atol=1e-12)
    assert np.allclose(back, to_two.T[one.T], rtol=0, atol=1e-12)


def test_distances_in_an_image_too_large_for_single_precision():
    shape = (3000, 3001)
    edge = outlines.Edge(np.array([[0, 3000], [0, 2999]]), shape, (1.0, 1.0))
    ((_, back),) = edge.both_ways([np.array([[2998, 2999], [2999, 2998]])])
    assert back.tolist() == [np.hypot(2998, 2999), 2.0**0.5]
