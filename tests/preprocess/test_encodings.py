"""Numbers in masks: one object in white, noise, and what is not declared. 12 pixels are the object."""

import numpy as np
import pytest
from PIL import Image

from support.builds import LPS, write
from support.masks import LABELS, OBJECT, SECOND, areas, dataset

ONE = OBJECT.astype(np.uint8)


def only(tmp_path, mask, suffix="png", **changes):
    """What becomes of a dataset with one mask: its areas, or its status."""
    tasks = changes.get("tasks", {"lesion": [1]})
    good = ONE * np.uint8(next(iter(tasks.values()))[0])
    found, failed = areas(dataset(tmp_path / "raw", {"a.png": good, "x": mask}, suffix), tmp_path / "out", 1, **changes)
    return found.get("x", {}) or failed["x"]


@pytest.mark.parametrize("white", [1, 254, 255, 65535])
def test_one_object_in_white(tmp_path, white):
    mask = OBJECT.astype(np.uint8 if white < 256 else np.uint16) * white
    assert only(tmp_path, mask) == {"lesion": 12}


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint32, np.uint8])
def test_types_of_numbers_in_tiff(tmp_path, dtype):
    assert only(tmp_path, Image.fromarray(OBJECT.astype(dtype) * dtype(255)), "tif") == {"lesion": 12}


def volume(tmp_path, values, **changes):
    write(tmp_path / "raw" / "images" / "v.nii.gz", np.full((*OBJECT.shape, 1), 7, np.int16))
    write(tmp_path / "raw" / "masks" / "v.nii.gz", values[:, :, None], LPS)
    write(tmp_path / "raw" / "images" / "w.nii.gz", np.full((*OBJECT.shape, 1), 7, np.int16))
    write(tmp_path / "raw" / "masks" / "w.nii.gz", ONE[:, :, None], LPS)
    found, failed = areas(tmp_path / "raw", tmp_path / "out", 1, **changes)
    return found.get("v_z000", {}) or found.get("v", {}) or failed["v"]


@pytest.mark.parametrize(
    ("dtype", "white"),
    [(np.int16, 32767), (np.uint16, 65535), (np.int32, 2**31 - 1), (np.uint32, 2**32 - 1), (np.float32, 255)],
)
def test_the_largest_number_of_a_type_is_white(tmp_path, dtype, white):
    assert volume(tmp_path, OBJECT.astype(dtype) * dtype(white)) == {"lesion": 12}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        (
            -OBJECT.astype(np.int8),
            "label value out of range: masks/v.nii.gz holds -1; write the mask with other numbers",
        ),
        (OBJECT * np.int32(70000), "unknown label value: masks/v.nii.gz holds 70000; add what they stand for"),
        (
            np.where(OBJECT, np.float32(np.nan), 0),
            "label values are not whole: masks/v.nii.gz holds nan, which is no number",
        ),
        (
            np.where(OBJECT, np.float32(0.75), 0),
            "label values are not whole: masks/v.nii.gz holds 0.75; save whole numbers",
        ),
    ],
)
def test_numbers_that_are_no_labels(tmp_path, values, status):
    assert volume(tmp_path, values).startswith(status)


def test_numbers_out_of_range_whatever_is_declared(tmp_path):
    status = volume(tmp_path, OBJECT * np.int32(70000), other_labels="any")
    assert status == "label value out of range: masks/v.nii.gz holds 70000; write the mask with other numbers"


def test_the_task_may_have_another_value(tmp_path):
    assert only(tmp_path, OBJECT * np.uint8(255), tasks={"lesion": [7]}, other_labels=[1]) == {"lesion": 12}
    assert only(tmp_path / "b", ONE, tasks={"lesion": [255]}) == {"lesion": 12}
    assert only(tmp_path / "c", OBJECT * np.uint8(255), tasks={"lesion": [1], "again": [1]}) == {
        "lesion": 12,
        "again": 12,
    }


@pytest.mark.parametrize("value", [2, 3, 127, 128, 200])
def test_other_numbers_are_not_taken_for_white(tmp_path, value):
    assert only(tmp_path, OBJECT * np.uint8(value)).startswith(
        f"unknown label value: masks/x.png holds {value}; add what"
    )


def test_white_where_the_tasks_have_several_values(tmp_path):
    for tasks in ({"a": [1], "b": [2]}, {"a": [1, 2]}):
        status = only(tmp_path / str(len(tasks)), OBJECT * np.uint8(255), tasks=tasks)
        assert status == (
            "meaning of a mask is open: masks/x.png holds 0 and 255 only, and the tasks have several values; say which "
            "object it shows by an entry `{file: ..., value: ...}` of `labels`, or add 255 to `other_labels` if it "
            "marks what does not count"
        )


def test_a_mask_that_is_white_all_over(tmp_path):
    assert only(tmp_path, np.full(OBJECT.shape, 255, np.uint8)) == {"lesion": 384}


@pytest.mark.parametrize("quality", [75, 90, 95])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_noise_of_jpeg_around_black_and_white(tmp_path, quality, mode):
    large = np.zeros((48, 64), np.uint8)
    large[8:30, 8:20] = large[22:30, 8:50] = 255
    raw = dataset(tmp_path / "raw", {})
    write(raw / "images" / "x.png", large)
    (raw / "masks").mkdir()
    Image.fromarray(large).convert(mode).save(raw / "masks" / "x.jpg", quality=quality)
    assert len(np.unique(np.asarray(Image.open(raw / "masks" / "x.jpg")))) > 8
    assert areas(raw, tmp_path / "out", 1)[0] == {"x": {"lesion": 504}}
    listed = [{"image": "images/{case}.png", "labels": [{"file": "masks/{case}.jpg", "value": 1}]}]
    assert areas(raw, tmp_path / "listed", 1, cases=listed)[0] == {"x": {"lesion": 504}}
    write(raw / "images" / "y.png", large)
    write(raw / "masks" / "y.png", (large > 0).astype(np.uint8))
    assert areas(raw, tmp_path / "two", 1, other_labels=[2])[1]["x"].startswith("many undeclared values: x.jpg holds")


@pytest.mark.parametrize("level", [2, 100, 128])
def test_jpeg_keeps_no_label_values(tmp_path, level):
    status = only(tmp_path, OBJECT * np.uint8(level), "jpg", tasks={"lesion": [level]})
    assert status.startswith("many undeclared values: x.jpg holds")
    assert "if these are label values, save them as PNG or NIfTI" in status


def test_interpolated_edges(tmp_path):
    smooth = Image.fromarray(OBJECT * np.uint8(255)).resize((12, 8), 2).resize((24, 16), 2)
    status = only(tmp_path, smooth)
    assert status.startswith("many undeclared values: masks/x.png holds ")
    assert "give it as `labels: [{file: ..., value: 1, threshold: 128}]`" in status


def test_few_grey_levels_beside_white(tmp_path):
    three = np.where(SECOND, 127, OBJECT * np.uint8(255)).astype(np.uint8)
    status = only(tmp_path, three)
    assert status.startswith(
        "many undeclared values: masks/x.png holds 2 values that are not declared, 127, 255 up to "
    )
    assert only(tmp_path / "labels", three, tasks={"lesion": [255]}, other_labels=[127]) == {"lesion": 12}
    assert only(tmp_path / "two", LABELS, other_labels=[255]).startswith(
        "unknown label value: masks/x.png holds 2; add what"
    )


def test_void_beside_a_label_is_named(tmp_path):
    mask = np.where(SECOND, 255, ONE).astype(np.uint8)
    assert only(tmp_path, mask) == (
        "unknown label value: masks/x.png holds 255; add 255 to `other_labels` if it marks what does not "
        "count, and other "
        "values to `tasks` or `other_labels`"
    )
    assert only(tmp_path / "declared", mask, other_labels=[255]) == {"lesion": 12}
