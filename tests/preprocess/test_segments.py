"""Named segments in several files, and beside files without any."""

import nibabel as nib
import numpy as np
import pydicom
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import MaskFiles, read_labels, read_masks
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE, save_series
from support.structures import contour, save_structures


def box(left, right, z):
    """A contour through the centres of the pixels of two rows."""
    corners = [(left, 0), (right, 0), (right, 1), (left, 1)]
    return contour([(-7 + 0.5 * x, 3 + 0.75 * y, z) for x, y in corners])


def columns(*found):
    """The mask of some columns of the lowest slice."""
    mask = np.zeros(LPS.shape, bool)
    mask[list(found), :2, 0] = True
    return mask


@pytest.fixture
def series(tmp_path):
    return save_series(tmp_path / "s")


def test_one_file_per_segment(tmp_path, series):
    image = read_volume(series)
    liver = save_structures(tmp_path / "1.dcm", {"liver": [box(0, 1, 11)]})
    spleen = save_structures(tmp_path / "2.dcm", {"spleen": [box(2, 2, 11)], "liver_2": [box(3, 3, 11)]})
    files = (liver, spleen, *series)  # the slices may lie beside them
    for pattern, expected in {"spleen": columns(2), "liver": columns(0, 1, 3), "^liver$": columns(0, 1)}.items():
        assert np.array_equal(read_masks([MaskFiles(files, 5, None, pattern)], image).array == 5, expected)
    with pytest.raises(
        PromptsegError, match=r"^no segment: `segment: lung` matches nothing: 1\.dcm has 'liver'; 2\.dcm has 'spleen', "
    ):
        read_masks([MaskFiles(files, 5, None, "lung")], image)
    with pytest.raises(PromptsegError, match=r"^no names of segments: .* has no segments that `segment: lung` could"):
        read_masks([MaskFiles(tuple(series), 5, None, "lung")], image)


def test_label_map_beside_the_slices(tmp_path, series):
    path = save_structures(tmp_path / "rt.dcm", {"liver": [box(0, 1, 11)]}, first=3)
    assert np.array_equal(read_labels([*series, path], read_volume(series)).array == 3, columns(0, 1))


def test_files_without_preamble_or_modality(tmp_path, series):
    image = read_volume(series)
    path = save_structures(tmp_path / "rt.dcm", {"liver": [box(0, 1, 11)]})
    bare = tmp_path / "bare"
    bare.write_bytes(path.read_bytes()[132:])
    assert np.array_equal(read_masks([MaskFiles((bare,), 5, None, "liver")], image).array == 5, columns(0, 1))
    header = pydicom.dcmread(path)
    del header.Modality
    header.save_as(path)
    assert np.array_equal(read_masks([MaskFiles((path,), 5, None, "liver")], image).array == 5, columns(0, 1))


def test_an_image_that_states_two_places(tmp_path):
    path = save_structures(tmp_path / "rt.dcm", {"liver": [box(0, 1, 11)]})
    other = LPS_AFFINE.copy()
    other[0, 3] += 20
    stored = nib.Nifti1Image(LPS, LPS_AFFINE)
    stored.set_sform(LPS_AFFINE, code=1)
    stored.set_qform(other, code=1)
    nib.save(stored, tmp_path / "a.nii")
    image = read_volume([tmp_path / "a.nii"])
    for read in (read_labels, lambda paths, *how: read_masks([MaskFiles(tuple(paths), 1, None, "liver")], *how)):
        with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at .* or .*, and rt\.dcm"):
            read([path], image)
        assert np.array_equal(read([path], image, "header").array == 1, columns(0, 1))
