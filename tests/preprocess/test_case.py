"""What becomes of one case."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from promptseg.core.tables import read_provenance
from promptseg.preprocess.images import decode_png, pixel_digest, read_images
from support.builds import GREY, LPS, MASK, run, status_of, write


def test_two_dimensional_files(raw, tmp_path):
    write(raw / "images" / "c.png", np.dstack([GREY, GREY, GREY]))
    write(raw / "masks" / "c.png", np.array([[255, 0, 0], [0, 0, 255]], np.uint8))
    write(raw / "images" / "d.png", np.dstack([GREY, GREY, GREY // 2]))
    write(raw / "masks" / "d.png", MASK)
    images, objects = run(raw, tmp_path / "out")
    assert images["image_id"].tolist() == ["a", "b", "c", "d"]
    assert images["status"].tolist() == ["ok"] * 4
    assert images["slice"].isna().all()
    assert images["spacing_y"].isna().all()
    first = images.iloc[0]
    assert (first["height"], first["width"], first["source"]) == (2, 3, "images/a.png")
    scaled = [[0, 63, 127], [255, 12, 25]]
    assert decode_png(first["image"]["bytes"]).tolist() == scaled
    assert first["sha256"] == pixel_digest(np.array(scaled, np.uint8))
    assert decode_png(first["labels"]["bytes"]).tolist() == MASK.tolist()
    assert decode_png(images.iloc[2]["image"]["bytes"]).tolist() == scaled  # equal channels are stored once
    assert decode_png(images.iloc[3]["image"]["bytes"]).shape == (2, 3, 3)
    assert decode_png(images.iloc[2]["labels"]["bytes"]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert objects.drop(columns="case_id").values.tolist() == [
        ["a:lesion", "a", "lesion", 2, 1, 1, 0, 2, 0],
        ["b:lesion", "b", "lesion", 2, 1, 1, 0, 2, 0],
        ["c:lesion", "c", "lesion", 2, 2, 0, 0, 2, 1],
        ["d:lesion", "d", "lesion", 2, 1, 1, 0, 2, 0],
    ]
    assert [image.pixels.shape for image in read_images(tmp_path / "out" / "images.parquet")] == [(2, 3, 3)] * 4
    assert read_provenance(tmp_path / "out" / "images.parquet")["dataset"] == "mine"


def test_components_are_eight_connected(tmp_path):
    write(tmp_path / "raw" / "images" / "a.png", np.ones((3, 4), np.uint8))
    write(tmp_path / "raw" / "masks" / "a.png", np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]], np.uint8))
    _, objects = run(tmp_path / "raw", tmp_path / "out")
    assert objects["n_components"].tolist() == [3]


def test_small_objects_give_no_row_beside_a_large_one(tmp_path):
    write(tmp_path / "raw" / "images" / "a.png", np.ones((3, 4), np.uint8))
    write(tmp_path / "raw" / "masks" / "a.png", np.array([[1, 1, 1, 1], [2, 2, 0, 0], [0, 0, 0, 7]], np.uint8))
    tasks = {"large": [1], "small": [2], "both": [1, 2]}
    images, objects = run(
        tmp_path / "raw", tmp_path / "out", tasks=tasks, other_labels=[7], sampling={"every": 1, "min_area": 3}
    )
    assert objects[["task", "area"]].values.tolist() == [["large", 4], ["both", 6]]
    assert decode_png(images.iloc[0]["labels"]["bytes"])[2, 3] == 7


def test_labels_above_255_are_sixteen_bit(tmp_path):
    write(tmp_path / "raw" / "images" / "a.png", np.ones((1, 2), np.uint8))
    write(tmp_path / "raw" / "masks" / "a.png", np.array([[1, 1001]], np.uint16))
    images, _ = run(tmp_path / "raw", tmp_path / "out", other_labels="any")
    assert decode_png(images.iloc[0]["labels"]["bytes"]).tolist() == [[1, 1001]]


def test_value_255_that_a_task_declares_is_kept(raw, tmp_path):
    for name in ("a", "b"):
        write(raw / "masks" / f"{name}.png", MASK * 255)
    _, objects = run(raw, tmp_path / "out", tasks={"lesion": [255]})
    assert objects["area"].tolist() == [2, 2]


def test_masks_with_values_and_thresholds(tmp_path):
    write(tmp_path / "raw" / "t1.nii", np.ones((3, 2, 1), np.uint8))
    write(tmp_path / "raw" / "gm.nii", np.array([[0.5, 0.4], [0.9, 0.1], [0.0, 0.6]], np.float32)[:, :, None])
    write(tmp_path / "raw" / "wm.nii", np.array([[0, 0], [9, 0], [0, 0]], np.float32)[:, :, None])
    cases = [
        {
            "image": "t1.nii",
            "labels": [{"file": "gm.nii", "value": 1, "threshold": 0.5}, {"file": "wm.nii", "value": 2}],
            "case": "mni",
        }
    ]
    images, objects = run(tmp_path / "raw", tmp_path / "out", cases=cases, tasks={"both": [1, 2], "grey": [1]})
    assert images["image_id"].tolist() == ["mni"]
    assert objects[["task", "area"]].values.tolist() == [["both", 3], ["grey", 2]]


def test_rgba_and_sixteen_bit_are_logged(raw, tmp_path, caplog):
    caplog.set_level("INFO")
    write(raw / "images" / "a.png", np.dstack([GREY, GREY, GREY, GREY]))
    write(raw / "images" / "b.png", GREY.astype(np.uint16) * 256)
    images, _ = run(raw, tmp_path / "out")
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("WARNING", "mine, case a: images/a.png has an alpha channel; it is dropped") in logged
    assert ("INFO", "mine, case b: images/b.png has 16 bits per channel; all are used") in logged
    scaled = [[0, 63, 127], [255, 12, 25]]
    assert [decode_png(row["bytes"]).tolist() for row in images["image"]] == [scaled, scaled]


def rated(root: Path) -> list[dict]:
    """Case a with three raters, case b with two."""
    for case, raters in (("a", ((1, 1, 0), (1, 2, 0), (0, 2, 2))), ("b", ((1, 1, 0), (2, 0, 0)))):
        write(root / f"{case}-image.nii.gz", np.arange(3, dtype=np.int16).reshape(3, 1, 1))
        for number, labels in enumerate(raters, start=1):
            write(root / f"{case}-mask-r{number}.nii.gz", np.array(labels, np.uint8).reshape(3, 1, 1))
    return [{"image": "{case}-image.nii.gz", "labels": "{case}-mask-r{rater}.nii.gz"}]


@pytest.mark.parametrize(
    ("how", "labels"),
    [("majority", [[1, 2, 0], [2, 0, 0]]), ("1", [[1, 1, 0], [1, 1, 0]]), ("2", [[1, 2, 0], [2, 0, 0]])],
)
def test_raters(tmp_path, caplog, how, labels):
    options = {"cases": rated(tmp_path / "raw"), "tasks": {"cord": [1, 2], "grey": [1]}, "raters": how}
    images, _ = run(tmp_path / "raw", tmp_path / "out", strict=True, **options)
    assert [decode_png(row["bytes"])[0].tolist() for row in images["labels"]] == labels
    assert "mine, case b: no mask of rater 3; those that are there count" in caplog.text


def test_rater_who_is_not_there(tmp_path):
    options = {"cases": rated(tmp_path / "raw"), "tasks": {"cord": [1, 2]}, "raters": "3"}
    images, _ = run(tmp_path / "raw", tmp_path / "out", **options)
    assert images["status"].tolist()[0] == "ok"
    assert status_of(images, "b").startswith("no such rater: this case has masks of 1, 2, but none of 3;")


def test_measurements_as_colours_are_scaled_one_by_one(tmp_path):
    raw = tmp_path / "raw"
    values = np.array([0, 50, 100], np.int16).reshape(3, 1, 1)
    for name, channel in (("r", values), ("g", values * 30), ("b", values[::-1] - 1000)):
        write(raw / f"p_{name}.nii.gz", channel)
    write(raw / "p_seg.nii.gz", np.ones((3, 1, 1), np.uint8))
    cases = [{"image": ["{case}_r.nii.gz", "{case}_g.nii.gz", "{case}_b.nii.gz"], "labels": "{case}_seg.nii.gz"}]
    intensity = {"kind": "percentiles", "low": 0, "high": 100}
    expected = [[[0, 0, 255], [127, 127, 127], [255, 255, 0]]]
    images, _ = run(raw, tmp_path / "out", strict=True, cases=cases, intensity=intensity)
    assert decode_png(images.iloc[0]["image"]["bytes"]).tolist() == expected
    assert images["source"].tolist() == ["p_r.nii.gz"]
    four = np.stack([values, values - 7, values * 2, values[::-1]], axis=3)
    write(raw / "images" / "q.nii.gz", four)
    write(raw / "masks" / "q.nii.gz", np.ones((3, 1, 1), np.uint8))
    images, _ = run(raw, tmp_path / "four", strict=True, channels=[0, 2, 3], intensity=intensity)
    assert decode_png(images.iloc[0]["image"]["bytes"]).tolist() == expected


def test_orientations_of_one_dataset(tmp_path):
    labels = np.zeros((6, 8, 2), np.uint8)
    labels[1:3, 4:, 1] = 1
    values = np.arange(96, dtype=np.int16).reshape(6, 8, 2)
    turned = np.array([[1.0, 0, 0, -5], [0, 1, 0, -7], [0, 0, 1, 0], [0, 0, 0, 1]])
    for name, flip, affine in (("a", 1, LPS), ("b", -1, turned)):
        write(tmp_path / "raw" / "images" / f"{name}.nii.gz", values[::flip, ::flip], affine)
        write(tmp_path / "raw" / "masks" / f"{name}.nii.gz", labels[::flip, ::flip], affine)
    images, objects = run(tmp_path / "raw", tmp_path / "out", strict=True)
    assert images["sha256"].nunique() == 1
    assert objects.loc[:, "area":"bbox_y1"].drop_duplicates().values.tolist() == [[8, 1, 1, 4, 2, 7]]


def test_masks_of_every_kind_are_joined(tmp_path):
    raw = tmp_path / "raw"
    write(raw / "a.png", GREY)
    Image.fromarray(np.array([[True, False, False], [False] * 3])).save(raw / "a_mask.png")
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[0, 1, :3] = 255
    write(raw / "a_mask_1.png", rgba)
    palette = Image.fromarray(np.array([[0, 0, 0], [0, 0, 1]], np.uint8), mode="P")
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.save(raw / "a_mask_2.png")
    cases = [{"image": "{case}.png", "labels": [{"file": "{case}_mask*.png", "value": 1, "threshold": 0.5}]}]
    images, objects = run(raw, tmp_path / "out", strict=True, cases=cases)
    assert decode_png(images.iloc[0]["labels"]["bytes"]).tolist() == [[1, 1, 0], [0, 0, 1]]
    assert objects["area"].tolist() == [3]


def test_pictures_that_show_nothing_are_counted(tmp_path, caplog):
    values = np.zeros((4, 5, 3), np.int16)
    values[1, 1, 0] = 90
    write(tmp_path / "raw" / "images" / "a.nii", values)
    write(tmp_path / "raw" / "masks" / "a.nii", np.ones(values.shape, np.uint8))
    run(tmp_path / "raw", tmp_path / "out", intensity={"kind": "window", "low": 40, "high": 400})
    assert "a.nii: 2 of 3 pictures are black: all values of each are equal, or `intensity` cuts off" in caplog.text
