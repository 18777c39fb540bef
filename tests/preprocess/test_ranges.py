"""Arithmetic on stored numbers of every type, up to the ends of its range."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jsonschema import ValidationError, validate

from promptseg.config.schema import read_schema
from promptseg.core.errors import PromptsegError
from promptseg.preprocess.consensus import majority
from promptseg.preprocess.grids import rescaled, scaled
from promptseg.preprocess.intensity import limits, to_uint8
from promptseg.preprocess.volumes import read_volume
from support.dicoms import save_slice

INTEGERS = [np.dtype(f"{sign}{size}") for sign in "iu" for size in (1, 2, 4, 8)]
FLOATS = [np.dtype(f"f{size}") for size in (2, 4, 8)]
SHAPES = st.tuples(*[st.integers(1, 4)] * 3)


def stored(dtype: np.dtype) -> st.SearchStrategy[np.ndarray]:
    """Volumes of a type; the ends of its range are frequent."""
    if dtype.kind == "f":
        limit = float(np.finfo(dtype).max) / (4 if dtype.itemsize == 8 else 1)
        return arrays(dtype, SHAPES, elements=st.floats(-limit, limit, width=8 * dtype.itemsize))
    least, largest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    ends = st.sampled_from(sorted({least, least + 1, max(least, -1), 0, 1, largest - 1, largest}))
    return arrays(dtype, SHAPES, elements=st.one_of(ends, st.integers(least, largest)))


VOLUMES = st.sampled_from(INTEGERS + FLOATS).flatmap(stored)
WHOLE = st.sampled_from(INTEGERS).flatmap(stored)


@given(VOLUMES, st.floats(0, 50), st.floats(51, 100), st.sampled_from([None, (0.37, -3.25), (2.0**20, 0.5)]))
def test_percentiles_are_those_of_float64(volume, low, high, scale):
    scale = scale if volume.dtype.kind in "iu" else None
    values = volume.astype(np.float64) if scale is None else volume * scale[0] + scale[1]
    found = limits(volume, {"kind": "percentiles", "low": low, "high": high}, "a", scale)
    assert found == tuple(np.percentile(values, [low, high]).tolist())


def test_percentiles_between_the_ends_of_a_type():
    percents = {"kind": "percentiles", "low": 1, "high": 100}
    assert limits(np.array([0, -(2**31)], np.int32), percents, "a") == (pytest.approx(-2126008811.52, abs=1e-6), 0)
    # Half of the way between the least and the largest number of 16 bits; their difference is infinite in float16.
    half = np.array([-65504, 65504], np.float16)
    assert limits(half, {"kind": "percentiles", "low": 50, "high": 75}, "a") == (0.0, 32752.0)


@given(VOLUMES, st.data())
def test_8_bits_are_those_of_fractions(volume, data):
    """`a / a.max() * 255` in float64 may fall short of the exact quotient, by one step where it is a whole number."""
    values = [Fraction(value) for value in volume.ravel().tolist()]
    low, high = sorted((data.draw(st.sampled_from(values)), data.draw(st.sampled_from(values))))
    shifted = [min(max(value, low), high) - low for value in values]
    largest = max(shifted) or 1
    exact = np.array([float(value / largest * 255) for value in shifted])
    found = to_uint8(volume, float(low), float(high)).ravel().astype(float)
    # float64 itself cannot tell neighbours of 64 bits apart.
    blur = 2.0**-40 if volume.dtype.itemsize < 8 else 1e-9 + 255 * 2.0**-52 * float(max(abs(low), abs(high)) / largest)
    assert (found <= exact + blur).all()
    assert (found > exact - 1 - blur).all()


@given(WHOLE, st.integers(1, 2**33), st.integers(-(2**33), 2**33))
def test_whole_scales_give_python_s_integers(volume, slope, intercept):
    result, scale = rescaled(volume, float(slope), float(intercept))
    exact = [value * slope + intercept for value in volume.ravel().tolist()]
    if scale is None:
        assert result.ravel().tolist() == exact
    else:
        assert (min(exact) < -(2**63)) or (max(exact) >= 2**63) or slope == 1
        assert scaled(result, scale).ravel() == pytest.approx([float(value) for value in exact], rel=1e-12)


@given(WHOLE, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_any_scale_gives_float64(volume, slope, intercept):
    values = scaled(*rescaled(volume, slope, intercept)).ravel()
    exact = [float(Fraction(value) * Fraction(slope) + Fraction(intercept)) for value in volume.ravel().tolist()]
    bound = np.abs(volume.ravel().astype(np.float64) * slope) + abs(intercept)
    assert (np.abs(values - exact) <= 4e-16 * bound + 1e-300).all()


@pytest.mark.parametrize("kind", [{"kind": "none"}, {"kind": "percentiles", "low": 1, "high": 99}])
def test_values_too_far_apart(kind):
    with pytest.raises(PromptsegError, match=r"^range too large: the values of a reach from "):
        limits(np.array([1e308, -1e308]), kind, "a")


def test_majority_of_many_raters():
    # Twice 130 does not fit into 8 bits, nor does 300.
    maps = [np.array([1, 2, 0], np.uint8)] * 130 + [np.array([1, 0, 0], np.uint8)] * 170
    assert majority(maps).tolist() == [1, 0, 0]
    assert majority(maps[:250]).tolist() == [1, 2, 0]


def test_a_radiograph_of_32_bits_is_inverted(tmp_path):
    stored = np.array([[0, 1, 2**32 - 1]], np.uint32)
    tags = {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31, "PixelData": stored.tobytes(), "RescaleSlope": 1}
    tags |= {"PhotometricInterpretation": "MONOCHROME1", "ImagePositionPatient": None, "RescaleIntercept": 0}
    volume = read_volume([save_slice(tmp_path / "a.dcm", stored, 0.0, "1.2", **tags)])
    assert volume.picture(0).tolist() == [[2**32 - 1, 2**32 - 2, 0]]


@pytest.mark.parametrize("about", [{"tasks": {"a": [65536]}}, {"tasks": {"a": [1]}, "other_labels": [65537]}])
def test_labels_of_more_than_16_bits_are_refused(about):
    """As 16 bits, 65537 would be 1: the label of another object."""
    with pytest.raises(ValidationError, match="is greater than the maximum of 65535"):
        validate(about, {**read_schema()["properties"]["datasets"]["additionalProperties"], "required": []})
