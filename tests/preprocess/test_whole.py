"""Which numbers of a mask count as whole."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from promptseg.preprocess.whole import whole_numbers
from support.volumes import save_nifti

AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def image(tmp_path):
    return read_volume([save_nifti(tmp_path / "image.nii", np.zeros((4, 3, 2), np.int16), AFFINE)])


def save_as(path, values, dtype):
    """Labels as `get_fdata` gives them, saved with the header of a file of another type."""
    header = nib.Nifti1Image(np.zeros(values.shape, dtype), AFFINE).header
    nib.save(nib.Nifti1Image(values.astype(np.float64), AFFINE, header), path)
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16])
@pytest.mark.parametrize("highest", [1, 2, 3, 4, 7, 11])
def test_labels_saved_through_a_scale_factor(tmp_path, image, dtype, highest):
    values = (np.arange(24) % (highest + 1)).reshape(4, 3, 2)
    path = save_as(tmp_path / "m.nii.gz", values, dtype)
    labels = read_labels([path], image).array
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, values)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize(
    ("wrong", "said"), [(2.5, r"2\.(5|49|50)"), (0.25, r"0\.2[45]"), (0.93, r"0\.9[23]"), (0.07, r"0\.0[67]")]
)
def test_a_fraction_through_a_scale_factor_is_refused(tmp_path, image, dtype, wrong, said):
    values = (np.arange(24) % 4).reshape(4, 3, 2).astype(float)
    values[2, 1, 1] = wrong
    with pytest.raises(PromptsegError, match=r"^label values are not whole: m\.nii\.gz holds " + said):
        read_labels([save_as(tmp_path / "m.nii.gz", values, dtype)], image)


@pytest.mark.parametrize("levels", [2, 20, 100])
def test_a_probability_map_is_no_label_map(tmp_path, image, levels):
    values = np.linspace(0, 1, 24).reshape(4, 3, 2)
    values = np.rint(values * levels) / levels
    with pytest.raises(PromptsegError, match=r"^label values are not whole"):
        read_labels([save_as(tmp_path / "m.nii.gz", values, np.uint8)], image)


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (2.9999998, True),
        (3.000001, True),
        (2.9999, False),
        (2.5, False),
        (-0.0, True),
        (-1.0, True),
        (1e-7, True),
        (0.001, False),
        (40000.0, True),
        (3e9, False),
        (np.nan, False),
        (np.inf, False),
        (-np.inf, False),
    ],
)
def test_floats(value, whole):
    array = np.array([0, 1, value]).reshape(3, 1, 1)
    assert np.issubdtype(whole_numbers(array, None).dtype, np.integer) == whole


def test_a_large_shift_does_not_make_fractions_whole():
    stored = np.array([0, 1, 2], np.int16).reshape(3, 1, 1)
    assert whole_numbers(stored, (0.1, 1e7)).dtype == np.float64
    assert whole_numbers(stored, (0.5, -1024.0)).dtype == np.float64
    assert whole_numbers(stored * 2, (0.5, -1024.0)).ravel().tolist() == [-1024, -1023, -1022]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (np.nan, "label values are not whole: m.nii holds nan, which is no number; save whole numbers"),
        (-np.inf, "label values are not whole: m.nii holds -inf, which is no number; save whole numbers"),
        (3e9, "label value out of range: m.nii holds values from 0 to 3e+09; write the mask with other numbers"),
        (2.9999, "label values are not whole: m.nii holds 2.9999; save whole numbers"),
    ],
)
def test_what_is_said_of_values_that_are_no_labels(tmp_path, image, value, status):
    values = np.zeros((4, 3, 2))
    values[1, 2, 0] = value
    with pytest.raises(PromptsegError) as caught:
        read_labels([save_nifti(tmp_path / "m.nii", values, AFFINE)], image)
    assert str(caught.value).startswith(status)
