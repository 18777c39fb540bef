"""Masks in NIfTI on a DICOM series from which slices were lost."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.segmentations import areas, marks, save_stack

ORIGIN = [7.0, -3.0]  # of the series, in RAS


def save_mask(path, *counts, first=0.0, step=1.0):
    affine = np.diag([-0.5, -0.75, step, 1.0])
    affine[:3, 3] = [*ORIGIN, first]
    nib.save(nib.Nifti1Image(marks(*counts).transpose(2, 1, 0), affine), path)
    return path


def laid(path, image):
    return areas(read_labels([path], image).array)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((0, 1, 2, 4, 5), [1, 2, 3, 5, 6]),
        ((0, 3, 4, 5), [1, 4, 5, 6]),
        ((0, 1, 5), [1, 2, 6]),
        (range(6), [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_mask_of_all_slices(tmp_path, there, expected):
    image = read_volume(save_stack(tmp_path / "s", there))
    assert laid(save_mask(tmp_path / "m.nii", 1, 2, 3, 4, 5, 6), image) == expected


def test_a_mask_of_all_slices_in_another_order(tmp_path):
    image = read_volume(save_stack(tmp_path / "s", (0, 1, 2, 4, 5)))
    path = save_mask(tmp_path / "m.nii", 1, 2, 3, 4, 5, 6)
    turned = tmp_path / "turned.nii"
    nib.save(nib.as_closest_canonical(nib.load(path)), turned)
    array = read_labels([turned], image).array
    assert areas(array) == [1, 2, 3, 5, 6]
    assert array[0, 1, 0] == 1
    falling = save_mask(tmp_path / "f.nii", 6, 5, 4, 3, 2, 1, first=5.0, step=-1.0)
    assert laid(falling, image) == [1, 2, 3, 5, 6]


def test_a_mask_of_the_slices_that_are_there(tmp_path):
    """As converters write it, with the mean step."""
    image = read_volume(save_stack(tmp_path / "s", (0, 1, 2, 4, 5)))
    assert laid(save_mask(tmp_path / "m.nii", 1, 2, 3, 5, 6, step=1.25), image) == [1, 2, 3, 5, 6]


def test_a_mask_of_another_part(tmp_path):
    image = read_volume(save_stack(tmp_path / "s", (0, 1, 2, 4, 5)))
    with pytest.raises(PromptsegError, match=r"^places differ: "):
        laid(save_mask(tmp_path / "m.nii", 1, 2, 3, 4, 5, 6, first=3.0), image)
    with pytest.raises(PromptsegError, match=r"^sizes differ: "):
        laid(save_mask(tmp_path / "n.nii", 1, 2, 3, 4, 5, 6, 7), image)
