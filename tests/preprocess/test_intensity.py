"""The 8-bit pictures: windows, percentiles and the study's own scaling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.intensity import limits, to_uint8

NONE = {"kind": "none"}


def test_reference_scaling_truncates():
    picture = np.array([[0, 1, 2], [50, 127, 200]], np.uint8)
    # 1 / 200 * 255 = 1.275, 2 / 200 * 255 = 2.55, 50 / 200 * 255 = 63.75, 127 / 200 * 255 = 161.925
    assert to_uint8(picture, *limits(picture, NONE, "a")).tolist() == [[0, 1, 2], [63, 161, 255]]


def test_maximum_is_over_all_channels():
    picture = np.array([[[100, 0, 50], [10, 20, 30]]], np.uint8)
    assert to_uint8(picture, 0, 100).tolist() == [[[255, 0, 127], [25, 51, 76]]]


def test_sixteen_bits_are_all_used():
    picture = np.array([[0, 257, 4096, 65535]], np.uint16)
    assert to_uint8(picture, 0, 65535).tolist() == [[0, 1, 15, 255]]


def test_window_starts_at_zero():
    picture = np.array([[-1000, -160, 40, 240, 3000]], np.int16)
    low, high = limits(picture, {"kind": "window", "low": -160, "high": 240}, "a")
    assert (low, high) == (-160.0, 240.0)
    assert to_uint8(picture, low, high).tolist() == [[0, 0, 127, 255, 255]]


def test_scaling_is_per_picture_within_the_window():
    # The brightest pixel of this slice is far below the window's end and still becomes 255.
    assert to_uint8(np.array([[-200, -100, -60]]), -160, 240).tolist() == [[0, 153, 255]]


def test_percentiles_are_those_of_the_volume():
    volume = np.arange(101, dtype=np.float32).reshape(1, 101)
    assert limits(volume, {"kind": "percentiles", "low": 5, "high": 90}, "a") == (5.0, 90.0)


def test_constant_picture_becomes_zero():
    picture = np.full((2, 2), 7)
    low, high = limits(picture, {"kind": "percentiles", "low": 0.5, "high": 99.5}, "a")
    assert to_uint8(picture, low, high).tolist() == [[0, 0], [0, 0]]


def test_zero_picture_stays_zero():
    assert to_uint8(np.zeros((2, 3), np.uint8), *limits(np.zeros((2, 3)), NONE, "a")).tolist() == [[0] * 3] * 2


def test_nan_is_lowest_and_infinity_is_cut(caplog):
    picture = np.array([[np.nan, -np.inf, 10.0, 20.0, 30.0, np.inf]])
    low, high = limits(picture, {"kind": "percentiles", "low": 0, "high": 100}, "a.nii")
    assert (low, high) == (10.0, 30.0)
    assert to_uint8(picture, low, high).tolist() == [[0, 0, 0, 127, 255, 255]]
    assert "a.nii holds 3 values that are NaN or infinite" in caplog.text


def test_nan_with_none():
    picture = np.array([[np.nan, 0.0, 5.0]])
    assert to_uint8(picture, *limits(picture, NONE, "a")).tolist() == [[0, 0, 255]]


def test_no_finite_value():
    with pytest.raises(PromptsegError, match=r"^no finite value: a\.nii holds only NaN"):
        limits(np.full((2, 2), np.nan), {"kind": "window", "low": 0, "high": 1}, "a.nii")


def test_negative_values_need_a_window():
    with pytest.raises(PromptsegError, match=r"^negative intensities: ct\.nii goes down to -1024; choose .*window"):
        limits(np.array([[-1024, 5]]), NONE, "ct.nii")


def test_empty_window():
    with pytest.raises(PromptsegError, match=r"^empty window: low 5 is not below high 5"):
        limits(np.array([[1]]), {"kind": "window", "low": 5, "high": 5}, "a")


INTEGERS = st.sampled_from([np.uint8, np.int16, np.uint16, np.int32])
FLOATS = (np.float32, np.float64)


@given(st.data(), st.one_of(INTEGERS, st.sampled_from(FLOATS)), st.floats(-2000, 2000), st.floats(0, 3000))
def test_table_gives_what_floating_point_gives(data, dtype, low, width):
    whole = data.draw(arrays(np.int16, (3, 4)))
    picture = whole.astype(dtype) + data.draw(st.sampled_from([0, 0.25])) if dtype in FLOATS else whole.astype(dtype)
    exact = picture.astype(np.float64).clip(low, low + width) - low
    expected = (exact / exact.max() * 255).astype(np.uint8) if exact.max() else np.zeros(picture.shape, np.uint8)
    assert np.array_equal(to_uint8(picture, low, low + width), expected)


@given(st.data(), INTEGERS, st.floats(0, 99.9), st.sampled_from([None, (0.37, -3.25)]))
def test_counted_percentiles_are_those_of_numpy(data, dtype, percent, scale):
    volume = data.draw(arrays(dtype, data.draw(st.tuples(*[st.integers(1, 4)] * 3))))
    values = volume.astype(np.float64) if scale is None else volume * scale[0] + scale[1]
    found = limits(volume, {"kind": "percentiles", "low": percent, "high": 100}, "a", scale)
    assert found == (np.percentile(values, percent), values.max())


def test_none_with_a_scale():
    stored = np.array([[4, 10]], np.int16)
    assert limits(stored, NONE, "a", (0.5, -1.0)) == (0.0, 4.0)
    with pytest.raises(PromptsegError, match=r"^negative intensities: a goes down to -1;"):
        limits(stored, NONE, "a", (0.5, -3.0))


@given(arrays(np.uint8, (4, 5, 3)))
def test_equals_the_formula_of_the_study(picture):
    result = to_uint8(picture, *limits(picture, NONE, "a"))
    expected = np.uint8(picture / picture.max() * 255) if picture.max() else picture
    assert np.array_equal(result, expected)


@given(arrays(np.int16, (4, 5)), st.integers(-500, 500), st.integers(1, 500))
def test_order_is_kept_and_the_maximum_is_255_or_0(picture, low, width):
    result = to_uint8(picture, low, low + width)
    assert result.max() in (0, 255)
    order = np.argsort(picture, axis=None, kind="stable")
    assert (np.diff(result.ravel()[order].astype(int)) >= 0).all()


@pytest.mark.parametrize(("low", "high"), [(99, 1), (50, 50), (1, 150), (-50, 99)])
def test_percentiles_that_would_empty_every_image(low, high):
    picture = np.array([[1, 2, 3]], np.uint8)
    with pytest.raises(PromptsegError, match=f"^empty window: percentiles {low} and {high} do not rise within 0 to"):
        limits(picture, {"kind": "percentiles", "low": low, "high": high}, "a")
