"""Readers: every format gives the same upright slices, and every bad file a message that helps."""

import gzip
import itertools
from pathlib import Path

import cv2
import nibabel as nib
import nrrd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from PIL import Image
from pydicom.uid import generate_uid

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Volume, reorient, rescaled
from promptseg.preprocess.volumes import MaskFiles, read_colours, read_labels, read_masks, read_volume
from support.dicoms import LPS, LPS_AFFINE, save_series, save_slice

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CODES = [
    "".join(pair[side] for pair, side in zip(axes, sides, strict=True))
    for axes in itertools.permutations(("LR", "PA", "SI"))
    for sides in itertools.product((0, 1), repeat=3)
]


def turned(array: np.ndarray, affine: np.ndarray, codes: str) -> tuple[np.ndarray, np.ndarray]:
    turn = ornt_transform(io_orientation(affine), axcodes2ornt(tuple(codes)))
    return apply_orientation(array, turn), affine @ inv_ornt_aff(turn, array.shape)


def save_nifti(path: Path, array: np.ndarray, affine: np.ndarray | None) -> Path:
    image = nib.Nifti1Image(array, affine)
    if affine is not None:
        image.set_sform(affine, code=1)
    nib.save(image, path)
    return path


def save_png(path: Path, array: np.ndarray, **options) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("codes", CODES)
def test_all_orientations_give_the_same_slices(tmp_path, codes):
    path = save_nifti(tmp_path / "a.nii.gz", *turned(LPS, LPS_AFFINE, codes))
    assert "".join(nib.aff2axcodes(nib.load(path).affine)) == codes
    volume = reorient(read_volume([path]), "axial")
    assert np.array_equal(volume.array, LPS)
    assert np.allclose(volume.affine, LPS_AFFINE)
    assert volume.pixel_spacing == pytest.approx((0.75, 0.5))


def test_there_are_48_orientations():
    assert len(set(CODES)) == 48


def test_coronal_and_sagittal_pictures(tmp_path):
    volume = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, "RAS"))])
    coronal = reorient(volume, "coronal")
    # Columns to the left, rows from the top (last axial slice) down, slices from front to back.
    assert np.array_equal(coronal.picture(4), LPS[:, 4, ::-1].T)
    assert coronal.pixel_spacing == pytest.approx((2.5, 0.5))
    sagittal = reorient(volume, "sagittal")
    # Columns to posterior, slices to the left.
    assert np.array_equal(sagittal.picture(1), LPS[1, :, ::-1].T)
    assert sagittal.pixel_spacing == pytest.approx((2.5, 0.75))


@given(
    st.sampled_from(CODES),
    st.sampled_from(["axial", "coronal", "sagittal", 0, 1, 2]),
    st.tuples(*[st.floats(0.2, 9.0)] * 3),
    st.floats(-0.7, 0.7),
)
def test_turning_leaves_every_voxel_in_its_place(codes, axis, steps, angle):
    rotation = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(steps)
    array, affine = turned(LPS, affine, codes)
    before = Volume(array, affine, tuple(np.linalg.norm(affine[:3, :3], axis=0)), "a")
    after = reorient(before, axis)
    places = []
    for volume in (before, after):
        index = np.stack([*np.nonzero(volume.array >= 0), np.ones(60)])
        order = np.argsort(volume.array, axis=None)
        places.append((volume.affine @ index)[:, order])
    assert np.allclose(places[0], places[1])
    assert after.spacing == pytest.approx(np.linalg.norm(after.affine[:3, :3], axis=0))


def test_numbered_axis_keeps_the_stored_order(tmp_path):
    volume = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, "RAS"))])
    cut = reorient(volume, 0)
    assert np.array_equal(cut.picture(2), volume.array[2].T)
    assert cut.pixel_spacing == pytest.approx((2.5, 0.75))


def test_nrrd_equals_nifti_of_the_same_grid(tmp_path):
    array, affine = turned(LPS, LPS_AFFINE, "RPI")
    lps = np.diag([-1, -1, 1, 1]) @ affine
    for space, place in (("left-posterior-superior", lps), ("right-anterior-superior", affine)):
        header = {"space": space, "space directions": place[:3, :3].T, "space origin": place[:3, 3]}
        nrrd.write(str(tmp_path / "a.nrrd"), array, header)
        volume = read_volume([tmp_path / "a.nrrd"])
        assert np.array_equal(volume.array, array)
        assert np.allclose(volume.affine, affine)
        assert np.array_equal(reorient(volume, "axial").array, LPS)


def test_nrrd_without_space_has_spacing_only(tmp_path, caplog):
    nrrd.write(str(tmp_path / "a.nrrd"), LPS, {"spacings": [0.5, 0.75, 2.5]})
    volume = reorient(read_volume([tmp_path / "a.nrrd"]), "axial")
    assert volume.affine is None
    assert volume.pixel_spacing == (0.75, 0.5)
    assert np.array_equal(volume.array, LPS)
    assert "a.nrrd says nothing of its orientation" in caplog.text


def test_nifti_without_codes_has_no_orientation(tmp_path):
    image = nib.Nifti1Image(LPS, None)
    image.header.set_zooms((0.5, 0.75, 2.5))
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume([tmp_path / "a.nii"])
    assert volume.affine is None
    assert volume.pixel_spacing == (0.75, 0.5)


def test_nifti_in_micrometres(tmp_path):
    image = nib.Nifti1Image(LPS, np.diag([500.0, 750.0, 2500.0, 1.0]))
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "a.nii")
    assert read_volume([tmp_path / "a.nii"]).pixel_spacing == pytest.approx((0.75, 0.5))


def test_four_dimensions(tmp_path):
    path = save_nifti(tmp_path / "a.nii", np.zeros((4, 5, 3, 2), np.uint8), np.eye(4))
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.nii has the shape 4 x 5 x 3 x 2"):
        read_volume([path])
    path = save_nifti(tmp_path / "b.nii", np.zeros((4, 5, 3, 1), np.uint8), np.eye(4))
    assert read_volume([path]).shape == (4, 5, 3)


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
    with pytest.raises(PromptsegError, match=r"^several DICOM series: .*make the pattern in `cases` narrower"):
        read_volume(paths)


def test_dicom_two_volumes_in_one_series(tmp_path):
    with pytest.raises(PromptsegError, match=r"^two slices at one place"):
        read_volume(save_series(tmp_path / "s", heights=(1.0, 2.0, 3.0, 1.0)))


def test_dicom_slices_without_position(tmp_path):
    with pytest.raises(PromptsegError, match=r"^no ImagePositionPatient"):
        read_volume(save_series(tmp_path / "s", ImagePositionPatient=None))


def test_only_other_dicom_objects(tmp_path):
    path = save_slice(tmp_path / "a.dcm", LPS[:, :, 0].T, 0.0, generate_uid(), Modality="RTDOSE")
    with pytest.raises(PromptsegError, match=r"^no DICOM image: a\.dcm"):
        read_volume([path])


def test_png_keeps_its_order_and_has_no_spacing(tmp_path):
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    volume = read_volume([save_png(tmp_path / "a.png", array, dpi=(72, 72))])
    assert volume.shape == (4, 3, 1)
    assert volume.planar
    assert volume.affine is None
    assert volume.pixel_spacing is None
    assert np.array_equal(volume.picture(0), array)
    for axis in ("axial", "coronal", 0, 2):
        assert np.array_equal(reorient(volume, axis).picture(0), array)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_is_kept(tmp_path, caplog, suffix):
    caplog.set_level("INFO")
    array = np.array([[0, 300], [65535, 4]], np.uint16)
    volume = read_volume([save_png(tmp_path / f"a.{suffix}", array)])
    assert volume.array.dtype == np.uint16
    assert np.array_equal(volume.picture(0), array)
    assert f"a.{suffix} has 16 bits" in caplog.text
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_colour_is_kept(tmp_path, suffix):
    array = np.array([[[1, 300, 65535], [0, 2, 4]]], np.uint16)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), array[:, :, ::-1])
    volume = read_volume([tmp_path / f"a.{suffix}"])
    assert volume.array.dtype == np.uint16
    assert np.array_equal(volume.picture(0), array)


def test_alpha_is_dropped_with_a_warning(tmp_path, caplog):
    array = np.array([[[1, 2, 3, 0], [4, 5, 6, 9]]], np.uint8)
    volume = read_volume([save_png(tmp_path / "a.png", array)])
    assert np.array_equal(volume.picture(0), array[:, :, :3])
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "a.png has an alpha channel; it is dropped")
    ]


def test_palette(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png")
    volume = read_volume([tmp_path / "a.png"])
    assert volume.picture(0).tolist() == [[[0, 0, 0], [255, 0, 0]], [[0, 255, 0], [255, 0, 0]]]
    assert read_labels([tmp_path / "a.png"], volume).picture(0).tolist() == [[0, 1], [2, 1]]


def test_grey_palette_stands_for_its_greys(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(tmp_path / "a.png")
    volume = read_volume([tmp_path / "a.png"])
    assert volume.picture(0).tolist() == [[255, 0]]
    assert read_labels([tmp_path / "a.png"], volume).picture(0).tolist() == [[255, 0]]


def test_one_bit_mask_and_bmp_and_jpeg(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    assert read_volume([tmp_path / "a.png"]).picture(0).tolist() == [[1, 0]]
    for suffix in ("bmp", "jpg"):
        path = save_png(tmp_path / f"a.{suffix}", np.full((8, 9), 77, np.uint8))
        assert read_volume([path]).picture(0).tolist() == [[77] * 9] * 8


def test_pages_of_a_tiff(tmp_path):
    pages = [Image.fromarray(np.zeros((2, 2), np.uint8))] * 3
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(PromptsegError, match=r"^several pages: a\.tif holds 3"):
        read_volume([tmp_path / "a.tif"])


@pytest.mark.parametrize("name", ["a.png", "a.nii.gz", "a.nii", "a.nrrd", "a.tif"])
def test_unreadable_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is not a picture of any kind")
    with pytest.raises(PromptsegError, match=rf"^unreadable: {name}: \S") as caught:
        read_volume([tmp_path / name])
    assert str(tmp_path) not in str(caught.value)


def test_truncated_files(tmp_path):
    noise = np.random.default_rng(0).integers(0, 99, (20, 20, 20), np.uint8)
    whole = save_nifti(tmp_path / "a.nii.gz", noise, np.eye(4))
    whole.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.nii\.gz"):
        read_volume([whole])
    paths = save_series(tmp_path / "s")
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    with pytest.raises(PromptsegError, match=r"^unreadable: b: "):
        read_volume(paths)


def test_missing_file_and_unknown_format(tmp_path):
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.png: "):
        read_volume([tmp_path / "a.png"])
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(PromptsegError, match=r"^unknown format: a\.txt"):
        read_volume([tmp_path / "a.txt"])


def test_several_files_that_are_no_series(tmp_path):
    paths = [save_png(tmp_path / name, np.zeros((2, 2), np.uint8)) for name in ("a.png", "b.png")]
    with pytest.raises(PromptsegError, match=r"^several files: a\.png, b\.png are not one DICOM series"):
        read_volume(paths)


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


def test_shifted_labels_are_logged(tmp_path, caplog):
    image = read_volume([save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE)])
    shifted = LPS_AFFINE.copy()
    shifted[0, 3] += 3
    shifted[1, 3] -= 4
    read_labels([save_nifti(tmp_path / "b.nii", LPS, shifted)], image)
    assert "a.nii and b.nii lie up to 5.00 mm apart" in caplog.text


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
    with pytest.raises(PromptsegError, match=r"^float labels that are not integers: b\.nii holds 0\.25; save whole"):
        read_labels([save_nifti(tmp_path / "b.nii", wrong, LPS_AFFINE)], image)
    wrong[1, 2, 1] = np.nan
    with pytest.raises(PromptsegError, match=r"^float labels that are not integers: b\.nii holds nan"):
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


def test_channels_of_four_dimensions(tmp_path):
    array = np.stack([LPS, LPS * 2, LPS * 3, LPS * 4], axis=3)
    path = save_nifti(tmp_path / "a.nii.gz", array, LPS_AFFINE)
    grey = read_volume([path], channels=[2])
    assert np.array_equal(grey.array, LPS * 3)
    assert not grey.separate
    colour = read_volume([path], channels=[3, 0, 1])
    assert colour.separate
    assert np.array_equal(colour.array[..., 0], LPS * 4)
    assert np.array_equal(reorient(colour, "sagittal").picture(1)[..., 1], LPS[1, :, ::-1].T)
    with pytest.raises(PromptsegError, match=r"^too many dimensions: .* 4 x 5 x 3 x 4; say which .* by `channels`"):
        read_volume([path])
    for channels in ([4], [0, 1]):
        with pytest.raises(PromptsegError, match=r"^no such channels: a\.nii\.gz has the shape 4 x 5 x 3 x 4"):
            read_volume([path], channels=channels)
    with pytest.raises(PromptsegError, match=r"^no such channels: b\.nii"):
        read_volume([save_nifti(tmp_path / "b.nii", LPS, LPS_AFFINE)], channels=[0])
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.nii\.gz .* each mask to a file of its own"):
        read_labels([path], grey)


def test_colours_from_three_files(tmp_path, caplog):
    channels = [(LPS, "RAS"), (LPS * 2, "LPS"), (LPS * 0.5, "SAL")]
    paths = [
        save_nifti(tmp_path / f"{index}.nii", *turned(array, LPS_AFFINE, codes))
        for index, (array, codes) in enumerate(channels, start=1)
    ]
    volume = read_colours(paths)
    assert volume.separate
    assert volume.array.shape == (4, 5, 3, 3)
    assert np.array_equal(reorient(volume, "axial").array, np.stack([LPS, LPS * 2, LPS * 0.5], axis=3))
    assert caplog.text == ""
    with pytest.raises(PromptsegError, match=r"^sizes differ: the image 1\.nii"):
        read_colours([*paths[:2], save_nifti(tmp_path / "4.nii", LPS[:3], LPS_AFFINE)])


def save_scaled(path: Path, array: np.ndarray, slope: float, intercept: float) -> Path:
    """A NIfTI file whose stored numbers are `array`."""
    save_nifti(path.with_suffix(".raw.nii"), array, LPS_AFFINE)
    content = bytearray(path.with_suffix(".raw.nii").read_bytes())
    content[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else bytes(content))
    return path


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype", "scale"),
    [
        (1, 0, np.int16, None),
        (2, -1024, np.int16, None),
        (3000, 5, np.int32, None),
        (0.5, -1, np.int16, (0.5, -1.0)),
        (-1, 0, np.float64, None),
    ],
)
def test_scale_of_a_nifti(tmp_path, slope, intercept, dtype, scale):
    for name in ("a.nii", "b.nii.gz"):
        volume = read_volume([save_scaled(tmp_path / name, LPS, slope, intercept)])
        assert (volume.array.dtype, volume.scale) == (dtype, scale)
        assert np.array_equal(volume.picture(1), LPS[:, :, 1].T * float(slope) + intercept)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=6), st.integers(1, 70000), st.integers(-70000, 70000))
def test_whole_scales_are_exact(values, slope, intercept):
    array = np.array(values, np.int16)
    result, scale = rescaled(array, float(slope), float(intercept))
    assert scale is None
    assert result.tolist() == [value * slope + intercept for value in values]


def test_scaled_labels(tmp_path):
    image = read_volume([save_nifti(tmp_path / "a.nii", LPS, LPS_AFFINE)])
    labels = read_labels([save_scaled(tmp_path / "b.nii.gz", LPS % 3 * 2, 0.5, 0)], image)
    assert labels.array.dtype == np.uint8
    assert np.array_equal(labels.array, LPS % 3)


def test_big_endian(tmp_path):
    volume = read_volume([save_nifti(tmp_path / "a.nii.gz", LPS.astype(">i2"), LPS_AFFINE)])
    assert volume.array.dtype == np.dtype("=i2")
    assert np.array_equal(volume.array, LPS)


def test_two_dimensional_nifti(tmp_path):
    path = save_nifti(tmp_path / "a.nii", LPS[:, :, :1], np.diag([-0.1, -0.1, 1, 1]))
    volume = reorient(read_volume([path]), 2)
    assert volume.planar
    assert np.array_equal(volume.picture(0), LPS[:, :, 0].T)
    assert np.array_equal(read_volume([save_nifti(tmp_path / "b.nii", LPS[:, :, 0], None)]).array, LPS[:, :, :1])


def test_checksum_of_a_gzip_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 99, (20, 20, 20), np.uint8)
    path = save_nifti(tmp_path / "a.nii.gz", noise, LPS_AFFINE)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.nii\.gz: CRC check failed"):
        read_volume([path])
    whole = gzip.decompress(save_nifti(path, noise, LPS_AFFINE).read_bytes())
    path.write_bytes(gzip.compress(whole[:-7]))
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.nii\.gz: it ends after 7993 of 8000 bytes"):
        read_volume([path])


NAMES = {"Segment0_Name": "Vessels", "Segment1_Name": "Dense"}
VALUES = {"Segment0_LabelValue": "1", "Segment1_LabelValue": "2", "Segment0_Layer": "0", "Segment1_Layer": "0"}


class TestSegments:
    """Files of 3D Slicer."""

    vessels = np.isin(LPS, [5, 6, 7, 20]).astype(np.uint8)
    dense = np.isin(LPS, [7, 8, 30, 31]).astype(np.uint8)

    @staticmethod
    def save(path, array, affine, **header):
        lps = np.diag([-1, -1, 1, 1]) @ affine
        rows = [*([[np.nan] * 3] if array.ndim == 4 else []), *lps[:3, :3].T]
        place = {"space": "left-posterior-superior", "space directions": np.array(rows), "space origin": lps[:3, 3]}
        place["kinds"] = ["list"] * (array.ndim - 3) + ["domain"] * 3
        nrrd.write(str(path), array, {**place, **header})
        return path

    @pytest.fixture
    def image(self, tmp_path):
        return read_volume([save_nifti(tmp_path / "image.nii", *turned(LPS, LPS_AFFINE, "RAS"))])

    def axial(self, path, image, pattern):
        return reorient(read_masks([MaskFiles((path,), 3, None, pattern)], image), "axial").array

    def test_names_say_which_value_is_meant(self, tmp_path, image):
        array = np.where(self.dense, 2, self.vessels).astype(np.uint8)
        path = self.save(tmp_path / "a.seg.nrrd", array, LPS_AFFINE, **NAMES, **VALUES)
        assert np.array_equal(self.axial(path, image, "dense"), self.dense * 3)
        swapped = {**VALUES, "Segment0_LabelValue": "2", "Segment1_LabelValue": "1"}
        path = self.save(tmp_path / "b.seg.nrrd", array, LPS_AFFINE, **NAMES, **swapped)
        assert np.array_equal(self.axial(path, image, "dense"), (array == 1) * 3)
        assert np.array_equal(self.axial(path, image, "^(vessels|dense)$"), (array > 0) * 3)

    def test_layers_stand_on_the_first_axis(self, tmp_path, image):
        layers = np.stack([self.dense * 5, self.vessels])
        tags = {"Segment0_LabelValue": "1", "Segment1_LabelValue": "5", "Segment0_Layer": "1", "Segment1_Layer": "0"}
        path = self.save(tmp_path / "a.seg.nrrd", *self.turn(layers, "SAL"), **NAMES, **tags)
        assert np.array_equal(self.axial(path, image, "DENSE"), self.dense * 3)
        assert np.array_equal(self.axial(path, image, "vessels"), self.vessels * 3)
        both = [MaskFiles((path,), 1, None, "vessels"), MaskFiles((path,), 2, None, "dense")]
        expected = np.where(self.dense, 2, self.vessels)
        assert np.array_equal(reorient(read_masks(both, image), "axial").array, expected)

    @staticmethod
    def turn(layers, codes):
        both = [turned(layer, LPS_AFFINE, codes) for layer in layers]
        return np.stack([array for array, _ in both]), both[0][1]

    def test_files_without_values_and_layers(self, tmp_path, image):
        path = self.save(tmp_path / "a.seg.nrrd", np.stack([self.vessels, self.dense]), LPS_AFFINE, **NAMES)
        assert np.array_equal(self.axial(path, image, "dense"), self.dense * 3)

    def test_a_box_around_the_segments(self, tmp_path, image):
        box = LPS_AFFINE.copy()
        box[:3, 3] = (LPS_AFFINE @ [1, 0, 1, 1])[:3]
        tags = {"Segment0_Name": "Dense"}
        path = self.save(tmp_path / "a.seg.nrrd", self.dense[1:3, :, 1:], box, **tags)
        expected = np.zeros_like(self.dense)
        expected[1:3, :, 1:] = self.dense[1:3, :, 1:]
        assert np.array_equal(self.axial(path, image, "dense"), expected * 3)
        # What lies outside the image is cut off.
        box[:3, 3] = (LPS_AFFINE @ [-1, 0, 0, 1])[:3]
        path = self.save(tmp_path / "b.seg.nrrd", np.ones((2, 5, 3), np.uint8), box, **tags)
        assert self.axial(path, image, "dense")[:, 0, 0].tolist() == [3, 0, 0, 0]
        box[0, 3] += 0.2
        path = self.save(tmp_path / "c.seg.nrrd", np.ones((2, 5, 3), np.uint8), box, **tags)
        with pytest.raises(PromptsegError, match=r"^another grid: the voxels of c\.seg\.nrrd do not lie on those"):
            self.axial(path, image, "dense")

    def test_no_voxel_and_no_such_segment(self, tmp_path, image):
        path = self.save(tmp_path / "a.seg.nrrd", np.ones((1, 1, 1), np.uint8), LPS_AFFINE, Segment0_Name="Dense")
        assert not self.axial(path, image, "dense").any()
        with pytest.raises(PromptsegError, match=r"^no segment: none in a\.seg\.nrrd matches .*there are 'Dense'"):
            self.axial(path, image, "vessel")

    @pytest.mark.parametrize("falling", [False, True])
    @pytest.mark.parametrize("prone", [False, True])
    def test_masks_without_a_place_lie_as_their_authors_lay_them(self, tmp_path, falling, prone):
        """The turns that the authors of the breast masks give to images and masks, and what we do, are the same."""
        heights = (16.0, 13.5, 11.0) if falling else (11.0, 13.5, 16.0)
        tags = {"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]} if prone else {}
        series = generate_uid()
        paths = [save_slice(tmp_path / f"{k}", LPS[:, :, k].T, z, series, **tags) for k, z in enumerate(heights)]
        mask = (LPS % 7 == 0).astype(np.uint8)
        nrrd.write(str(tmp_path / "m.seg.nrrd"), mask, {"Segment0_Name": "Breast"})
        ours = read_volume(paths)
        marked = read_masks([MaskFiles((tmp_path / "m.seg.nrrd",), 1, None, "breast")], ours).array

        theirs = np.stack([LPS[:, :, k].T * 2 - 1024 for k in range(3)], axis=-1)
        turned_mask = np.flip(np.rot90(mask), axis=1)
        if falling:
            theirs, turned_mask = np.rot90(theirs, 2, (1, 2)), np.flip(turned_mask, axis=1)
        if prone:
            theirs = np.rot90(theirs, 2)
        else:
            turned_mask = np.rot90(turned_mask, 2)
        assert sorted(ours.array[marked > 0]) == sorted(theirs[turned_mask > 0])


class TestDicomSegmentation:
    folder = SHARED / "volumes" / "ct_dicom_3slice"

    @pytest.fixture(autouse=True)
    def present(self):
        if not self.folder.is_dir():
            pytest.skip(f"{self.folder} is absent")

    def test_equals_the_same_labels_as_nrrd(self):
        image = read_volume(sorted(self.folder.glob("*.dcm")))  # liver.dcm, the SEG, lies among them
        assert image.shape == (512, 512, 3)
        segmented = read_labels([self.folder / "liver.dcm"], image)
        labels = read_labels([self.folder / "liver_seg.nrrd"], image)
        assert int((labels.array == 1).sum()) == 107098
        assert np.array_equal(segmented.array, labels.array)

    def test_into_a_turned_grid(self):
        image = reorient(read_volume(sorted(self.folder.glob("0*.dcm"))), "sagittal")
        segmented = read_labels([self.folder / "liver.dcm"], image)
        assert np.array_equal(segmented.array, read_labels([self.folder / "liver_seg.nrrd"], image).array)

    def test_another_grid(self):
        image = read_volume(sorted(self.folder.glob("0*.dcm")))
        half = image.affine.copy()
        half[0, 3] += 0.4
        with pytest.raises(PromptsegError, match=r"^another grid: the pixels of liver\.dcm"):
            read_labels([self.folder / "liver.dcm"], Volume(image.array, half, image.spacing, "a"))

    def test_image_that_is_too_small(self):
        image = read_volume(sorted(self.folder.glob("0*.dcm")))
        with pytest.raises(PromptsegError, match=r"^sizes differ: liver\.dcm reaches beyond a \(512 x 512 x 2\)"):
            read_labels([self.folder / "liver.dcm"], Volume(image.array[:, :, :2], image.affine, image.spacing, "a"))

    def test_image_without_a_place(self, tmp_path):
        picture = read_volume([save_png(tmp_path / "a.png", np.zeros((512, 512), np.uint8))])
        with pytest.raises(PromptsegError, match=r"^no position: a\.png"):
            read_labels([self.folder / "liver.dcm"], picture)
