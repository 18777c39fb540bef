"""DICOM beyond plain CT: chosen series, multi-frame objects, PET, label maps."""

import numpy as np
import pytest
from pydicom.uid import SegmentationStorage, generate_uid

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.volumes import read_labels, read_volume
from support.dicoms import LPS, LPS_AFFINE, frame_groups, pet_header, save_frames, save_series, save_slice

HEIGHTS = (16.0, 11.0, 13.5)  # of the slices 2, 0 and 1 of LPS
STACK = LPS.transpose(2, 1, 0)[[2, 0, 1]]


def test_whole_numbers_become_the_smallest_integers(tmp_path):
    volume = read_volume(save_series(tmp_path / "s"))
    assert (volume.array.dtype, volume.scale) == (np.int16, None)
    assert np.array_equal(volume.array, LPS * 2 - 1024)
    large = read_volume(save_series(tmp_path / "t", RescaleSlope=1000))
    assert large.array.dtype == np.int32
    assert np.array_equal(large.array, LPS.astype(np.int32) * 1000 - 1024)


def test_one_fractional_slope_stays_beside_the_integers(tmp_path):
    volume = read_volume(save_series(tmp_path / "s", RescaleSlope=0.25, RescaleIntercept=1.5))
    assert (volume.array.dtype, volume.scale) == (np.uint16, (0.25, 1.5))
    assert np.array_equal(volume.picture(1), LPS[:, :, 1].T * 0.25 + 1.5)
    assert np.array_equal(reorient(volume, "sagittal").picture(2), LPS[2, :, ::-1].T * 0.25 + 1.5)


def test_every_slice_has_its_own_slope(tmp_path):
    series = generate_uid()
    paths = [
        save_slice(tmp_path / f"{k}", LPS[:, :, k].T, 2.5 * k, series, RescaleSlope=k + 0.5, RescaleIntercept=0)
        for k in range(3)
    ]
    volume = read_volume(paths)
    assert (volume.array.dtype, volume.scale) == (np.float32, None)
    assert np.array_equal(volume.array, LPS * np.array([0.5, 1.5, 2.5]))


def test_pet_in_suv(tmp_path):
    pet = pet_header()
    tags = {element.keyword: element.value for element in pet} | {"RescaleIntercept": 0}
    series = generate_uid()
    paths = [
        save_slice(tmp_path / f"{k}", LPS[:, :, k].T, 2.5 * k, series, **tags, RescaleSlope=100 * (k + 1))
        for k in range(3)
    ]
    volume = read_volume(paths, units="suv")
    # 2e-4 times 2^(3600/6586.2), see test_suv.
    assert volume.array == pytest.approx(LPS * np.array([100, 200, 300]) * 2.92128e-4, rel=1e-5)
    assert read_volume(paths).array.max() == LPS.max() * 300
    with pytest.raises(PromptsegError, match="no PET: a has the modality CT"):
        read_volume(save_series(tmp_path / "ct"), units="suv")


def test_headers_are_asked_for_that_are_not_there(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"")
    for options in ({"units": "suv"}, {"series": "*"}):
        with pytest.raises(PromptsegError, match=r"^no DICOM: a\.nii has no headers for `series` or `units: suv`"):
            read_volume([tmp_path / "a.nii"], **options)


def test_series_by_its_description(tmp_path):
    paths = save_series(tmp_path / "a", SeriesDescription="ax dyn PRE") + save_series(
        tmp_path / "b", SeriesDescription="ax dyn 1st pass", RescaleIntercept=0
    )
    assert np.array_equal(read_volume(paths, series="*pre*").array, LPS * 2 - 1024)
    assert np.array_equal(read_volume(paths, series="*1ST*").array, LPS * 2)
    with pytest.raises(
        PromptsegError, match=r"^several series match `series: \*dyn\*`: .* 'ax dyn 1st pass', 'ax dyn PRE'"
    ):
        read_volume(paths, series="*dyn*")
    with pytest.raises(PromptsegError, match=r"^no series matches `series: \*t2\*`"):
        read_volume(paths, series="*t2*")


def test_frames_are_placed_by_their_functional_groups(tmp_path):
    groups = [
        frame_groups(z, PixelValueTransformationSequence={"RescaleSlope": 2, "RescaleIntercept": -1024})
        for z in HEIGHTS
    ]
    volume = read_volume([save_frames(tmp_path / "a.dcm", STACK, groups)])
    assert np.array_equal(volume.array, LPS * 2 - 1024)
    assert np.allclose(volume.affine, LPS_AFFINE)


def test_frames_without_a_transformation_or_with_their_own(tmp_path):
    volume = read_volume([save_frames(tmp_path / "a.dcm", STACK, [frame_groups(z) for z in HEIGHTS])])
    assert np.array_equal(volume.array, LPS)
    own = [
        frame_groups(z, PixelValueTransformationSequence={"RescaleSlope": z, "RescaleIntercept": 0}) for z in HEIGHTS
    ]
    volume = read_volume([save_frames(tmp_path / "b.dcm", STACK, own)])
    assert np.array_equal(volume.array, LPS * np.array([11.0, 13.5, 16.0], np.float32))


def test_frames_without_a_place(tmp_path):
    path = tmp_path / "a.dcm"
    with pytest.raises(PromptsegError, match=r"^multi-frame DICOM: a\.dcm does not say where its frames lie"):
        read_volume([save_slice(path, STACK[0], 0, generate_uid(), NumberOfFrames=2)])


def test_label_map_segmentation(tmp_path):
    image = read_volume(save_series(tmp_path / "s"))
    labels = LPS % 4
    stack = labels.transpose(2, 1, 0)[[2, 0, 1]]
    tags = {"SegmentationType": "LABELMAP", "PixelPaddingValue": 0}
    groups = [frame_groups(z) for z in HEIGHTS]
    path = save_frames(tmp_path / "seg.dcm", stack, groups, SegmentationStorage, **tags)
    assert np.array_equal(read_labels([path], image).array, labels)
    # Another number for the background, in the middle slice alone.
    tags["PixelPaddingValue"] = 3
    path = save_frames(tmp_path / "one.dcm", stack[2:], groups[2:], SegmentationStorage, **tags)
    expected = np.zeros_like(labels)
    expected[:, :, 1] = np.where(labels[:, :, 1] == 3, 0, labels[:, :, 1])
    assert np.array_equal(read_labels([path], image).array, expected)


def test_unknown_segmentation(tmp_path):
    image = read_volume(save_series(tmp_path / "s"))
    groups = [frame_groups(z) for z in HEIGHTS]
    path = save_frames(tmp_path / "seg.dcm", STACK, groups, SegmentationStorage, SegmentationType="MESH")
    with pytest.raises(PromptsegError, match=r"^unknown DICOM SEG: seg\.dcm is of the type MESH"):
        read_labels([path], image)
