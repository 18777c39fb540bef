"""Masks of every format come to lie on the images of the dataset, pixel by pixel."""

import json

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import tifffile
from PIL import Image

from promptseg.preprocess.objects import stream_objects
from support.builds import write
from support.given import GREY, LABELS, imported
from support.segmentations import marks, save_stack, segment

A = (LABELS == 1).astype(int).tolist()
B = (LABELS == 2).astype(int).tolist()
BOTH = {"p:a": A, "p:b": B}


@pytest.fixture
def pictures(tmp_path):
    """One picture with two objects."""
    write(tmp_path / "raw" / "images" / "p.png", GREY)
    write(tmp_path / "raw" / "masks" / "p.png", LABELS)
    (tmp_path / "given").mkdir()
    return tmp_path


def _mha(path, array):
    sitk.WriteImage(sitk.GetImageFromArray(array), path)


SAVED = {
    "png": lambda path, array: Image.fromarray(array).save(path),
    "tiff": lambda path, array: tifffile.imwrite(path, array),
    "npz": lambda path, array: np.savez_compressed(path, array),
    "nii.gz": lambda path, array: nib.save(nib.Nifti1Image(array.T, None), path),
    "mha": _mha,
    "nrrd": _mha,
}


@pytest.mark.parametrize("ending", SAVED)
def test_a_label_map(pictures, ending):
    SAVED[ending](pictures / "given" / f"p.{ending}", LABELS)
    found = imported(pictures / "raw", pictures, path=str(pictures / "given"), pattern=f"{{case}}.{ending}")
    assert found.masks(mode="automatic", selection="first", step=0, candidate=0) == BOTH
    assert found.counts == {"images": 1, "objects": 2, "predictions": 2}
    assert found.provenance["prompt_types"] == []
    assert found.provenance["candidates"] == 1


@pytest.mark.parametrize("ending", SAVED)
def test_a_file_for_each_task_whatever_its_number(pictures, ending):
    for task, array in (("a", A), ("b", B)):
        SAVED[ending](pictures / "given" / f"p_{task}.{ending}", np.array(array, np.uint8) * 255)
    found = imported(pictures / "raw", pictures, path=str(pictures / "given"), pattern=f"{{case}}_{{task}}.{ending}")
    assert found.masks() == BOTH


@pytest.mark.parametrize("ending", ["tiff", "npz", "nii.gz", "mha", "nrrd"])
def test_probability_maps_are_cut_at_the_threshold(pictures, ending):
    for task, array in (("a", A), ("b", B)):
        SAVED[ending](pictures / "given" / f"p_{task}.{ending}", np.array(array, np.float32) * 0.4 + 0.25)
    said = {"path": str(pictures / "given"), "pattern": f"{{case}}_{{task}}.{ending}"}
    assert imported(pictures / "raw", pictures, threshold=0.6, **said).masks() == BOTH
    with pytest.raises(Exception, match=r"threshold missing: p_a.* holds values from 0 to 0.65; .* give a `threshold`"):
        imported(pictures / "raw", pictures, **said)


def test_a_probability_map_of_the_only_task(pictures):
    np.savez(pictures / "given" / "p.npz", np.array(A, np.float32) * 0.9)
    said = {
        "path": str(pictures / "given"),
        "pattern": "{case}.npz",
        "dataset": {"tasks": {"a": [1]}, "other_labels": [2]},
    }
    assert imported(pictures / "raw", pictures, threshold=0.5, **dict(said)).masks() == {"p:a": A}
    with pytest.raises(
        Exception, match=r"label values are not whole: p.npz holds 0.89.* give a `threshold` beside `path`"
    ):
        imported(pictures / "raw", pictures, **said)


def _document(**changes):
    return {
        "images": [{"id": 7, "file_name": "elsewhere/p.png", "height": 3, "width": 5}],
        "categories": [{"id": 3, "name": "a"}, {"id": 4, "name": "b"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "segmentation": {"size": [3, 5], "counts": [0, 2, 1, 1, 11]}},
            {"id": 2, "image_id": 7, "category_id": 4, "segmentation": [[3, 1, 5, 1, 5, 2, 3, 2]]},
            {"id": 3, "image_id": 7, "category_id": 4, "segmentation": [[4, 2, 5, 2, 5, 3, 4, 3]]},
        ],
        **changes,
    }


def test_coco_of_run_lengths_and_polygons(pictures):
    (pictures / "given" / "all.json").write_text(json.dumps(_document()))
    for said in (
        {"path": str(pictures / "given" / "all.json")},
        {"path": str(pictures / "given"), "pattern": "a*.json"},
    ):
        assert imported(pictures / "raw", pictures, **said).masks() == BOTH


def test_coco_names_of_categories(pictures):
    named = _document(categories=[{"id": 3, "name": "Organ A"}, {"id": 4, "name": "b"}])
    (pictures / "given" / "all.json").write_text(json.dumps(named))
    said = {"path": str(pictures / "given" / "all.json")}
    assert imported(pictures / "raw", pictures, labels={"a": "Organ A", "b": "b"}, **said).masks() == BOTH
    found = imported(pictures / "raw", pictures, **said).masks()
    assert found["p:a"].startswith("missing mask: all.json has no category a, but Organ A, b; say by `labels`")
    assert found["p:b"] == B


def test_labels_of_other_numbers(pictures):
    Image.fromarray(np.where(LABELS == 1, 30, np.where(LABELS == 2, 40, 0)).astype(np.uint8)).save(
        pictures / "given" / "p.png"
    )
    said = {"path": str(pictures / "given"), "pattern": "{case}.png"}
    assert imported(pictures / "raw", pictures, labels={"a": [30], "b": [40]}, **said).masks() == BOTH
    half = imported(pictures / "raw", pictures, labels={"a": [30]}, other_labels="any", **said).masks()
    assert half == {"p:a": A, "p:b": "not_applicable"}
    with pytest.raises(Exception, match=r"unknown label value: p.png holds 30, 40; say by `labels`"):
        imported(pictures / "raw", pictures, **said)


STEP = np.diag([-0.5, -0.75, 2.0, 1.0])  # columns to the left, rows to posterior


@pytest.fixture
def volumes(tmp_path):
    """A volume of four slices, with objects on the second and third."""
    labels = np.zeros((4, 3, 5), np.uint8)
    labels[1], labels[2] = LABELS, LABELS
    labels[2, 0, 0] = 0
    write(tmp_path / "raw" / "images" / "v.nii.gz", np.arange(60, dtype=np.int16).reshape(4, 3, 5).T, STEP)
    write(tmp_path / "raw" / "masks" / "v.nii.gz", labels.T, STEP)
    (tmp_path / "given").mkdir()
    return tmp_path, labels


OF_VOLUME = {
    "v_z001:a": A,
    "v_z001:b": B,
    "v_z002:a": [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    "v_z002:b": B,
}


def test_a_volume_scores_all_its_slices(volumes):
    folder, labels = volumes
    nib.save(nib.Nifti1Image(labels.T, STEP), folder / "given" / "v.nii.gz")
    found = imported(folder / "raw", folder, path=str(folder / "given"), pattern="{case}.nii.gz")
    assert found.masks() == OF_VOLUME


def test_a_volume_of_other_directions_is_turned_like_a_truth(volumes):
    folder, labels = volumes
    turned = nib.as_closest_canonical(nib.Nifti1Image(labels.T, STEP))
    assert not np.array_equal(turned.affine, STEP)
    nib.save(turned, folder / "given" / "v.nii.gz")
    found = imported(folder / "raw", folder, path=str(folder / "given"), pattern="{case}.nii.gz")
    assert found.masks() == OF_VOLUME


@pytest.mark.parametrize("axis", ["coronal", "sagittal", 0])
def test_slices_along_other_axes(volumes, axis):
    folder, labels = volumes
    nib.save(nib.Nifti1Image(labels.T, STEP), folder / "given" / "v.nii.gz")
    found = imported(
        folder / "raw", folder, path=str(folder / "given"), pattern="{case}.nii.gz", dataset={"axis": axis}
    )
    truths = stream_objects(folder / "out" / "images.parquet", folder / "out" / "objects.parquet", {"a": [1], "b": [2]})
    expected = {item.row.object_id: item.mask.astype(int).tolist() for _, items in truths for item in items}
    assert len(expected) > 2
    assert found.masks() == expected


def test_arrays_of_a_volume(volumes):
    folder, labels = volumes
    np.savez(folder / "given" / "v.npz", segs=labels, spacing=np.ones(3))
    said = {"path": str(folder / "given"), "pattern": "{case}.npz"}
    assert imported(folder / "raw", folder, array="segs", **said).masks() == OF_VOLUME
    with pytest.raises(Exception, match=r"v.npz holds the arrays segs, spacing; say which by `array`"):
        imported(folder / "raw", folder, **said)
    with pytest.raises(Exception, match=r"several pictures: v.npz holds no array mask, but segs, spacing"):
        imported(folder / "raw", folder, array="mask", **said)


def test_a_picture_for_each_slice(volumes):
    folder, labels = volumes
    for z in (1, 2):
        Image.fromarray(labels[z]).save(folder / "given" / f"v-{z:03d}.png")
    said = {"path": str(folder / "given"), "pattern": "{case}-{slice:03d}.png"}
    assert imported(folder / "raw", folder, **said).masks() == OF_VOLUME
    (folder / "given" / "v-001.png").rename(folder / "given" / "v_z001.png")
    found = imported(folder / "raw", folder, path=str(folder / "given"), pattern="{image}.png").masks()
    assert found["v_z001:a"] == A
    assert found["v_z002:a"].startswith("missing mask: no file v_z002.png in ")


def test_segments_of_dicom(tmp_path):
    series = save_stack(tmp_path / "raw", [0, 2, 4])
    drawn = np.stack([marks(3, 0, 2), marks(0, 4, 1)], axis=3)
    segment(tmp_path / "raw" / "truth.dcm", series, drawn)
    (tmp_path / "given").mkdir()
    segment(tmp_path / "given" / "one.dcm", series, drawn)
    about = {"cases": [{"case": "one", "image": "00*.dcm", "labels": "truth.dcm"}], "tasks": {"a": [1], "b": [2]}}
    about["intensity"] = {"kind": "window", "low": -1100, "high": 0}
    said = {"path": str(tmp_path / "given"), "pattern": "{case}.dcm", "dataset": about}
    areas = {
        name: int(np.sum(mask)) for name, mask in imported(tmp_path / "raw", tmp_path, **dict(said)).masks().items()
    }
    assert areas == {"one_z000:a": 3, "one_z001:b": 4, "one_z002:a": 1, "one_z002:b": 1}
    named = {"a": "part 1", "b": "part 2"}
    areas = {
        name: int(np.sum(mask))
        for name, mask in imported(tmp_path / "raw", tmp_path, labels=named, **said).masks().items()
    }
    assert areas == {"one_z000:a": 3, "one_z001:b": 4, "one_z002:a": 2, "one_z002:b": 1}
