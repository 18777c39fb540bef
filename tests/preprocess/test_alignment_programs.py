"""Masks as programs write them for an image whose sform and qform may differ: right or refused, never wrong."""

from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import CODES, turned

# What becomes of a place that some program rewrote: a mirror in the same box, turned around 0, shifted, or lost.
REWRITTEN = {
    "mirrored": turned(LPS, LPS_AFFINE, "RPS")[1],
    "turned": np.diag([-1, -1, 1, 1]) @ LPS_AFFINE,
    "shifted": LPS_AFFINE + np.array([[0, 0, 0, 40.0]] + [[0] * 4] * 3),
    "lost": np.eye(4),
    "kept": LPS_AFFINE,
}


def by_itk(path, image_path):
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(image_path)), str(path))


def turned_by_itk(path, image_path):
    SimpleITK.WriteImage(SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(image_path)), "RAS"), str(path))


def by_nibabel(path, image_path):
    image = nib.load(image_path)
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine), path)


def by_nibabel_with_the_header(path, image_path):
    image = nib.load(image_path)
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine, image.header), path)


def canonical_by_nibabel(path, image_path):
    image = nib.as_closest_canonical(nib.load(image_path))
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine), path)


def without_a_place(path, image_path):
    nib.save(nib.Nifti1Image(np.asanyarray(nib.load(image_path).dataobj), np.eye(4)), path)


PROGRAMS = [
    by_itk,
    turned_by_itk,
    by_nibabel,
    by_nibabel_with_the_header,
    canonical_by_nibabel,
    without_a_place,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@given(
    codes=st.sampled_from(CODES),
    rewritten=st.sampled_from(sorted(REWRITTEN)),
    at_zero=st.booleans(),
    swapped=st.booleans(),
    sform_code=st.integers(0, 2),
    qform_code=st.integers(0, 2),
)
def test_right_or_refused(program, codes, rewritten, at_zero, swapped, sform_code, qform_code):
    array, place = turned(LPS, LPS_AFFINE, codes)
    if at_zero:  # what ITK writes where it knows nothing is then a place like any other
        place = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.linalg.inv(LPS_AFFINE) @ place
    other = REWRITTEN[rewritten] @ np.linalg.inv(LPS_AFFINE) @ place
    sform, qform = (other, place) if swapped else (place, other)
    image = nib.Nifti1Image(array, None)
    image.set_qform(qform, qform_code)
    image.set_sform(sform, sform_code)
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / "a.nii", Path(folder) / "m.nii"]
        nib.save(image, paths[0])
        program(paths[1], paths[0])
        try:
            marked = read_labels([paths[1]], read_volume([paths[0]])).array
        except PromptsegError as error:
            refusal = str(error)
        else:
            assert np.array_equal(marked, array)
            return
    assert refusal.startswith(("places differ: ", "sizes differ: "))
    if program in (by_nibabel, by_nibabel_with_the_header) and (sform_code or qform_code):
        pytest.fail(f"they read what we read: {refusal}")
