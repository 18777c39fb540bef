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


def save_odd(path, codes, offset, values):
    """Sform and qform are `LPS_AFFINE` with these codes; float32 values in the header are overwritten."""
    image = nib.Nifti1Image(LPS, None)
    image.set_qform(LPS_AFFINE, codes[1])
    image.set_sform(LPS_AFFINE, codes[0])
    nib.save(image, path)
    content = bytearray(path.read_bytes())
    new = np.array(values, "<f4").tobytes()
    content[offset : offset + len(new)] = new
    path.write_bytes(content)
    return path


QFAC, QUATERNION, SFORM = 76, 256, 280  # offsets in the header


@pytest.mark.parametrize("codes", [(0, 1), (1, 1)])
@pytest.mark.parametrize(
    ("offset", "values"),
    [(QFAC, [0]), (QFAC, [7]), (QFAC, [np.nan]), (QUATERNION, [0, 0, 1.000001]), (QUATERNION, [0, 0.0001, 1.0001])],
)
def test_sloppy_qform(tmp_path, codes, offset, values, caplog):
    volume = read_volume([save_odd(tmp_path / "a.nii", codes, offset, values)])
    assert len(volume.readings) == 1
    assert np.allclose(volume.affine, LPS_AFFINE, atol=0.001)
    assert caplog.text == ""


@pytest.mark.parametrize("nanometres", [10, 1000])
def test_voxels_of_an_electron_microscope(tmp_path, nanometres, caplog):
    image = nib.Nifti1Image(LPS, np.diag([nanometres / 1000] * 3 + [1]))
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "a.nii")
    assert read_volume([tmp_path / "a.nii"]).spacing == pytest.approx([nanometres * 1e-6] * 3)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("offset", "values", "message"),
    [
        (QUATERNION, [1, 1, 1], "a.nii: the quaternion of its qform is no rotation: the qform is ignored"),
        (QUATERNION, [np.nan] * 3, "a.nii (qform) has an affine that cannot be inverted: it is ignored"),
        (SFORM, [0] * 12, "a.nii (sform) has an affine that cannot be inverted: it is ignored"),
        (SFORM, [np.inf] * 12, "a.nii (sform) has an affine that cannot be inverted: it is ignored"),
    ],
)
def test_the_other_form_counts(tmp_path, offset, values, message, caplog):
    volume = read_volume([save_odd(tmp_path / "a.nii", (1, 1), offset, values)])
    assert np.allclose(volume.readings, [LPS_AFFINE])
    assert message in caplog.text


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
