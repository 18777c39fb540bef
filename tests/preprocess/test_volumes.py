"""Images from files of any format."""

import nibabel as nib
import nrrd
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_colours, read_volume
from support.dicoms import LPS, LPS_AFFINE, save_series
from support.volumes import save_nifti, save_png, turned


def test_four_dimensions(tmp_path):
    path = save_nifti(tmp_path / "a.nii", np.zeros((4, 5, 3, 2), np.uint8), np.eye(4))
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.nii has the shape 4 x 5 x 3 x 2"):
        read_volume([path])
    path = save_nifti(tmp_path / "b.nii", np.zeros((4, 5, 3, 1), np.uint8), np.eye(4))
    assert read_volume([path]).shape == (4, 5, 3)


@pytest.mark.parametrize("name", ["a.png", "a.nii.gz", "a.nii", "a.nrrd", "a.tif"])
def test_unreadable_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is not a picture of any kind")
    with pytest.raises(PromptsegError, match=rf"^unreadable: {name} is damaged") as caught:
        read_volume([tmp_path / name])
    assert str(tmp_path) not in str(caught.value)


def test_truncated_files(tmp_path):
    noise = np.random.default_rng(0).integers(0, 99, (20, 20, 20), np.uint8)
    whole = save_nifti(tmp_path / "a.nii.gz", noise, np.eye(4))
    whole.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.nii\.gz"):
        read_volume([whole])
    paths = save_series(tmp_path / "s")
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    with pytest.raises(PromptsegError, match=r"^unreadable: b is damaged"):
        read_volume(paths)


def test_missing_file_and_unknown_format(tmp_path):
    with pytest.raises(PromptsegError, match=r"^missing file: a\.png is not there; "):
        read_volume([tmp_path / "a.png"])
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(PromptsegError, match=r"^unknown format: a\.txt"):
        read_volume([tmp_path / "a.txt"])


def test_several_files_that_are_no_series(tmp_path):
    paths = [save_png(tmp_path / name, np.zeros((2, 2), np.uint8)) for name in ("a.png", "b.png")]
    with pytest.raises(PromptsegError, match=r"^several files: a\.png, b\.png are not one DICOM series"):
        read_volume(paths)


def test_a_header_and_its_data_are_one_image(tmp_path):
    nrrd.write(str(tmp_path / "a.nhdr"), LPS)
    nib.save(nib.Nifti1Pair(LPS, LPS_AFFINE), tmp_path / "b.img")
    for names in (["a.nhdr", "a.raw.gz"], ["b.hdr", "b.img"]):
        assert np.array_equal(read_volume([tmp_path / name for name in names]).array, LPS)
    with pytest.raises(PromptsegError, match=r"^several files: a\.nhdr, b\.hdr are not one DICOM series"):
        read_volume([tmp_path / "a.nhdr", tmp_path / "a.raw.gz", tmp_path / "b.hdr"])


def test_channels_of_four_dimensions(tmp_path):
    array = np.stack([LPS, LPS * 2, LPS * 3, LPS * 4], axis=3)
    path = save_nifti(tmp_path / "a.nii.gz", array, LPS_AFFINE)
    grey = read_volume([path], channels=[2])
    assert np.array_equal(grey.array, LPS * 3)
    assert not grey.separate
    colour = read_volume([path], channels=[3, 0, 1])
    assert colour.separate
    assert np.array_equal(colour.array[..., 0], LPS * 4)
    assert np.array_equal(reorient(colour, "sagittal").picture(1)[..., 1], LPS[1, :, ::-1].T)
    with pytest.raises(PromptsegError, match=r"^too many dimensions: .* 4 x 5 x 3 x 4; say which .* by `channels`"):
        read_volume([path])
    for channels in ([4], [0, 1]):
        with pytest.raises(PromptsegError, match=r"^no such channels: a\.nii\.gz has the shape 4 x 5 x 3 x 4"):
            read_volume([path], channels=channels)
    with pytest.raises(PromptsegError, match=r"^no such channels: b\.nii"):
        read_volume([save_nifti(tmp_path / "b.nii", LPS, LPS_AFFINE)], channels=[0])
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.nii\.gz .* each mask to a file of its own"):
        read_labels([path], grey)


def test_colours_from_three_files(tmp_path, caplog):
    channels = [(LPS, "RAS"), (LPS * 2, "LPS"), (LPS * 0.5, "SAL")]
    paths = [
        save_nifti(tmp_path / f"{index}.nii", *turned(array, LPS_AFFINE, codes))
        for index, (array, codes) in enumerate(channels, start=1)
    ]
    volume = read_colours(paths)
    assert volume.separate
    assert volume.array.shape == (4, 5, 3, 3)
    assert np.array_equal(reorient(volume, "axial").array, np.stack([LPS, LPS * 2, LPS * 0.5], axis=3))
    assert caplog.text == ""
    with pytest.raises(PromptsegError, match=r"^sizes differ: the image 1\.nii"):
        read_colours([*paths[:2], save_nifti(tmp_path / "4.nii", LPS[:3], LPS_AFFINE)])
