"""Images and masks that do not say where they lie."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE, save_slice
from support.volumes import save_nifti, save_png, turned

TURNED = r"^places differ: {} says nothing of its place, and the one in m\.nii \({}, .* mm\) may come of turning"
SLICE = LPS[:, :, 1:2]


def centred(*signs, shape=(4, 5, 3), steps=(0.5, 0.75, 2.5)):
    affine = np.diag([*np.multiply(steps, signs), 1.0])
    affine[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2
    return affine


@pytest.fixture
def nameless(tmp_path):
    """A NIfTI file without a code."""
    image = nib.Nifti1Image(LPS, None)
    image.header.set_zooms((0.5, 0.75, 2.5))
    nib.save(image, tmp_path / "a.nii")
    return tmp_path / "a.nii"


@pytest.fixture
def radiograph(tmp_path):
    """A DICOM file without a position."""
    tags = dict.fromkeys(["ImagePositionPatient", "ImageOrientationPatient"])
    return save_slice(tmp_path / "a.dcm", SLICE[:, :, 0].T, 0, "1.2", Modality="DX", **tags)


@pytest.mark.parametrize("place", [LPS_AFFINE, np.eye(4), np.diag([-0.5, -0.75, 2.5, 1]), centred(-1, 1, 1)])
def test_a_nifti_without_codes_and_masks_as_stored(nameless, tmp_path, place, caplog):
    path = save_nifti(tmp_path / "m.nii", LPS, place)
    assert np.array_equal(read_labels([path], read_volume([nameless])).array, LPS)
    assert "a.nii says nothing of its orientation: image and mask are laid over as stored" in caplog.text


def test_a_nifti_without_codes_and_a_mask_that_nibabel_turned(nameless, tmp_path):
    canonical = nib.as_closest_canonical(nib.load(nameless))
    assert np.array_equal(canonical.get_fdata(), LPS[::-1])
    nib.save(canonical, tmp_path / "m.nii")
    like = read_volume([nameless])
    with pytest.raises(PromptsegError, match=TURNED.format(r"a\.nii", "RAS")):
        read_labels([tmp_path / "m.nii"], like)
    assert np.array_equal(read_labels([tmp_path / "m.nii"], like, "stored").array, LPS[::-1])


def test_a_place_that_an_image_holds_but_does_not_vouch_for(tmp_path):
    image = nib.Nifti1Image(LPS, None)
    image.header.set_zooms((0.5, 0.75, 2.5))
    image.header.set_sform(centred(1, 1, 1), 0)
    nib.save(image, tmp_path / "a.nii")
    # As stored by that place; turned by the one that nibabel makes up, whose canonical order this is.
    path = save_nifti(tmp_path / "m.nii", LPS[::-1], centred(1, 1, 1))
    with pytest.raises(PromptsegError, match=TURNED.format(r"a\.nii", "RAS")):
        read_labels([path], read_volume([tmp_path / "a.nii"]))


@pytest.mark.parametrize("place", [np.diag([-0.5, -0.75, 1, 1]), np.eye(4), np.diag([0.5, 0.75, 1, 1]), None])
def test_a_radiograph_and_masks_as_stored(radiograph, tmp_path, place):
    path = save_nifti(tmp_path / "m.nii", SLICE, place)
    assert np.array_equal(read_labels([path], read_volume([radiograph])).array, SLICE)


@pytest.mark.parametrize(
    ("codes", "place"),
    [
        ("LAS", centred(-1, 1, 1, shape=(4, 5, 1), steps=(0.5, 0.75, 1))),  # dcm2niix, then nibabel
        ("RAS", centred(1, 1, 1, shape=(4, 5, 1), steps=(0.5, 0.75, 1))),  # the same, canonical
        ("RAS", np.array([[0.5, 0, 0, -1.5], [0, 0.75, 0, -3], [0, 0, 1, 0], [0, 0, 0, 1]])),  # turned by ITK
    ],
)
def test_a_radiograph_and_masks_that_were_turned(radiograph, tmp_path, codes, place):
    path = save_nifti(tmp_path / "m.nii", SLICE, place)
    with pytest.raises(PromptsegError, match=TURNED.format(r"a\.dcm", codes)):
        read_labels([path], read_volume([radiograph]))


def test_a_radiograph_and_a_mask_on_what_dcm2niix_made_of_it(radiograph, tmp_path):
    # dcm2niix v1.0.20260724 turns the rows over; its header holds this place without a code.
    image = nib.Nifti1Image(SLICE[:, ::-1], None)
    image.header.set_sform(np.array([[0.5, 0, 0, 0], [0, 0.75, 0, -3], [0, 0, 1, 0], [0, 0, 0, 1]]), 0)
    nib.save(image, tmp_path / "m.nii")
    with pytest.raises(PromptsegError, match=TURNED.format(r"a\.dcm", "RAS")):
        read_labels([tmp_path / "m.nii"], read_volume([radiograph]))


@pytest.mark.parametrize("place", [np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0])])
def test_a_picture_and_masks_in_nifti(tmp_path, place, caplog):
    image = read_volume([save_png(tmp_path / "a.png", SLICE[:, :, 0].T.astype(np.uint8))])
    assert np.array_equal(read_labels([save_nifti(tmp_path / "m.nii", SLICE, place)], image).array, SLICE)
    assert "a.png says nothing of its orientation" in caplog.text


def test_a_mask_without_a_code_that_was_turned(tmp_path):
    like = read_volume([save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE)])
    for codes in ("LPS", "RAS"):
        array, place = turned(LPS, LPS_AFFINE, codes)
        image = nib.Nifti1Image(array, None)
        image.header.set_sform(place, 0)
        nib.save(image, tmp_path / f"{codes}.nii")
    assert np.array_equal(read_labels([tmp_path / "LPS.nii"], like).array, LPS)
    with pytest.raises(PromptsegError, match=r"^places differ: RAS\.nii says nothing of its place, and the one in RAS"):
        read_labels([tmp_path / "RAS.nii"], like)
