"""DICOM files without a preamble, and what lies beside them."""

import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.dicom_files import is_dicom
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, save_series, save_slice
from support.segmentations import areas, marks, save_stack, segment


def strip(path, implicit=True):
    """Write the data set alone: no preamble, no DICM, no file meta information."""
    dataset = pydicom.dcmread(path)
    plain = pydicom.Dataset()
    plain.update({element.tag: element for element in dataset})
    plain.save_as(path, implicit_vr=implicit, little_endian=True)


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("which", [slice(None), slice(1, 2)], ids=["all", "one"])
def test_files_without_preamble(tmp_path, which, implicit):
    paths = save_series(tmp_path / "s")
    for path in paths[which]:
        strip(path, implicit)
    assert np.array_equal(read_volume(paths).array, LPS * 2 - 1024)


def test_only_the_preamble_is_lost(tmp_path):
    paths = save_series(tmp_path / "s")
    for path in paths:
        path.write_bytes(path.read_bytes()[132:])
    assert np.array_equal(read_volume(paths).array, LPS * 2 - 1024)


def test_preamble_without_a_transfer_syntax(tmp_path):
    paths = save_series(tmp_path / "s")
    for path in paths:
        dataset = pydicom.dcmread(path)
        del dataset.file_meta.TransferSyntaxUID
        dataset.save_as(path, implicit_vr=False, little_endian=True)
    assert np.array_equal(read_volume(paths).array, LPS * 2 - 1024)


def test_segmentation_without_preamble(tmp_path):
    paths = save_stack(tmp_path / "s", range(3))
    path = segment(tmp_path / "seg.dcm", paths, marks(1, 2, 3))
    strip(path)
    assert areas(read_labels([path], read_volume(paths)).array) == [1, 2, 3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x08\x00",
        b"\x08\x00\x05\x00CS",
        b"a text that is long enough for a header of DICOM",
        b"\x08\x00\x05\x00\x04\x00\x00\x00abcd",  # an element that DICOM begins with, and no more
        bytes(range(256)),
    ],
)
def test_what_is_no_dicom(tmp_path, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert not is_dicom(path)


def test_a_file_that_only_calls_itself_dicom(tmp_path):
    paths = save_series(tmp_path / "s")
    broken = tmp_path / "s" / "f.dcm"
    broken.write_bytes(b"lost")
    with pytest.raises(PromptsegError, match=r"^unreadable: f\.dcm is not DICOM, as its name says"):
        read_volume([*paths, broken])


def test_other_files_are_left_out(tmp_path, caplog):
    paths = save_series(tmp_path / "s")
    for name in ("readme.txt", "VERSION"):
        (tmp_path / "s" / name).write_text("exported by a station")
    assert read_volume(sorted((tmp_path / "s").iterdir())).shape == read_volume(paths).shape
    assert "VERSION: no DICOM, left out" in caplog.text


@pytest.mark.parametrize(
    ("size", "message"),
    [(100, "b lies beside a and is no DICOM"), (140, "b ends before its picture"), (500, "b ends before its picture")],
)
@pytest.mark.parametrize("series", [None, "*"])
def test_a_slice_that_ends_early(tmp_path, size, message, series):
    """In the preamble, in the file meta information, in the header."""
    paths = save_series(tmp_path / "s")
    paths[1].write_bytes(paths[1].read_bytes()[:size])
    with pytest.raises(PromptsegError, match=rf"^unreadable: {message}; open it in another"):
        read_volume(paths, series=series)


def test_directories_and_other_objects_are_left_out(tmp_path):
    paths = save_series(tmp_path / "s")
    files = FileSet()
    for path in save_stack(tmp_path / "t", range(2), SeriesNumber=1):
        files.add(path)
    files.write(tmp_path / "u")
    report = save_slice(tmp_path / "sr.dcm", LPS[:, :, 0].T, 0, "1.2", Modality="SR", Rows=None, PixelData=None)
    assert np.array_equal(read_volume([*paths, tmp_path / "u" / "DICOMDIR", report]).array, LPS * 2 - 1024)
