"""Attributes that are absent, empty or odd, in all slices of a series or in some."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, frame_groups, save_frames, save_series, save_slice


def series_with(folder, changed: int, **tags):
    """Four slices called 0 to 3, one of which differs."""
    folder.mkdir()
    series = generate_uid()
    return [save_slice(folder / str(k), LPS[:, :, 0].T, k, series, **(tags if k == changed else {})) for k in range(4)]


@pytest.mark.parametrize("value", [None, ""])
def test_no_slope_anywhere_is_one(tmp_path, value):
    tags = {"RescaleSlope": value, "RescaleIntercept": value}
    assert np.array_equal(read_volume(save_series(tmp_path / "s", **tags)).array, LPS)


def test_no_intercept_anywhere_is_zero(tmp_path):
    assert np.array_equal(read_volume(save_series(tmp_path / "s", RescaleIntercept=None)).array, LPS * 2)


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept", "PixelSpacing", "ImagePositionPatient"])
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_some_slices_lack_what_others_have(tmp_path, keyword, value):
    paths = series_with(tmp_path / "s", 2, **{keyword: value})
    with pytest.raises(PromptsegError, match=rf"^missing attribute: no usable {keyword} in 2"):
        read_volume(paths)


def test_frames_lack_what_others_have(tmp_path):
    scale = {"PixelValueTransformationSequence": {"RescaleSlope": 2, "RescaleIntercept": 0}}
    groups = [frame_groups(0, **scale), frame_groups(1), frame_groups(2, **scale)]
    path = save_frames(tmp_path / "a.dcm", LPS.transpose(2, 1, 0), groups)
    with pytest.raises(
        PromptsegError, match=r"^missing attribute: no usable RescaleSlope in frame 2 of a\.dcm, while fra"
    ):
        read_volume([path])


def test_frames_of_several_orientations(tmp_path):
    groups = [frame_groups(z) for z in range(3)]
    groups[2].PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    path = save_frames(tmp_path / "a.dcm", LPS.transpose(2, 1, 0), groups)
    with pytest.raises(
        PromptsegError, match=r"^differing slices: frame 3 of a\.dcm and frame 1 of a\.dcm differ in Imag"
    ):
        read_volume([path])


def test_some_slices_have_a_table_of_values(tmp_path):
    bytes_of_table = (2 * np.arange(4096, dtype="<u2")).tobytes()
    table = pydicom.Dataset()
    table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [4096, 0, 16], "HU", bytes_of_table
    paths = series_with(tmp_path / "s", 0, ModalityLUTSequence=[table], RescaleSlope=None, RescaleIntercept=None)
    with pytest.raises(PromptsegError, match=r"^missing attribute: no ModalityLUTSequence in 1, 2, 3, while the other"):
        read_volume(paths)
    assert np.array_equal(read_volume(paths[:1]).picture(0), 2 * LPS[:, :, 0].T)


@pytest.mark.parametrize("keyword", ["PhotometricInterpretation", "PixelRepresentation", "BitsStored", "PixelData"])
def test_what_pixels_need(tmp_path, keyword):
    paths = series_with(tmp_path / "s", 3, **{keyword: None})
    with pytest.raises(PromptsegError, match=rf"{keyword} in 3|3 and 0 differ in {keyword}: none"):
        read_volume(paths)


@pytest.mark.parametrize("value", [None, "", "0.5", [0, 0], [0.5, -0.5]])
def test_pixel_spacing_that_says_nothing(tmp_path, value):
    with pytest.raises(PromptsegError, match=r"^missing attribute: .*PixelSpacing"):
        read_volume(save_series(tmp_path / "s", PixelSpacing=value))


@pytest.mark.parametrize("value", ["", [0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [1, 0, 0]])
def test_orientation_that_says_nothing(tmp_path, value):
    with pytest.raises(PromptsegError, match=r"^missing attribute: .*ImageOrientationPatient"):
        read_volume(save_series(tmp_path / "s", ImageOrientationPatient=value))


@pytest.mark.parametrize("value", [None, "", [0, 0]])
def test_radiograph_without_a_pixel_size(tmp_path, value):
    path = save_slice(tmp_path / "a", LPS[:, :, 0].T, 0, "1.2.3", ImagePositionPatient=None, PixelSpacing=value)
    volume = read_volume([path])
    assert volume.spacing is None
    assert np.array_equal(volume.picture(0), LPS[:, :, 0].T * 2 - 1024)


def test_slope_of_zero(tmp_path):
    with pytest.raises(PromptsegError, match=r"^missing attribute: RescaleSlope of a is 0"):
        read_volume(save_series(tmp_path / "s", RescaleSlope=0))


def test_one_slice_of_unknown_thickness(tmp_path):
    path = save_slice(tmp_path / "a", LPS[:, :, 0].T, 5, "1.2.3", SliceThickness="")
    assert read_volume([path]).spacing == (0.5, 0.75, 1.0)


def test_signed_and_unsigned_slices(tmp_path):
    """Some scanners store a slice as signed only if it has a value below zero."""
    (tmp_path / "s").mkdir()
    stored = np.array([[65535, 5]], np.uint16), np.array([[65535, 5]], np.uint16)
    for k, signed in enumerate((0, 1)):
        tags = {
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": signed,
            "RescaleSlope": 1,
            "RescaleIntercept": 0,
        }
        save_slice(tmp_path / "s" / str(k), stored[k], float(k), "1.2.3", **tags)
    volume = read_volume(sorted((tmp_path / "s").iterdir()))
    assert [volume.picture(k).tolist() for k in range(2)] == [[[65535, 5]], [[-1, 5]]]


def test_inverted_values_of_16_bits_with_a_large_slope(tmp_path):
    tags = {"BitsStored": 16, "HighBit": 15, "PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": 100000}
    path = save_slice(tmp_path / "a", np.array([[0, 65535]], np.uint16), 0, "1.2.3", **tags)
    assert read_volume([path]).picture(0).tolist() == [[6553498976, -1024]]
