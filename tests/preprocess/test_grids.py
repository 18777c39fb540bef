"""Turning volumes, and scaling their values."""

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.preprocess.grids import Volume, reorient, rescaled
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import CODES, save_nifti, turned


@pytest.mark.parametrize("codes", CODES)
def test_all_orientations_give_the_same_slices(tmp_path, codes):
    path = save_nifti(tmp_path / "a.nii.gz", *turned(LPS, LPS_AFFINE, codes))
    assert "".join(nib.aff2axcodes(nib.load(path).affine)) == codes
    volume = reorient(read_volume([path]), "axial")
    assert np.array_equal(volume.array, LPS)
    assert np.allclose(volume.affine, LPS_AFFINE)
    assert volume.pixel_spacing == pytest.approx((0.75, 0.5))


def test_there_are_48_orientations():
    assert len(set(CODES)) == 48


def test_coronal_and_sagittal_pictures(tmp_path):
    volume = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, "RAS"))])
    coronal = reorient(volume, "coronal")
    # Columns to the left, rows from the top (last axial slice) down, slices from front to back.
    assert np.array_equal(coronal.picture(4), LPS[:, 4, ::-1].T)
    assert coronal.pixel_spacing == pytest.approx((2.5, 0.5))
    sagittal = reorient(volume, "sagittal")
    # Columns to posterior, slices to the left.
    assert np.array_equal(sagittal.picture(1), LPS[1, :, ::-1].T)
    assert sagittal.pixel_spacing == pytest.approx((2.5, 0.75))


@given(
    st.sampled_from(CODES),
    st.sampled_from(["axial", "coronal", "sagittal", 0, 1, 2]),
    st.tuples(*[st.floats(0.2, 9.0)] * 3),
    st.floats(-0.7, 0.7),
)
def test_turning_leaves_every_voxel_in_its_place(codes, axis, steps, angle):
    rotation = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(steps)
    array, affine = turned(LPS, affine, codes)
    before = Volume(array, affine, tuple(np.linalg.norm(affine[:3, :3], axis=0)), "a")
    after = reorient(before, axis)
    places = []
    for volume in (before, after):
        index = np.stack([*np.nonzero(volume.array >= 0), np.ones(60)])
        order = np.argsort(volume.array, axis=None)
        places.append((volume.affine @ index)[:, order])
    assert np.allclose(places[0], places[1])
    assert after.spacing == pytest.approx(np.linalg.norm(after.affine[:3, :3], axis=0))


def test_numbered_axis_keeps_the_stored_order(tmp_path):
    volume = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, "RAS"))])
    cut = reorient(volume, 0)
    assert np.array_equal(cut.picture(2), volume.array[2].T)
    assert cut.pixel_spacing == pytest.approx((2.5, 0.75))


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=6), st.integers(1, 70000), st.integers(-70000, 70000))
def test_whole_scales_are_exact(values, slope, intercept):
    array = np.array(values, np.int16)
    result, scale = rescaled(array, float(slope), float(intercept))
    assert scale is None
    assert result.tolist() == [value * slope + intercept for value in values]
