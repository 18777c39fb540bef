"""NIfTI files."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import save_nifti, save_scaled


def test_nifti_without_codes_has_no_orientation(tmp_path):
    image = nib.Nifti1Image(LPS, None)
    image.header.set_zooms((0.5, 0.75, 2.5))
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume([tmp_path / "a.nii"])
    assert volume.affine is None
    assert volume.pixel_spacing == (0.75, 0.5)


def test_nifti_in_micrometres(tmp_path):
    image = nib.Nifti1Image(LPS, np.diag([500.0, 750.0, 2500.0, 1.0]))
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "a.nii")
    assert read_volume([tmp_path / "a.nii"]).pixel_spacing == pytest.approx((0.75, 0.5))


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype", "scale"),
    [
        (1, 0, np.int16, None),
        (2, -1024, np.int16, None),
        (3000, 5, np.int32, None),
        (0.5, -1, np.int16, (0.5, -1.0)),
        (-1, 0, np.float64, None),
    ],
)
def test_scale_of_a_nifti(tmp_path, slope, intercept, dtype, scale):
    for name in ("a.nii", "b.nii.gz"):
        volume = read_volume([save_scaled(tmp_path / name, LPS, slope, intercept)])
        assert (volume.array.dtype, volume.scale) == (dtype, scale)
        assert np.array_equal(volume.picture(1), LPS[:, :, 1].T * float(slope) + intercept)


def test_big_endian(tmp_path):
    volume = read_volume([save_nifti(tmp_path / "a.nii.gz", LPS.astype(">i2"), LPS_AFFINE)])
    assert volume.array.dtype == np.dtype("=i2")
    assert np.array_equal(volume.array, LPS)


def test_two_dimensional_nifti(tmp_path):
    path = save_nifti(tmp_path / "a.nii", LPS[:, :, :1], np.diag([-0.1, -0.1, 1, 1]))
    volume = reorient(read_volume([path]), 2)
    assert volume.planar
    assert np.array_equal(volume.picture(0), LPS[:, :, 0].T)
    assert np.array_equal(read_volume([save_nifti(tmp_path / "b.nii", LPS[:, :, 0], None)]).array, LPS[:, :, :1])


def test_checksum_of_a_gzip_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 99, (20, 20, 20), np.uint8)
    path = save_nifti(tmp_path / "a.nii.gz", noise, LPS_AFFINE)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.nii\.gz is damaged"):
        read_volume([path])
    whole = gzip.decompress(save_nifti(path, noise, LPS_AFFINE).read_bytes())
    path.write_bytes(gzip.compress(whole[:-7]))
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.nii\.gz ends after 7993 of 8000 bytes"):
        read_volume([path])
