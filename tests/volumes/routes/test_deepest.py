import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import distance_transform_edt

from promptseg.volumes.routes.deepest import deepest
from support import bodies


def by_scipy(body, sampling):
    depths = distance_transform_edt(np.pad(body, 1), sampling=sampling)[1:-1, 1:-1, 1:-1]
    # In mm equal depths may differ in the last digit.
    return np.argwhere(depths >= depths.max() * (1 - 1e-9))


@given(
    arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=9), elements=st.sampled_from([True, True, True, False])),
    st.sampled_from([None, (5.0, 0.7, 0.7), (0.4, 1.0, 1.0), (1.5, 0.7, 1.1)]),
)
def test_equals_the_transform_of_the_whole_body(body, sampling):
    if body.any():
        np.testing.assert_array_equal(deepest(body, sampling), by_scipy(body, sampling))


@pytest.mark.parametrize("sampling", [None, (3.0, 0.8, 0.8)])
@pytest.mark.parametrize(
    "body",
    [
        bodies.cone(radius=30),
        bodies.ellipsoid((30, 60, 50), radii=(12, 28, 22)),
        bodies.oblique_cylinder((30, 60, 60), radius=9, first=0, last=29, start=(14, 14)),
        bodies.at_border((20, 30, 30), radius=25, last=12),
        np.ones((7, 8, 9), bool),
    ],
    ids=["cone", "ellipsoid", "oblique", "border", "all"],
)
def test_bodies(body, sampling):
    np.testing.assert_array_equal(deepest(body, sampling), by_scipy(body, sampling))


def test_more_candidates_than_are_looked_at_at_once():
    """A sheet at 45 degrees: in its planes and columns every voxel seems deeper than it is."""
    row = np.zeros((60, 150), bool)
    row[:, :12] = True
    body = np.stack([np.roll(row, z, axis=1) for z in range(130)])
    found = deepest(body)
    assert len(found) > 5000
    np.testing.assert_array_equal(found, by_scipy(body, None))
