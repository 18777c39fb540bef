"""Masks laid over images whose headers agree, nearly agree, or contradict each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.alignment import align
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import CODES, save_nifti, turned

VALUES = np.arange(30 * 24 * 12, dtype=np.int16).reshape(30, 24, 12)
PLACE = np.array([[-0.5, 0, 0, 7.0], [0, -0.75, 0, -3.0], [0, 0, 2.5, 11.0], [0, 0, 0, 1.0]])


def volume(affine, array=VALUES, name="a.nii", **options):
    return Volume(array, affine, None, name, **options)


def changed(*changes):
    """`PLACE` with some elements of it replaced: ((row, column), value)."""
    affine = PLACE.copy()
    for index, value in changes:
        affine[index] = value
    return affine


def rotated(degrees):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cosine, -sine, 0, 0], [sine, cosine, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    return turn @ PLACE


def laid(mask, image=PLACE, geometry="agree"):
    return align(volume(mask, name="m.nii"), volume(image), geometry)


@given(
    st.sampled_from(CODES),
    st.sampled_from(CODES),
    st.tuples(*[st.floats(0.2, 9.0)] * 3),
    st.floats(-180, 180),
    st.sampled_from([(4, 5, 3), (4, 4, 4), (4, 5, 1), (1, 4, 4)]),
    st.sampled_from(["agree", "header"]),
)
def test_right_headers_in_any_order_of_the_axes(image_codes, mask_codes, steps, angle, shape, geometry):
    values = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    affine = rotated(angle) @ np.diag([*steps, 1.0])
    image, mask = (
        volume(place, array) for array, place in (turned(values, affine, codes) for codes in (image_codes, mask_codes))
    )
    assert np.array_equal(align(mask, image, geometry).array, image.array)


@given(st.sampled_from(CODES), st.sampled_from(CODES), st.tuples(*[st.floats(-2, 2)] * 3))
def test_what_is_accepted_lies_within_a_voxel_of_where_the_headers_say(image_codes, mask_codes, shift):
    values = np.arange(4 * 5 * 3, dtype=np.int16).reshape(4, 5, 3)
    image = volume(*reversed(turned(values, PLACE, image_codes)))
    array, place = turned(values, PLACE, mask_codes)
    place = place.copy()
    place[:3, 3] += place[:3, :3] @ shift
    try:
        result = align(volume(place, array), image).array
    except PromptsegError:
        assert max(map(abs, shift)) > 0.5
        return
    indices = np.array(list(np.ndindex(array.shape)))
    said = (np.linalg.inv(image.affine) @ place @ np.vstack([indices.T, np.ones(60)]))[:3].T
    got = np.array([np.argwhere(result == array[tuple(index)])[0] for index in indices])
    assert np.abs(said - got).max() < 1


@pytest.mark.parametrize("codes", ["RAS", "LAS", "LPI", "RPS"])
def test_a_flip_at_the_same_origin_is_refused(codes):
    flipped = turned(VALUES, PLACE, codes)[1]
    flipped[:3, 3] = PLACE[:3, 3]
    for image, mask in ((PLACE, flipped), (flipped, PLACE)):
        with pytest.raises(PromptsegError, match=r"^places differ: .*; set `geometry: stored`"):
            laid(mask, image)
        assert np.array_equal(laid(mask, image, "stored").array, VALUES)


def test_identity_of_a_mask_is_refused_with_both_places():
    with pytest.raises(PromptsegError) as caught:
        laid(np.eye(4))
    assert str(caught.value) == (
        "places differ: the image a.nii lies at LPS, x -7.5 to 7, y -20.25 to -3, z 11 to 38.5 mm, "
        "the mask m.nii lies at RAS, x 0 to 29, y 0 to 23, z 0 to 11 mm; "
        "set `geometry: stored` in the dataset's entry if the arrays fit voxel by voxel, whatever the headers say, or "
        "`geometry: header` if the headers are right"
    )
    with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at RAS, x 0 to 29"):
        laid(PLACE, np.eye(4))
    assert np.array_equal(laid(np.eye(4), np.eye(4)).array, VALUES)
    # Neither does it say anything if the box happens to be the same.
    same_box = turned(VALUES, np.eye(4), "LAS")[1]
    with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at LAS, x 0 to 29"):
        laid(np.eye(4), same_box)


@pytest.mark.parametrize(
    "mask",
    [
        changed(((0, 3), 6.75), ((1, 3), -3.375), ((2, 3), 12.25)),  # half a voxel
        changed(((0, 3), 7.04)),  # rounded to a decimal
        PLACE.astype(np.float32).astype(float) + 1e-6,
        changed(((2, 2), 2.7)),  # 0.88 voxels at the last slice
        changed(((0, 0), -0.48)),  # 1.16 of 30 columns
        changed(((0, 2), 0.05)),  # a shear of 1.1 columns
        rotated(2),
    ],
)
def test_small_differences_are_laid_voxel_by_voxel(mask, caplog):
    result = laid(mask)
    assert np.array_equal(result.array, VALUES)
    assert np.array_equal(result.affine, PLACE)  # so that mask and image are turned in the same way
    distance = np.linalg.norm((mask - PLACE) @ [29, 23, 11, 1])
    assert ("a.nii and m.nii" in caplog.text) == (distance > 0.05)


def test_the_distance_is_told(caplog):
    laid(changed(((0, 3), 6.75)))
    assert "a.nii and m.nii lie up to 0.25 mm apart; they are laid over voxel by voxel" in caplog.text


@pytest.mark.parametrize(
    "mask",
    [
        changed(((0, 3), 7.5)),  # a column
        changed(((2, 3), 13.5)),  # a slice
        changed(((0, 3), 10.0), ((1, 3), -7.0)),
        changed(((2, 2), 3.0)),  # 2.2 of 12 slices at the end
        changed(((0, 0), -0.3)),
        rotated(20),
        rotated(90),
        rotated(180),
        PLACE[[1, 0, 2, 3]],
    ],
)
def test_larger_differences_are_refused(mask):
    for pair in ((PLACE, mask), (mask, PLACE)):
        with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at "):
            laid(*pair)


def test_a_step_written_with_few_digits():
    long = np.arange(8 * 9 * 300, dtype=np.int16).reshape(8, 9, 300)
    image, mask = np.diag([-1, -1, 0.703, 1]), np.diag([-1, -1, 0.7, 1])
    assert np.array_equal(align(volume(mask, long), volume(image, long)).array, long)
    # From the middle, as headers without a place are read.
    image[2, 3], mask[2, 3] = -149.5 * 0.703, -149.5 * 0.7
    assert np.array_equal(align(volume(mask, long), volume(image, long)).array, long)


def test_a_step_written_with_few_digits_and_turned_axes():
    """Columns and rows turned, as between DICOM and what dcm2niix makes of it; slices at a mean step or another one."""
    image = np.diag([-0.5, -0.75, 2.5 * 12 / 11, 1])
    array, mask = turned(VALUES, np.diag([-0.5, -0.75, 2.5, 1]), "RAS")
    assert np.array_equal(align(volume(mask, array), volume(image)).array, VALUES)
    # Around 0 any turn seems to fit.
    middle = (np.array(VALUES.shape) - 1) / 2
    image, mask = np.diag([-0.5, -0.75, 2.5, 1]), np.diag([0.52, 0.78, 2.5, 1])
    for affine in (image, mask):
        affine[:3, 3] = -affine[:3, :3] @ middle
    with pytest.raises(PromptsegError, match=r"^places differ"):
        laid(mask, image)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_place_and_thickness_of_a_single_slice(axis, caplog):
    array = np.take(VALUES, [3], axis)
    mask = PLACE.copy()
    mask[:3, 3] += 7 * mask[:3, axis]
    mask[:3, axis] *= -3
    result = align(volume(mask, array, "m.nii"), volume(PLACE, array))
    assert np.array_equal(result.array, array)
    assert f"lie up to {7 * (0.5, 0.75, 2.5)[axis]:.2f} mm apart" in caplog.text
    mask[:3, 3] += 2 * mask[:3, axis - 1]
    with pytest.raises(PromptsegError, match=r"^places differ"):
        align(volume(mask, array), volume(PLACE, array))


@pytest.mark.parametrize("codes", ["LPS", "RAS", "LAI", "SPL"])
@pytest.mark.parametrize("step", [2.5, 2.5 * np.cos(np.radians(30))])
def test_a_tilt_that_one_of_the_two_lacks(codes, step):
    """Slices of 30 degrees to the table: ITK and dcm2niix write upright stacks, of the one or the other step."""
    sine, cosine = np.sin(np.radians(30)), np.cos(np.radians(30))
    rows, normal = np.array([0, -cosine, sine]) * 0.75, np.array([0, sine, cosine])
    tilted, upright = PLACE.copy(), PLACE.copy()
    tilted[:3, 1] = upright[:3, 1] = rows
    tilted[:3, 2] = (0, 0, 2.5)
    upright[:3, 2] = normal * step
    array, place = turned(VALUES, upright, codes)
    assert np.array_equal(align(volume(place, array), volume(tilted)).array, VALUES)
    array, place = turned(VALUES, tilted, "RAS")
    result = align(volume(place, array), volume(upright)).array
    assert np.array_equal(result, VALUES)
    upright[1, 3] += 5
    with pytest.raises(PromptsegError, match=r"^places differ"):
        laid(upright, tilted)


def test_a_tie_between_axes():
    # At 45 degrees either axis may be called left, and a rounding error decides.
    for image, mask in ((44.9999, 45.0001), (45.0001, 44.9999)):
        array = VALUES[:20, :20]
        square = np.diag([1 / 0.5, 1 / 0.75, 1, 1])
        grids = [volume(rotated(angle) @ square, array) for angle in (image, mask)]
        result = align(grids[1], grids[0])
        assert np.array_equal(result.array, array)
        assert np.array_equal(reorient(result, "axial").array, reorient(grids[0], "axial").array)


def test_header_shifts_by_whole_voxels_and_cuts(caplog):
    expected = np.zeros_like(VALUES)
    expected[:28, 1:, 3:] = VALUES[2:, :-1, :9]
    mask = changed(((0, 3), 8.0), ((1, 3), -3.75), ((2, 3), 18.5))
    assert np.array_equal(laid(mask, geometry="header").array, expected)
    assert f"{np.count_nonzero(VALUES) - np.count_nonzero(expected)} marked voxels lie outside of a.nii" in caplog.text
    part = align(volume(PLACE, VALUES[:9, :, :2]), volume(PLACE), "header").array
    assert np.array_equal(part[:9, :, :2], VALUES[:9, :, :2])
    assert np.count_nonzero(part) == np.count_nonzero(VALUES[:9, :, :2])
    with pytest.raises(PromptsegError, match=r"^another grid: the voxels of m\.nii do not lie on those of a\.nii"):
        laid(changed(((0, 3), 8.2)), geometry="header")
    with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at LPS"):
        laid(changed(((2, 3), 111.0)), geometry="header")


def test_settings_that_cannot_be_followed():
    with pytest.raises(
        PromptsegError, match=r"^no position: m\.nii says nothing of its place; take `geometry: header` away$"
    ):
        laid(None, geometry="header")
    with pytest.raises(PromptsegError, match=r"^no position: a\.nii says nothing of its place"):
        laid(PLACE, None, "header")
    with pytest.raises(PromptsegError, match=r"^sizes differ: the image a\.nii has 30 x 24 x 12 pixels"):
        align(volume(PLACE, VALUES.T), volume(PLACE), "stored")


def test_the_same_array_by_headers_of_other_axes_is_no_other_size(tmp_path):
    # Read by its header the mask has another shape; as stored it has not.
    image = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, "PIL"))])
    path = save_nifti(tmp_path / "m.nii", image.array, np.eye(4))
    with pytest.raises(PromptsegError, match=r"^places differ: the image a\.nii lies at PIL, .* RAS, x 0 to 4"):
        read_labels([path], image)
    assert np.array_equal(read_labels([path], image, "stored").array, image.array)


def test_four_axes_and_a_mask_with_a_last_axis_of_one(tmp_path):
    values = np.stack([LPS, LPS * 2], axis=3)
    image = read_volume([save_nifti(tmp_path / "a.nii", values, LPS_AFFINE)], channels=[1])
    array, place = turned(LPS, LPS_AFFINE, "SAR")
    for index, shape in enumerate([(3, 5, 4), (3, 5, 4, 1), (3, 5, 4, 1, 1)]):
        path = save_nifti(tmp_path / f"{index}.nii", array.reshape(shape), place)
        assert np.array_equal(read_labels([path], image).array, LPS)
