"""Folders that hold more than one stack of slices: copies, localizers, phases, gaps."""

import shutil

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, frame_groups, save_frames, save_series, save_slice
from support.segmentations import areas, marks, save_stack, segment


def test_copies_count_once(tmp_path, caplog):
    paths = save_series(tmp_path / "s")
    copies = [shutil.copy(path, path.with_name(f"copy_{path.name}")) for path in paths]
    assert np.array_equal(read_volume(sorted([*paths, *copies])).array, LPS * 2 - 1024)
    assert "copy_c, copy_a, copy_b: copies of other files of the series, left out" in caplog.text


def test_copies_under_a_new_identifier(tmp_path):
    paths = save_series(tmp_path / "s", heights=(11.0, 13.5, 16.0, 11.0))  # the first slice twice
    assert np.array_equal(read_volume(paths).array, LPS * 2 - 1024)


def test_a_segmentation_may_refer_to_a_copy(tmp_path):
    paths = save_stack(tmp_path / "s", range(3))
    dataset = pydicom.dcmread(paths[1])
    dataset.SOPInstanceUID = generate_uid()
    copy = tmp_path / "s" / "z.dcm"
    dataset.save_as(copy)
    path = segment(tmp_path / "seg", [paths[0], copy, paths[2]], marks(1, 2, 3))
    assert areas(read_labels([path], read_volume([*paths, copy])).array) == [1, 2, 3]


def test_copies_of_a_radiograph(tmp_path, caplog):
    path = save_slice(tmp_path / "a", LPS[:, :, 0].T, 0, "1.2.3", ImagePositionPatient=None)
    other = shutil.copy(path, tmp_path / "b")
    assert read_volume([path, other]).planar
    assert "b: copies of a, left out" in caplog.text
    dataset = pydicom.dcmread(other)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(other)
    with pytest.raises(PromptsegError, match=r"^two slices at one place: a, b have the same SOPInstanceUID and other"):
        read_volume([path, other])


def test_one_identifier_and_other_pixels(tmp_path):
    paths = save_series(tmp_path / "s")
    dataset = pydicom.dcmread(paths[0])
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(tmp_path / "s" / "z")
    with pytest.raises(
        PromptsegError,
        match=r"^two slices at one place: a and z lie at one place, with the same SOPInstanceUID and",
    ):
        read_volume([*paths, tmp_path / "s" / "z"])


def test_one_identifier_at_several_places(tmp_path):
    """It says of no slice which it is, so that a segmentation can be laid by its positions only."""
    paths = save_stack(tmp_path / "s", range(3), SOPInstanceUID="1.2.3.9")
    planes = read_volume(paths).planes
    assert [plane.instance for plane in planes] == ["", "", ""]
    assert areas(read_labels([segment(tmp_path / "seg", paths, marks(1, 2, 3))], read_volume(paths)).array) == [1, 2, 3]


def test_phases(tmp_path):
    series = generate_uid()
    paths = [
        save_slice(tmp_path / f"{phase}{k}", LPS[:, :, k].T + phase, k, series, AcquisitionNumber=phase, EchoTime=3.5)
        for phase in (1, 2)
        for k in range(3)
    ]
    with pytest.raises(
        PromptsegError,
        match=r"^two slices at one place: 10 and 20 lie at one place and differ in AcquisitionNumber \(1, 2\); keep",
    ):
        read_volume(paths)


def test_phases_in_one_file(tmp_path):
    groups = [
        frame_groups(z, FrameContentSequence={"TemporalPositionIndex": phase}) for z in range(3) for phase in (1, 2)
    ]
    path = save_frames(tmp_path / "a.dcm", np.zeros((6, 5, 4)), groups)
    with pytest.raises(
        PromptsegError,
        match=r"^two slices at one place: frames 1 and 2 of a\.dcm lie at one place and differ in "
        r"TemporalPositionIndex \(1, 2\); write one of the volumes in it to a file of its own$",
    ):
        read_volume([path])


def test_localizer_of_another_plane(tmp_path):
    paths = save_series(tmp_path / "s")
    number = pydicom.dcmread(paths[0]).SeriesInstanceUID
    scout = save_slice(tmp_path / "s" / "scout", LPS[:, :, 0].T, 0, number, ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    with pytest.raises(PromptsegError, match=r"^differing slices: scout and a differ in ImageOrientationPatient: 1"):
        read_volume([*paths, scout])


@pytest.mark.parametrize(
    ("tags", "size", "message"),
    [
        ({}, (4, 4), r"size: 4 x 4 and 4 x 5"),
        ({"PixelSpacing": [1, 1]}, (5, 4), r"PixelSpacing: 1, 1 and 0\.75, 0\.5"),
        (
            {"PhotometricInterpretation": "MONOCHROME1"},
            (5, 4),
            r"PhotometricInterpretation: MONOCHROME1 of 12 bits and",
        ),
    ],
)
def test_a_slice_that_differs(tmp_path, tags, size, message):
    paths = save_series(tmp_path / "s")
    number = pydicom.dcmread(paths[0]).SeriesInstanceUID
    odd = save_slice(tmp_path / "s" / "z", np.zeros(size, np.uint16), 18.5, number, **tags)
    with pytest.raises(PromptsegError, match=rf"^differing slices: z and a differ in {message}"):
        read_volume([*paths, odd])


def test_rounded_pixel_sizes_are_equal(tmp_path):
    paths = save_series(tmp_path / "s")
    number = pydicom.dcmread(paths[0]).SeriesInstanceUID
    other = save_slice(tmp_path / "s" / "z", LPS[:, :, 0].T, 18.5, number, PixelSpacing=[0.7501, 0.5])
    assert read_volume([*paths, other]).shape == (4, 5, 4)


def test_missing_slices_are_named(tmp_path, caplog):
    read_volume(save_stack(tmp_path / "s", (1, 2, 3, 6, 7)))
    assert (
        "000.dcm: slices are missing: steps of 1.00 to 3.00 mm, between 002.dcm (3.00 mm) and 003.dcm (6.00 mm)"
        in caplog.text
    )


def test_position_decides_and_not_the_number(tmp_path):
    series = generate_uid()
    paths = [
        save_slice(tmp_path / str(k), LPS[:, :, k].T, 2.5 * k, series, InstanceNumber=number)
        for k, number in enumerate((3, 1, 2))
    ]
    assert np.array_equal(read_volume(paths).array, LPS * 2 - 1024)


def test_gantry_tilt(tmp_path):
    """Slices that are shifted sideways along the stack make a sheared affine, and masks lie on their own slices."""
    folder = tmp_path / "s"
    paths = []
    for k in range(3):
        (path,) = save_stack(folder.with_name(f"s{k}"), [float(k)], ImagePositionPatient=[-7, 3 + 0.75 * k, k])
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = "1.2.3"
        dataset.save_as(path)
        paths.append(path)
    volume = read_volume(paths)
    assert volume.affine[:, 2].tolist() == [0, -0.75, 1, 0]
    labels = read_labels([segment(tmp_path / "seg", paths, marks(3, 2, 1))], volume).array
    assert areas(labels) == [3, 2, 1]
    assert all(labels[0, 1, k] for k in range(3))


def test_a_slice_that_lies_sideways(tmp_path, caplog):
    series = generate_uid()
    for k in range(5):
        position = [-7, 3 + 5.0 * (k == 2), k]
        save_slice(tmp_path / f"{k}", LPS[:, :, 0].T, 0, series, ImagePositionPatient=position)
    read_volume(sorted(tmp_path.iterdir()))
    assert "2 lies 5.00 mm sideways of the line of the other slices" in caplog.text


def test_frame_of_reference_of_every_file(tmp_path, caplog):
    series = generate_uid()
    for k in range(3):
        save_slice(tmp_path / f"{k}", LPS[:, :, k].T, k, series, FrameOfReferenceUID=f"1.2.{k}")
    assert read_volume(sorted(tmp_path.iterdir())).frame_of_reference == ""
    assert "0: FrameOfReferenceUID differs among the slices: it is not used" in caplog.text
