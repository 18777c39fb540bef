"""DICOM: order and gaps of slices, chosen series, multi-frame objects, PET."""

import numpy as np
import pytest
from pydicom.uid import generate_uid

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE, frame_groups, pet_header, save_frames, save_series, save_slice

HEIGHTS = (16.0, 11.0, 13.5)  # of the slices 2, 0 and 1 of LPS
STACK = LPS.transpose(2, 1, 0)[[2, 0, 1]]


def test_dicom_series_in_any_order(tmp_path):
    paths = save_series(tmp_path / "s")
    save_slice(tmp_path / "s" / "seg", LPS[:, :, 0].T, 0.0, generate_uid(), Modality="SEG")
    (tmp_path / "s" / "notes.txt").write_text("no picture")
    volume = read_volume(sorted([*paths, tmp_path / "s" / "seg", tmp_path / "s" / "notes.txt"]))
    assert np.array_equal(volume.array, LPS * 2.0 - 1024)
    assert np.allclose(volume.affine, LPS_AFFINE)
    assert np.array_equal(reorient(volume, "axial").array, LPS * 2.0 - 1024)
    assert volume.pixel_spacing == pytest.approx((0.75, 0.5))


def test_dicom_falling_heights_are_sorted_upwards(tmp_path):
    volume = read_volume(save_series(tmp_path / "s", heights=(16.0, 13.5, 11.0)))
    assert np.array_equal(volume.array, LPS[:, :, ::-1] * 2.0 - 1024)


def test_dicom_missing_slice_is_logged(tmp_path, caplog):
    read_volume(save_series(tmp_path / "s", heights=(1.0, 2.0, 3.0, 4.0, 6.0)))
    assert "slices are missing: steps of 1.00 to 2.00 mm" in caplog.text


def test_dicom_uneven_spacing_is_logged(tmp_path, caplog):
    read_volume(save_series(tmp_path / "s", heights=(1.0, 2.0, 3.2, 4.2, 5.2)))
    assert "the slices are spaced unevenly: steps of 1.00 to 1.20 mm" in caplog.text


def test_dicom_monochrome1_is_inverted(tmp_path):
    stored = np.array([[0, 1000], [4095, 5]])
    options = {"PhotometricInterpretation": "MONOCHROME1", "ImagePositionPatient": None, "RescaleIntercept": 0}
    path = save_slice(tmp_path / "x.dcm", stored, 0, generate_uid(), **options)
    volume = read_volume([path])
    assert volume.picture(0).tolist() == [[8190, 6190], [0, 8180]]
    assert volume.affine is None
    assert volume.planar
    assert volume.pixel_spacing == (0.75, 0.5)


def test_two_dicom_series(tmp_path):
    paths = save_series(tmp_path / "s") + save_series(tmp_path / "t")
    with pytest.raises(
        PromptsegError,
        match=r"^not one DICOM series: a, b, c belong to 1.*; a, b, c belong to 1.*; make",
    ):
        read_volume(paths)


def test_dicom_slices_without_position(tmp_path):
    with pytest.raises(
        PromptsegError,
        match=r"^missing attribute: no usable ImagePositionPatient in a, b, c; give",
    ):
        read_volume(save_series(tmp_path / "s", ImagePositionPatient=None))


def test_only_other_dicom_objects(tmp_path):
    path = save_slice(tmp_path / "a.dcm", LPS[:, :, 0].T, 0.0, generate_uid(), Modality="RTDOSE")
    with pytest.raises(PromptsegError, match=r"^no DICOM image: a\.dcm"):
        read_volume([path])


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
        PromptsegError,
        match=r"^not one DICOM series: several series match `series: \*dyn\*`: .* 'ax dyn 1st pass', 'ax dyn PRE'",
    ):
        read_volume(paths, series="*dyn*")
    with pytest.raises(PromptsegError, match=r"^not one DICOM series: no series matches `series: \*t2\*`"):
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
