"""NIfTI headers whose sform and qform differ, and masks laid over their images."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import turned

MIRRORED = turned(LPS, LPS_AFFINE, "RPS")[1]  # the same box, columns counted the other way


def moved(row, column, by):
    affine = LPS_AFFINE.copy()
    affine[row, column] += by
    return affine


AWAY = moved(0, 3, 40)
AT_ZERO = np.diag([-1.0, -1.0, 1.0, 1.0])  # what ITK writes where it knows nothing
SHEARED = moved(1, 2, 1)  # gantry tilt
UPRIGHT = moved(1, 2, 0)


def save(path, array, sform=None, qform=None, codes=(1, 1), unit="mm"):
    """A file with both forms, as far as they are given; codes of sform and qform."""
    image = nib.Nifti1Image(array, None)
    for form, setter, code in ((qform, image.set_qform, codes[1]), (sform, image.set_sform, codes[0])):
        if form is not None:
            setter(form, code)
    image.header.set_xyzt_units(unit)
    nib.save(image, path)
    return path


def laid(folder, image, mask):
    """The mask's array over the image; each is a pair of sform and qform."""
    like = read_volume([save(folder / "a.nii", LPS, *image)])
    return read_labels([save(folder / "m.nii", LPS, *mask)], like).array


@pytest.mark.parametrize("other", [MIRRORED, AWAY, np.eye(4)])
@pytest.mark.parametrize("codes", [(1, 1), (2, 1), (1, 2), (4, 4)])
def test_contradiction_is_told(tmp_path, caplog, other, codes):
    volume = read_volume([save(tmp_path / "a.nii", LPS, other, LPS_AFFINE, codes)])
    assert np.allclose(volume.readings, [other, LPS_AFFINE])
    assert "a.nii: its sform (" in caplog.text
    assert "qform (LPS, x 5.5 to 7, y -6 to -3, z 11 to 16 mm) contradict each other" in caplog.text


@pytest.mark.parametrize(
    ("sform", "qform", "count"),
    [
        (LPS_AFFINE, LPS_AFFINE, 1),
        (moved(0, 3, 1e-4), LPS_AFFINE, 1),
        (moved(0, 3, 0.2), LPS_AFFINE, 2),
        (SHEARED, SHEARED, 2),  # the qform is the nearest without shear
        (SHEARED, UPRIGHT, 2),  # as dcm2niix writes it
    ],
)
def test_forms_that_do_not_contradict_each_other(tmp_path, caplog, sform, qform, count):
    assert len(read_volume([save(tmp_path / "a.nii", LPS, sform, qform)]).readings) == count
    assert caplog.text == ""


def test_forms_without_a_code_do_not_count(tmp_path, caplog):
    image = nib.Nifti1Image(LPS, None)
    image.set_sform(MIRRORED, 0)
    image.set_qform(LPS_AFFINE, 1)
    nib.save(image, tmp_path / "a.nii")
    assert np.allclose(read_volume([tmp_path / "a.nii"]).readings, [LPS_AFFINE])
    assert caplog.text == ""


BOTH = (AWAY, LPS_AFFINE)


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        (BOTH, (LPS_AFFINE, LPS_AFFINE)),  # written by a program that believes the qform
        (BOTH, (None, LPS_AFFINE)),
        (BOTH, (AWAY, AWAY)),
        (BOTH, (LPS_AFFINE, AWAY)),
        ((LPS_AFFINE, None), BOTH),
        ((LPS_AFFINE, None), (np.eye(4), LPS_AFFINE)),
        ((MIRRORED, LPS_AFFINE), (MIRRORED, MIRRORED)),
        ((MIRRORED, LPS_AFFINE), (MIRRORED, LPS_AFFINE)),
        ((SHEARED, SHEARED), (None, SHEARED)),
    ],
)
def test_masks_that_lie_as_stored(tmp_path, image, mask):
    assert np.array_equal(laid(tmp_path, image, mask), LPS)


def test_a_mask_turned_by_the_form_that_does_not_count_first(tmp_path, caplog):
    array, place = turned(LPS, LPS_AFFINE, "RAS")
    like = read_volume([save(tmp_path / "a.nii", LPS, AWAY, LPS_AFFINE)])
    assert np.array_equal(read_labels([save(tmp_path / "m.nii", array, place, place)], like).array, LPS)
    assert "a.nii and m.nii do not lie in one place by what their headers state first" in caplog.text


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ((MIRRORED, LPS_AFFINE), (LPS_AFFINE, LPS_AFFINE)),  # turned by sform, or as stored by qform?
        ((MIRRORED, LPS_AFFINE), (LPS_AFFINE, MIRRORED)),
        ((LPS_AFFINE, None), (MIRRORED, LPS_AFFINE)),
        (BOTH, (turned(LPS, AWAY, "RAS")[1], LPS_AFFINE)),
        ((turned(LPS, AT_ZERO, "RPS")[1], AT_ZERO), (AT_ZERO, AT_ZERO)),
    ],
)
def test_headers_that_fit_in_more_than_one_way(tmp_path, image, mask):
    with pytest.raises(PromptsegError, match=r"^places differ: the headers fit in more than one way: the image a\.nii"):
        laid(tmp_path, image, mask)


def test_headers_that_fit_in_no_way(tmp_path):
    with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at .* mm or LPS, .* the mask m"):
        laid(tmp_path, BOTH, (np.eye(4), moved(2, 3, 99)))


@pytest.mark.parametrize(("unit", "factor"), [("micron", 0.001), ("meter", 1000)])
def test_a_mask_that_lost_the_unit_of_its_image(tmp_path, unit, factor, caplog):
    place = np.diag([1 / factor] * 3 + [1]) @ LPS_AFFINE
    like = read_volume([save(tmp_path / "a.nii", LPS, place, place, unit=unit)])
    assert like.spacing == pytest.approx((0.5, 0.75, 2.5))
    array, turned_place = turned(LPS, place, "RAS")
    path = save(tmp_path / "m.nii", array, turned_place, turned_place, unit="unknown")
    assert np.array_equal(read_labels([path], like).array, LPS)
    assert "contradict" not in caplog.text
