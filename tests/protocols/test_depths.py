"""The deepest voxels of a region."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from promptseg.protocols.depths import box_of, deepest_voxels, placed, transform

samplings = st.sampled_from([None, (2.0, 1.0, 0.5)])
bodies = arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)))
NONE = np.zeros((0, 3), int)


def test_boxes_grow_as_far_as_the_array_goes() -> None:
    body = np.zeros((4, 6, 8), bool)
    body[0, 2:4, 5] = True
    assert box_of(body) == (slice(0, 1), slice(2, 4), slice(5, 6))
    assert box_of(body, grown=2) == (slice(0, 3), slice(0, 6), slice(3, 8))
    assert np.array_equal(placed(body[box_of(body)], [0, 2, 5], body.shape), body)


def test_where_nothing_lies_outside_all_are_equally_deep() -> None:
    assert (transform(np.ones((2, 3, 4), bool), image=False, border="object") == 1).all()


@given(
    bodies,
    st.booleans(),
    st.sampled_from(["background", "object"]),
    st.sampled_from([None, (2.0, 1.0, 0.5)]),
    st.data(),
)
def test_as_the_transform_of_the_whole_array(
    body: np.ndarray, image: bool, border: str, sampling: tuple[float, float, float] | None, data: st.DataObject
) -> None:
    body = body[:1] if image else body
    without = np.array(data.draw(st.lists(st.tuples(*(st.integers(0, n - 1) for n in body.shape)), max_size=3)), int)
    voxels, square = deepest_voxels(body, image=image, sampling=sampling, border=border, without=without.reshape(-1, 3))
    whole = np.pad(body, [(0 if border == "object" or (image and axis == 0) else 1,) * 2 for axis in range(3)])
    if whole.all():
        expected = np.ones(body.shape)
    else:
        distances = distance_transform_edt(whole, sampling=sampling)
        expected = distances[
            tuple(slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(whole.shape, body.shape, strict=True))
        ]
    expected[tuple(without.reshape(-1, 3).T)] = 0
    assert square == pytest.approx(expected.max() ** 2)
    best = np.argwhere(np.isclose(expected, expected.max()) & (expected > 0))
    assert np.array_equal(voxels, best)
