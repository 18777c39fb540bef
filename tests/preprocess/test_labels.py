"""Label maps and masks on the grid of their image."""

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.labels import MaskFiles, read_labels, read_masks
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import save_nifti, save_png, save_scaled, turned


def test_labels_are_turned_by_their_own_affine(tmp_path, caplog):
    image = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, "RAS"))])
    for codes in ("LPS", "SAL", "IRP"):
        path = save_nifti(tmp_path / "b.nii", *turned(LPS % 7, LPS_AFFINE, codes))
        labels = read_labels([path], image)
        assert np.array_equal(labels.array, image.array % 7)
        assert np.array_equal(reorient(labels, "coronal").array, reorient(image, "coronal").array % 7)
    assert caplog.text == ""


def test_sizes_differ(tmp_path):
    image = read_volume([save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE)])
    path = save_nifti(tmp_path / "b.nii", LPS[:, :, :2], LPS_AFFINE)
    with pytest.raises(
        PromptsegError, match=r"^sizes differ: the image a\.nii has 4 x 5 x 3 pixels, the mask b\.nii has 4 x 5 x 2;"
    ):
        read_labels([path], image)
    picture = read_volume([save_png(tmp_path / "a.png", np.zeros((2, 3), np.uint8))])
    with pytest.raises(PromptsegError, match=r"a\.png has 3 x 2 x 1 pixels, the mask m\.png has 2 x 3 x 1"):
        read_labels([save_png(tmp_path / "m.png", np.zeros((3, 2), np.uint8))], picture)


def test_labels_without_affine_follow_the_image(tmp_path, caplog):
    array, affine = turned(LPS, LPS_AFFINE, "RAS")
    image = read_volume([save_nifti(tmp_path / "a.nii", array, affine)])
    labels = read_labels([save_nifti(tmp_path / "b.nii", array % 5, None)], image)
    assert np.array_equal(reorient(labels, "axial").array, LPS % 5)
    assert "b.nii says nothing of its orientation" in caplog.text


def test_float_labels(tmp_path):
    image = read_volume([save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE)])
    labels = read_labels([save_nifti(tmp_path / "b.nii", (LPS % 3).astype(np.float32), LPS_AFFINE)], image)
    assert np.issubdtype(labels.array.dtype, np.integer)
    assert np.array_equal(labels.array, LPS % 3)
    wrong = (LPS % 3).astype(np.float32)
    wrong[1, 2, 1] = 0.25
    with pytest.raises(PromptsegError, match=r"^label values are not whole: b\.nii holds 0\.25; save whole"):
        read_labels([save_nifti(tmp_path / "b.nii", wrong, LPS_AFFINE)], image)
    wrong[1, 2, 1] = np.nan
    with pytest.raises(PromptsegError, match=r"^label values are not whole: b\.nii holds nan, which"):
        read_labels([save_nifti(tmp_path / "b.nii", wrong, LPS_AFFINE)], image)


def test_mask_channels(tmp_path):
    image = read_volume([save_png(tmp_path / "a.png", np.zeros((1, 2), np.uint8))])
    equal = save_png(tmp_path / "m.png", np.array([[[1, 1, 1, 9], [0, 0, 0, 9]]], np.uint8))
    assert read_labels([equal], image).picture(0).tolist() == [[1, 0]]
    colour = save_png(tmp_path / "c.png", np.array([[[1, 0, 0], [0, 0, 0]]], np.uint8))
    with pytest.raises(PromptsegError, match=r"^coloured mask: the channels of c\.png differ"):
        read_labels([colour], image)


def test_masks_and_probability_maps(tmp_path):
    image = read_volume([save_nifti(tmp_path / "a.nii", np.zeros((3, 2, 1), np.uint8), np.eye(4))])
    first = save_nifti(tmp_path / "p.nii", np.array([[0.5, 0.4], [0.9, 0.1], [np.nan, 1.0]])[:, :, None], np.eye(4))
    second = save_nifti(tmp_path / "q.nii", np.array([[0, 0], [7, 0], [0, 0]], np.uint8)[:, :, None], np.eye(4))
    labels = read_masks([MaskFiles((first,), 1, 0.5), MaskFiles((second,), 2)], image)
    assert labels.array[:, :, 0].tolist() == [[1, 0], [2, 0], [0, 1]]


def test_mask_files_of_one_object_are_joined(tmp_path):
    image = read_volume([save_png(tmp_path / "a.png", np.zeros((1, 3), np.uint8))])
    parts = tuple(
        save_png(tmp_path / f"m{k}.png", np.array([row], np.uint8)) for k, row in enumerate([[255, 0, 0], [0, 0, 255]])
    )
    assert read_masks([MaskFiles(parts, 4)], image).picture(0).tolist() == [[4, 0, 4]]


def test_scaled_labels(tmp_path):
    image = read_volume([save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE)])
    labels = read_labels([save_scaled(tmp_path / "b.nii.gz", LPS % 3 * 2, 0.5, 0)], image)
    assert labels.array.dtype == np.uint8
    assert np.array_equal(labels.array, LPS % 3)
