"""Pictures as PNG, and their digests."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from promptseg.preprocess.images import decode_png, encode_png, object_mask, pixel_digest

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(st.data(), SHAPES, st.sampled_from([np.uint8, np.uint16]))
def test_grey_png_is_lossless(data, shape, dtype):
    array = data.draw(arrays(dtype, shape))
    result = decode_png(encode_png(array))
    assert result.dtype == dtype
    assert np.array_equal(result, array)


@given(st.data(), SHAPES)
def test_colour_png_is_lossless(data, shape):
    array = data.draw(arrays(np.uint8, (*shape, 3)))
    assert np.array_equal(decode_png(encode_png(array)), array)


def test_png_of_a_view_and_its_header():
    array = np.arange(60, dtype=np.uint8).reshape(6, 10)
    content = encode_png(array[::-2, 1::3])
    assert np.array_equal(decode_png(content), array[::-2, 1::3])
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (3, 3), "L")
        image.verify()


def test_png_of_a_smooth_picture_is_small():
    rows, columns = np.mgrid[:256, :256]
    picture = ((rows + columns) // 2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    assert len(encode_png(picture)) < 2 * len(buffer.getvalue())


def test_digest_is_of_shape_type_and_pixels():
    array = np.array([[1, 2], [3, 4]], np.uint8)
    # Of the bytes "(2, 2) |u1 " and 1 2 3 4.
    assert pixel_digest(array) == "5d7bea01d96c807625a794109a3ece6b612b3d06f21c6795e1fc4cf73e8465f0"
    assert pixel_digest(np.asfortranarray(array)) == pixel_digest(array)
    others = [array.T, array.reshape(1, 4), array.astype(np.uint16)]
    assert len({pixel_digest(other) for other in [array, *others]}) == 4


@pytest.mark.parametrize(("values", "expected"), [([1], [1, 0, 0]), ([1, 300], [1, 1, 0]), ([9], [0, 0, 0])])
def test_object_of_several_values(values, expected):
    assert object_mask(np.array([[1, 300, 7]], np.uint16), values)[0].tolist() == expected
