"""Volumes in stored units, in the grid of their slices."""

import hashlib

import nibabel as nib
import numpy as np
import pytest

from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.intensity import to_uint8
from promptseg.volumes.data.build import build_volumes
from promptseg.volumes.data.raw import write_raw, write_raw_volumes
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.data.tables import VOLUME_INDEX, VOLUME_OBJECTS, VOLUMES
from support.builds import entry, list_files, write
from support.volumes import turned

GRID = np.array([[-0.5, 0.05, 0, 30], [0.02, -0.75, 0.3, -20], [0, 0.1, 3, 5], [0, 0, 0, 1]])
WINDOW = {"kind": "window", "low": -100, "high": 200}


@pytest.mark.parametrize("codes", ["LPS", "RAS", "ASL", "PIR"])
def test_voxels_are_pixels_of_slices_however_they_are_stored(tmp_path, codes):
    grey = np.random.default_rng(0).integers(-1000, 1000, (8, 10, 20), np.int16)
    labels = np.zeros((8, 10, 20), np.uint8)
    labels[2:5, 3:6, 4:9] = 1
    for folder, array in (("images", grey), ("masks", labels)):
        write(tmp_path / "raw" / folder / "a.nii.gz", *turned(array, GRID, codes))
    files, settings = list_files(tmp_path / "raw", tmp_path / "files.csv"), entry(volumes=True, intensity=WINDOW)
    tables = [tmp_path / table.name for table in (VOLUMES, VOLUME_INDEX, VOLUME_OBJECTS)]
    build_volumes(files, tables, "mine", settings, False, 1)
    write_raw_volumes(files, tables[1], tmp_path / "raw_volumes", settings, 1)
    (volume,) = stream_volumes(*tables, {"lesion": [1]}, tmp_path / "raw_volumes")
    image = nib.load(volume.raw())
    assert (image.shape, image.get_data_dtype()) == ((8, 10, 20), np.int16)
    np.testing.assert_array_equal(image.get_fdata(), grey)
    np.testing.assert_allclose(image.affine, volume.geometry.affine, atol=1e-5)
    np.testing.assert_allclose(volume.geometry.affine, GRID, atol=1e-5)
    for z in (0, 7, 19):
        np.testing.assert_array_equal(volume.pixels(z)[..., 0], to_uint8(image.dataobj[:, :, z].T, -100, 200))


@pytest.mark.parametrize(
    ("array", "scale", "dtype", "values"),
    [
        (np.array([0, 3], np.uint16), None, np.uint16, [0, 3]),
        (np.array([0, 3], np.int16), (0.5, -1), np.float32, [-1, 0.5]),
        (np.array([0, 2.25], np.float64), None, np.float32, [0, 2.25]),
        (np.array([0, 7], np.int64), None, np.float32, [0, 7]),
    ],
)
def test_values_are_those_in_their_unit(tmp_path, array, scale, dtype, values):
    volume = Volume(np.tile(array[:, None, None], (1, 2, 3)), np.eye(4), (1, 1, 1), "a", scale)
    write_raw(tmp_path / "a.nii.gz", volume)
    image = nib.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == dtype
    assert image.get_fdata()[:, 1, 2].tolist() == values


def test_without_an_affine_nothing_is_said_of_the_place(tmp_path):
    volume = Volume(np.zeros((2, 3, 4), np.uint8), None, (0.5, 0.75, np.nan), "a")
    write_raw(tmp_path / "a.nii.gz", volume)
    header = nib.load(tmp_path / "a.nii.gz").header
    assert [float(zoom) for zoom in header.get_zooms()] == [0.5, 0.75, 1.0]
    assert (int(header["sform_code"]), int(header["qform_code"])) == (0, 0)
    write_raw(tmp_path / "again.nii.gz", volume)
    first, second = (hashlib.sha256((tmp_path / f"{name}.nii.gz").read_bytes()).digest() for name in ("a", "again"))
    assert first == second


def test_colours_are_a_fourth_axis(tmp_path):
    array = np.random.default_rng(1).integers(0, 255, (4, 5, 6, 3), np.uint8)
    volume = reorient(Volume(array, np.diag([-1.0, -1, 2, 1]), (1, 1, 2), "a"), "coronal")
    write_raw(tmp_path / "a.nii.gz", volume)
    image = nib.load(tmp_path / "a.nii.gz")
    assert image.shape == (4, 6, 5, 3)
    np.testing.assert_array_equal(np.asarray(image.dataobj)[:, :, 2].swapaxes(0, 1), volume.picture(2))
