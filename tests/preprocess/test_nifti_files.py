"""NIfTI files whose names do not say what they are, colours, vectors, and pairs of .hdr and .img."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import save_nifti, save_scaled


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_content_tells_whether_it_is_compressed(tmp_path, caplog, kind):
    caplog.set_level("INFO")
    nib.save(kind(LPS, LPS_AFFINE), tmp_path / "plain.nii")
    content = (tmp_path / "plain.nii").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(content)
    (tmp_path / "b.nii").write_bytes(gzip.compress(content))
    for name in ("a.nii.gz", "b.nii"):
        volume = read_volume([tmp_path / name])
        assert np.array_equal(volume.array, LPS)
        assert np.allclose(volume.affine, LPS_AFFINE)
    assert "a.nii.gz is not compressed, whatever its name says" in caplog.text
    assert "b.nii is compressed, whatever its name says" in caplog.text
    (tmp_path / "a.nii.gz").write_bytes(content[:-1])
    (tmp_path / "b.nii").write_bytes(gzip.compress(content)[:-9])
    for name in ("a.nii.gz", "b.nii"):
        with pytest.raises(PromptsegError, match=rf"^unreadable: {name} "):
            read_volume([tmp_path / name])


def test_a_compressed_file_of_several_members(tmp_path):
    """As bgzip and parallel programs write it."""
    content = save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE).read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(
        gzip.compress(content[:400]) + gzip.compress(content[400:]) + gzip.compress(b"")
    )
    assert np.array_equal(read_volume([tmp_path / "b.nii.gz"]).array, LPS)


def test_scale_in_a_file_with_another_name(tmp_path):
    (tmp_path / "b.nii.gz").write_bytes(save_scaled(tmp_path / "a.nii", LPS, 0.5, -1).read_bytes())
    volume = read_volume([tmp_path / "b.nii.gz"])
    assert np.array_equal(volume.picture(1), LPS[:, :, 1].T * 0.5 - 1)


def test_colours(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (4, 5, 3, 3), np.uint8)
    stored = np.ascontiguousarray(colours).view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    for name in ("a.nii", "a.nii.gz"):
        volume = read_volume([save_nifti(tmp_path / name, stored, LPS_AFFINE)])
        assert not volume.separate
        assert np.array_equal(volume.array, colours)
        assert volume.picture(2)[4, 1].tolist() == colours[1, 4, 2].tolist()


def test_components_of_a_vector_lie_along_the_fifth_axis(tmp_path):
    vectors = np.stack([LPS, LPS * 2], axis=3)[:, :, :, None]
    assert vectors.shape == (4, 5, 3, 1, 2)
    path = save_nifti(tmp_path / "a.nii", vectors, LPS_AFFINE)
    assert np.array_equal(read_volume([path], [1]).array, LPS * 2)
    path = save_nifti(tmp_path / "b.nii", np.zeros((4, 5, 3, 2, 2), np.uint8), LPS_AFFINE)
    with pytest.raises(PromptsegError, match=r"^too many dimensions: b\.nii has the shape 4 x 5 x 3 x 2 x 2; "):
        read_volume([path], [0])


def test_complex_numbers(tmp_path):
    path = save_nifti(tmp_path / "a.nii", LPS.astype(np.complex64), LPS_AFFINE)
    with pytest.raises(PromptsegError, match=r"^complex numbers: a\.nii holds complex numbers; save the magnitude"):
        read_volume([path])


@pytest.mark.parametrize("given", ["a.hdr", "a.img"])
class TestPairs:
    def test_nifti(self, tmp_path, given):
        nib.save(nib.Nifti1Pair(LPS, LPS_AFFINE), tmp_path / "a.img")
        volume = read_volume([tmp_path / given])
        assert np.array_equal(volume.array, LPS)
        assert np.allclose(volume.affine, LPS_AFFINE)

    def test_analyze_has_a_spacing_and_no_orientation(self, tmp_path, given):
        image = nib.AnalyzeImage(LPS.astype(np.int16), None)
        image.header.set_zooms((0.5, 0.75, 2.5))
        nib.save(image, tmp_path / "a.img")
        volume = read_volume([tmp_path / given])
        assert np.array_equal(volume.array, LPS)
        assert volume.affine is None
        assert volume.spacing == (0.5, 0.75, 2.5)

    def test_spm_says_the_orientation_in_a_third_file(self, tmp_path, given):
        nib.save(nib.Spm99AnalyzeImage(LPS.astype(np.int16), LPS_AFFINE), tmp_path / "a.img")
        assert (tmp_path / "a.mat").is_file()
        assert np.allclose(read_volume([tmp_path / given]).affine, LPS_AFFINE)

    def test_compressed(self, tmp_path, given):
        nib.save(nib.Nifti1Pair(LPS, LPS_AFFINE), tmp_path / "a.img.gz")
        assert np.array_equal(read_volume([tmp_path / f"{given}.gz"]).array, LPS)

    def test_capital_letters(self, tmp_path, given):
        nib.save(nib.Nifti1Pair(LPS, LPS_AFFINE), tmp_path / "a.img")
        for name in ("a.hdr", "a.img"):
            (tmp_path / name).rename(tmp_path / name.upper())
        assert np.array_equal(read_volume([tmp_path / given.upper()]).array, LPS)

    def test_the_other_file_is_not_there(self, tmp_path, given):
        nib.save(nib.Nifti1Pair(LPS, LPS_AFFINE), tmp_path / "a.img")
        other = tmp_path / ("a.img" if given == "a.hdr" else "a.hdr")
        other.write_bytes(other.read_bytes()[:60])
        with pytest.raises(PromptsegError, match=rf"^unreadable: {given} is damaged"):
            read_volume([tmp_path / given])
        other.write_bytes(b"")
        with pytest.raises(PromptsegError, match=rf"^empty file: {other.name} has 0 bytes"):
            read_volume([tmp_path / given])
        other.unlink()
        with pytest.raises(PromptsegError, match=rf"^missing file: {given} is one of a pair of \.hdr and \.img, and"):
            read_volume([tmp_path / given])
