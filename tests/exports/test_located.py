"""The value in the source file at each exported index, against the pixel of the picture."""

import nibabel as nib
import nrrd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
import tifffile
from PIL import Image

from promptseg.exports.located import Locations
from promptseg.preprocess.images import read_images
from support.builds import entry, list_files, run, write
from support.dicoms import LPS, LPS_AFFINE, save_series
from support.volumes import CODES, turned

CASES = [{"image": "images/{case}.*", "labels": "masks/{case}.nii.gz"}]
MASK = (LPS % 3 == 0).astype(np.uint8)
AXES = ["axial", "coronal", "sagittal", 0, 1, 2]


def oblique(affine, degrees):
    """The affine turned about the first two axes of the patient."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turns = np.eye(4), np.eye(4)
    turns[0][1:3, 1:3] = turns[1][:3:2, :3:2] = [[cosine, -sine], [sine, cosine]]
    return turns[0] @ turns[1] @ affine


def pictures(folder, **changes):
    """Image row, (h, w) pixels and place of every picture that preprocessing makes of a folder."""
    images, _ = run(folder / "data", folder / "built", **changes)
    assert (images["status"] == "ok").all()
    stored = {one.image_id: one for one in read_images(folder / "built" / "images.parquet")}
    locations = Locations(folder / "built" / "files.csv", entry(**changes))
    for row in images.itertuples():
        number = None if np.isnan(row.slice) else int(row.slice)
        case = row.image_id if number is None else row.image_id.removesuffix(f"_z{number:03d}")
        yield case, number or 0, stored[row.image_id], locations.of(case)


def every_pixel(image, located, number):
    """(n, 2) points, their values in the picture and their indices in the file; the matrix says the same."""
    height, width = image.labels.shape
    points = np.stack(np.meshgrid(range(width), range(height)), axis=-1).reshape(-1, 2)
    found = located.indices(points, number)
    matrix = np.array(located.index_from_pixel(number))
    assert np.array_equal(np.c_[points, np.ones(len(points))] @ matrix.T, found)
    assert (found >= 0).all()
    assert (found < located.about["shape"]).all()
    return points, image.pixels[points[:, 1], points[:, 0], 0], found


def equal(stored, shown):
    """Whether values are the same but for the scale to 8 bit; within a picture no two are equal."""
    assert len(set(shown.tolist())) == len(shown)
    return np.array_equal(np.argsort(stored), np.argsort(shown))


@pytest.mark.parametrize("axis", AXES)
def test_nifti_in_all_kinds_of_orientations(tmp_path, axis):
    affines = {}
    for number, codes in enumerate(CODES[::7]):
        for degrees in (0, 20):
            array, affine = turned(LPS, LPS_AFFINE, codes)
            name = f"{codes}{degrees}"
            affines[name] = oblique(affine, degrees * (-1) ** number)
            for kind, values in (("images", array), ("masks", turned(MASK, LPS_AFFINE, codes)[0])):
                write(tmp_path / "data" / kind / f"{name}.nii.gz", values.astype(np.uint8), affines[name])
    seen = set()
    for case, number, image, located in pictures(tmp_path, axis=axis, cases=CASES):
        seen.add(case)
        points, values, index = every_pixel(image, located, number)
        assert (located.about["format"], located.about["axes"]) == ("NIfTI", ["i", "j", "k"])
        file = nib.load(tmp_path / "data" / "images" / f"{case}.nii.gz")
        assert equal(np.asarray(file.dataobj)[tuple(index.T)], values)
        truth = np.asarray(nib.load(tmp_path / "data" / "masks" / f"{case}.nii.gz").dataobj)
        assert np.array_equal(truth[tuple(index.T)] == 1, image.labels[points[:, 1], points[:, 0]] == 1)
        expected = nib.affines.apply_affine(file.affine, index)
        assert located.millimetres(points, number, image.spacing) == pytest.approx(expected, abs=2e-6)
        assert np.array(located.about["affine"]) == pytest.approx(file.affine, abs=1e-6)
    assert seen == set(affines)


@pytest.mark.parametrize(("suffix", "kind"), [("nrrd", "NRRD"), ("mha", "MetaImage")])
def test_other_volumes(tmp_path, suffix, kind):
    array, affine = turned(LPS, LPS_AFFINE, "SAR")
    write(tmp_path / "data" / "masks" / "a.nii.gz", np.ones(array.shape, np.uint8), affine)
    path = tmp_path / "data" / "images" / f"a.{suffix}"
    path.parent.mkdir()
    nib.save(nib.Nifti1Image(array.astype(np.uint8), affine), tmp_path / "a.nii")
    sitk.WriteImage(sitk.ReadImage(str(tmp_path / "a.nii")), str(path))
    for _, number, image, located in pictures(tmp_path, cases=CASES):
        points, values, index = every_pixel(image, located, number)
        assert (located.about["format"], located.about["axes"]) == (kind, ["i", "j", "k"])
        read = sitk.ReadImage(str(path))
        assert equal([read[one] for one in index.tolist()], values)
        places = [read.TransformIndexToPhysicalPoint(one) for one in index.tolist()]
        assert located.millimetres(points, number, None) == pytest.approx(np.array(places) * [-1, -1, 1])
        if kind == "NRRD":
            assert equal(nrrd.read(str(path))[0][tuple(index.T)], values)


@pytest.mark.parametrize(("axis", "named"), [("axial", True), ("sagittal", True), ("axial", False)])
def test_a_dicom_series_whose_slices_are_not_evenly_spaced(tmp_path, axis, named):
    """Anonymised files may have empty identifiers."""
    tags = {"RescaleSlope": 1, "RescaleIntercept": 0, **({} if named else {"SOPInstanceUID": ""})}
    (tmp_path / "data" / "images").mkdir(parents=True)
    save_series(tmp_path / "data" / "images" / "a", (11.0, 13.5, 16.8), **tags)
    write(tmp_path / "data" / "masks" / "a.nii.gz", np.ones(LPS.shape, np.uint8), LPS_AFFINE)
    series = [{"image": "images/{case}/*", "labels": "masks/{case}.nii.gz"}]
    read = {}
    for path in (tmp_path / "data" / "images" / "a").iterdir():
        read[f"images/a/{path.name}"] = pydicom.dcmread(path)
    count = 0
    for _, number, image, located in pictures(tmp_path, axis=axis, cases=series, geometry="stored"):
        points, values, index = every_pixel(image, located, number)
        about = located.about
        assert (about["format"], about["axes"], about["shape"]) == ("DICOM", ["column", "row", "slice"], [4, 5, 3])
        mm = located.millimetres(points, number, image.spacing)
        stored = []
        for (column, row, k), place in zip(index, mm, strict=True):
            instance = about["instances"][k]
            file = read[instance["file"]]
            assert instance["sop_instance_uid"] == (file.SOPInstanceUID or None)
            stored.append(file.pixel_array[row, column])
            x, y, z = file.ImagePositionPatient
            assert place == pytest.approx([-(x + 0.5 * column), -(y + 0.75 * row), z])
            count += 1
        assert equal(stored, values)
        assert {file["name"] for file in about["files"]} == set(read)
    assert count == 60


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_with_exif_data(tmp_path, orientation):
    values = np.arange(60, dtype=np.uint8).reshape(6, 10)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind, array in (("images", values), ("masks", np.ones_like(values))):
        (tmp_path / "data" / kind).mkdir(parents=True)
        Image.fromarray(array).save(tmp_path / "data" / kind / "a.png", exif=exif)
    (found,) = pictures(tmp_path, cases=[{"image": "images/{case}.png", "labels": "masks/{case}.png"}])
    _, number, image, located = found
    points, shown, index = every_pixel(image, located, number)
    assert (located.about["format"], located.about["axes"], located.about["shape"]) == (
        "PNG",
        ["row", "column"],
        [6, 10],
    )
    raw = np.asarray(Image.open(tmp_path / "data" / "images" / "a.png"))
    assert np.array_equal(raw, values)
    assert equal(raw[tuple(index.T)], shown)
    assert located.millimetres(points, number, None) is None
    assert located.millimetres(points[:2], number, (2.0, 0.25)).tolist() == [[0, 0], [0.25, 0]]


def test_a_stack_of_pages(tmp_path):
    pages = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    for kind, array in (("images", pages), ("masks", np.ones_like(pages))):
        (tmp_path / "data" / kind).mkdir(parents=True)
        tifffile.imwrite(tmp_path / "data" / kind / "a.tif", array, photometric="minisblack")
    cases = [{"image": "images/{case}.tif", "labels": "masks/{case}.tif"}]
    found = list(pictures(tmp_path, cases=cases, axis=2))
    assert len(found) == 5
    for _, number, image, located in found:
        _, values, index = every_pixel(image, located, number)
        assert located.about["axes"] == ["page", "row", "column"]
        assert equal(tifffile.imread(tmp_path / "data" / "images" / "a.tif")[tuple(index.T)], values)


def test_a_file_that_is_gone_has_a_problem(tmp_path):
    write(tmp_path / "data" / "images" / "a.png", np.zeros((3, 4), np.uint8))
    write(tmp_path / "data" / "masks" / "a.png", np.ones((3, 4), np.uint8))
    files = list_files(tmp_path / "data", tmp_path / "files.csv")
    (tmp_path / "data" / "images" / "a.png").unlink()
    located = Locations(files, entry()).of("a")
    assert located.about["source"] == "a"
    assert located.about["problem"].endswith("a.png, from which a was read, is not there any more.")
    assert located.indices(np.zeros((1, 2), int), 0) is None
    assert located.index_from_pixel(0) is None
