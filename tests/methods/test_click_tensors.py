"""Clicks and maps on their way into a network and back, by hand."""

import numpy as np
import pytest
import torch

from promptseg.methods.click_tensors import click_tensor, image_tensor, into_crop, mirrored, paste, resize


@pytest.mark.filterwarnings("error")
def test_pixels_that_must_not_be_written_to():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    pixels.flags.writeable = False
    tensor = image_tensor(pixels[:, ::-1], "cpu")
    assert tensor.dtype == torch.float32
    np.testing.assert_allclose(tensor[:, 0, 3] * 255, [0, 1, 2])


def test_clicks_follow_their_crop():
    clicks = np.array([(15, 25), (10, 20), (5, 45)])
    np.testing.assert_array_equal(into_crop(clicks, (10, 19, 20, 39), (40, 40)), [(20, 10), (0, 0), (-20, 50)])
    np.testing.assert_array_equal(mirrored(clicks, 60), [(15, 34), (10, 39), (5, 14)])


def test_clicks_are_sorted_by_sign_and_padded():
    clicks = [np.array([(1, 2), (3, 4), (5.5, 6)]), np.array([(7, 8)])]
    tensor = click_tensor(clicks, [np.array([1, 0, 1]), np.array([0])])
    none = (-1, -1, -1)
    expected = [[(1, 2, 0), (5.5, 6, 2), (3, 4, 1), none], [none, none, (7, 8, 0), none]]
    np.testing.assert_array_equal(tensor, expected)
    assert tensor.dtype == torch.float32


def test_maps_are_pasted_into_zeros():
    patch = torch.tensor([(1.0, 3.0), (5.0, 7.0)])
    full = paste(patch, (1, 3, 0, 1), (5, 4))
    expected = np.zeros((5, 4))
    expected[1:4, :2] = [(1, 3), (3, 5), (5, 7)]  # corners on corners
    np.testing.assert_allclose(full, expected)
    np.testing.assert_array_equal(resize(patch[None], (1, 1)), [[[1]]])
