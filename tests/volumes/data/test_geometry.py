"""Where slices lie, and what their distances make of lengths and volumes."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.images import decode_png
from promptseg.volumes.data.geometry import Geometry
from support.builds import run, write
from support.dicoms import save_series
from support.stacks import build
from support.volumes import turned

SERIES = {
    "cases": [{"image": "{case}/*", "labels": "{case}.nii"}],
    "intensity": {"kind": "window", "low": -1024, "high": 0},
}


def write_series(root, heights, marked, **tags):
    """A series of 4 x 5 pixels of 0.5 x 0.75 mm, with so many voxels of an object in each slice."""
    root.mkdir()
    save_series(root / "s", heights, **tags)
    labels = np.zeros((4, 5, len(marked)), np.uint8)
    for z, count in enumerate(marked):
        labels.reshape(20, -1)[:count, z] = 1
    nib.save(nib.Nifti1Image(labels, None), root / "s.nii")  # says nothing of its place: slice on slice
    return root


def test_slices_that_are_missing_leave_a_longer_way(tmp_path):
    """At 0, 2.5, 5 and, after a lost one, 10 and 12.5 mm: the slices beside the gap reach half into it."""
    root = write_series(tmp_path / "raw", (11.0, 13.5, 16.0, 21.0, 23.5), [0, 0, 4, 8, 2])
    _, index, objects = build(root, tmp_path / "out", **SERIES)
    assert index["positions"][0].tolist() == [0, 2.5, 5, 10, 12.5]
    assert (bool(index["uniform"][0]), index["spacing_z"][0], index["n_slices"][0]) == (False, 2.5, 5)
    (row,) = objects.itertuples()
    assert (row.z0, row.z1, row.n_gaps, row.voxels, row.length_mm) == (2, 4, 0, 14, 7.5 + 2.5)
    # In mm: slice 2 is (2.5 + 5) / 2 thick, slice 3 (5 + 2.5) / 2, the last one 2.5.
    assert row.ml == pytest.approx((4 * 3.75 + 8 * 3.75 + 2 * 2.5) * 0.5 * 0.75 / 1000)


def test_positions_count_in_the_direction_of_the_slices(tmp_path):
    """Rows that run to anterior make the slices of the series count downwards; axial slices count upwards."""
    root = write_series(tmp_path / "raw", (0.0, 1.0, 2.0, 4.0), [1] * 4, ImageOrientationPatient=[1, 0, 0, 0, -1, 0])
    _, index, _ = build(root, tmp_path / "out", **SERIES)
    assert index["positions"][0].tolist() == [0, 1, 2, 4]
    assert index["affine"][0].reshape(4, 4)[2, 2] == pytest.approx(4 / 3)
    _, index, _ = build(root, tmp_path / "stored", axis=2, **SERIES)
    assert index["positions"][0].tolist() == [0, 2, 3, 4]


def test_slices_across_those_of_a_series_are_equally_far_apart(tmp_path):
    root = write_series(tmp_path / "raw", (11.0, 13.5, 16.0, 21.0, 23.5), [9] * 5)
    _, index, _ = build(root, tmp_path / "out", axis="coronal", **SERIES)
    assert (bool(index["uniform"][0]), index["n_slices"][0]) == (True, 5)
    assert index["positions"][0].tolist() == [0.75 * z for z in range(5)]


@pytest.mark.parametrize(("last", "uniform"), [(16.04, True), (16.06, False)])
def test_rounded_positions_are_equally_far_apart(tmp_path, last, uniform):
    root = write_series(tmp_path / "raw", (11.0, 13.5, last), [9] * 3)
    _, index, _ = build(root, tmp_path / "out", **SERIES)
    assert bool(index["uniform"][0]) is uniform


def test_pictures_are_those_of_the_images_also_where_black_is_high(tmp_path):
    root = write_series(tmp_path / "raw", (11.0, 13.5, 16.0), [3, 9, 3], PhotometricInterpretation="MONOCHROME1")
    settings = {**SERIES, "intensity": {"kind": "none"}}
    images, _ = run(root, tmp_path / "out", **settings)
    slices, _, _ = build(root, tmp_path / "out", **settings)
    assert slices["image_id"].tolist() == images["image_id"].tolist() == ["s_z000", "s_z001", "s_z002"]
    assert slices["sha256"].tolist() == images["sha256"].tolist()
    first = decode_png(slices["image"][0]["bytes"])
    assert first[0, 0] > first[-1, -1]  # the stored values rise


def write_body(root, affine, array=None, name="a"):
    """A volume of 6 x 7 x 8 voxels with an object of 12 in slices 0 and 1."""
    labels = np.zeros((6, 7, 8), np.uint8)
    labels[1:3, 2:5, 0:2] = 1
    grey = np.arange(6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8) if array is None else array
    for folder, part in (("images", grey), ("masks", labels)):
        write(root / folder / f"{name}.nii.gz", part, affine)
    return root


def test_oblique_slices_are_cut_as_they_are_stored(tmp_path):
    """Turned by 30 degrees about the first axis: distances are lengths of steps, nothing is resampled."""
    cosine, sine = np.cos(np.pi / 6), np.sin(np.pi / 6)
    affine = np.diag([-1.0, 1, 1, 1]) @ np.array(
        [[1, 0, 0, 0], [0, cosine, -sine, 0], [0, sine, cosine, 0], [0, 0, 0, 1]]
    )
    affine = affine @ np.diag([0.5, -0.75, 4, 1])
    slices, index, objects = build(write_body(tmp_path / "raw", affine), tmp_path / "out")
    assert index[["spacing_z", "spacing_y", "spacing_x"]].values[0] == pytest.approx([4, 0.75, 0.5])
    np.testing.assert_allclose(index["affine"][0].reshape(4, 4), affine, atol=1e-6)
    assert objects["ml"][0] == pytest.approx(12 * 1.5 / 1000)
    assert decode_png(slices["labels"][1]["bytes"]).sum() == 6


def test_slices_shifted_against_each_other_lie_closer_than_their_first_pixels(tmp_path):
    """A gantry tilted by 60 degrees: 4 mm from pixel to pixel, 2 mm from plane to plane."""
    affine = np.diag([-0.5, -0.75, 1, 1])
    affine[:3, 2] = [0, -4 * np.sin(np.pi / 3), 4 * np.cos(np.pi / 3)]
    _, index, objects = build(write_body(tmp_path / "raw", affine), tmp_path / "out", axis=2)
    assert index["spacing_z"][0] == pytest.approx(4)
    assert objects["ml"][0] == pytest.approx(12 * 0.5 * 0.75 * 2 / 1000)


def test_the_order_in_which_slices_are_stored_does_not_count(tmp_path):
    labels = np.zeros((6, 7, 8), np.uint8)
    labels[1:3, 2:5, 0:2] = 1
    grey = np.arange(6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8)
    affine = np.diag([-0.5, -0.75, 4, 1])
    for codes in ("LPS", "LPI", "SRA"):
        for folder, part in (("images", grey), ("masks", labels)):
            write(tmp_path / "raw" / folder / f"{codes}.nii.gz", *turned(part, affine, codes))
    slices, index, objects = build(tmp_path / "raw", tmp_path / "out")
    assert slices.groupby("volume_id")["sha256"].apply(tuple).nunique() == 1
    assert slices["sha256"].nunique() == 8
    assert objects[["z0", "z1", "bbox_x0", "ml"]].drop_duplicates().values.tolist() == [[0, 1, 1, 12 * 1.5 / 1000]]
    for stated in index["affine"]:
        np.testing.assert_allclose(stated.reshape(4, 4), affine)


def test_an_object_may_touch_the_end_or_lie_in_one_slice(tmp_path):
    root = write_body(tmp_path / "raw", np.diag([-1.0, -1, 3, 1]))
    _, _, objects = build(root, tmp_path / "out")
    assert objects[["z0", "z1", "n_slices", "length_mm"]].values.tolist() == [[0, 1, 2, 6]]
    labels = np.zeros((6, 7, 8), np.uint8)
    labels[0, 0, 7] = 1
    write(root / "masks" / "a.nii.gz", labels, np.diag([-1.0, -1, 3, 1]))
    _, _, objects = build(root, tmp_path / "one")
    assert objects[["z0", "z1", "n_slices", "n_gaps", "length_mm"]].values.tolist() == [[7, 7, 1, 0, 3]]


def test_four_dimensions_need_a_choice(tmp_path):
    affine = np.diag([-1.0, -1, 3, 1])
    array = np.arange(6 * 7 * 8 * 3, dtype=np.int16).reshape(6, 7, 8, 3)
    root = write_body(tmp_path / "raw", affine, array)
    with pytest.raises(PromptsegError, match=r"no usable volume\. 1 of 1 cases failed: 1 too many dimensions\."):
        build(root, tmp_path / "none")
    slices, index, _ = build(root, tmp_path / "one", channels=[1])
    assert (index["n_slices"][0], index["time"].isna().all()) == (8, True)
    assert decode_png(slices["image"][7]["bytes"]).shape == (7, 6)
    slices, _, _ = build(
        root, tmp_path / "three", channels=[0, 1, 2], intensity={"kind": "window", "low": 0, "high": 900}
    )
    assert decode_png(slices["image"][7]["bytes"]).shape == (7, 6, 3)


def test_distances_that_are_not_known(tmp_path):
    flat = Volume(np.zeros((4, 5, 3)), None, (0.5, 0.75, np.nan), "a")
    geometry = Geometry.of(flat, flat)
    assert (geometry.spacing, geometry.positions, geometry.uniform) == ((None, 0.75, 0.5), None, None)
    assert (geometry.thickness, geometry.length(0, 2), geometry.millilitres({1: 7})) == (None, None, None)
    columns = Volume(np.zeros((4, 5, 3)), None, (np.nan, 0.75, 2), "a")
    geometry = Geometry.of(columns, columns)
    assert (geometry.length(0, 2), geometry.millilitres({1: 7})) == (6, None)


def test_a_volume_of_one_slice_is_a_picture(tmp_path):
    write(tmp_path / "raw" / "images" / "a.nii.gz", np.ones((6, 7, 1), np.int16))
    write(tmp_path / "raw" / "masks" / "a.nii.gz", np.ones((6, 7, 1), np.uint8))
    with pytest.raises(PromptsegError, match=r"all its cases are single pictures, which have no slices"):
        build(tmp_path / "raw", tmp_path / "out")
