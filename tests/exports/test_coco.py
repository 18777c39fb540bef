"""COCO files, read again by pycocotools."""

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from promptseg.core.errors import PromptsegError
from promptseg.exports.folders import export
from support.exported import BOX, COLOURED, GREY, MODE1, OBJECT_IDS, PIXELS, TASKS, answer, truth, without_predictions


def read(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)


def results(truths, path):
    with contextlib.redirect_stdout(io.StringIO()):
        return truths.loadRes(str(path))


@pytest.fixture(scope="module")
def folder(source, tmp_path_factory):
    output = tmp_path_factory.mktemp("exports") / "coco" / "bones"
    export(source, "coco", output)
    return output


def test_images_and_truths_come_back(folder):
    truths = read(folder / "labels.json")
    assert [(one["id"], one["name"]) for one in truths.dataset["categories"]] == list(enumerate(TASKS, 1))
    found = {one["object_id"]: one for one in truths.dataset["annotations"]}
    assert list(found) == OBJECT_IDS
    for name, one in found.items():
        mask = truths.annToMask(one)
        assert np.array_equal(mask, truth(name))
        rows, columns = np.nonzero(mask)
        assert one["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert one["area"] == mask.sum()
        assert truths.loadCats(one["category_id"])[0]["name"] == name.rpartition(":")[2]
        assert truths.loadImgs(one["image_id"])[0]["image"] == name.rpartition(":")[0]
    files = {one["image"]: one for one in truths.dataset["images"]}
    assert [one["file_name"] for one in files.values()] == ["case_a_1.png", "case_A_1_2.png"]
    for name, about in files.items():
        pixels = np.asarray(Image.open(folder / "data" / about["file_name"]))
        assert np.array_equal(pixels, PIXELS[name])
        assert (about["height"], about["width"]) == pixels.shape[:2]
    assert [files[GREY]["spacing_mm"], files[COLOURED]["spacing_mm"]] == [[2.0, 0.5], None]
    assert truths.dataset["licenses"] == [{"id": 1, "name": "CC0", "url": ""}]


def test_predictions_come_back(folder):
    truths = read(folder / "labels.json")
    files = sorted(path.name for path in (folder / "predictions").iterdir())
    assert files == ["box.mode5.first.json", "guess.iterative.corrected.2.first.json"] + [
        f"guess.mode1.{selection}.json" for selection in ("first", "oracle")
    ]
    expected = {
        "box.mode5.first": [("exact", 1.0)] * 3,
        "guess.iterative.corrected.2.first": [("exact", 0.25)] * 2,
        "guess.mode1.first": [("half", 0.75)] * 2 + [("nothing", 0.75)],
        "guess.mode1.oracle": [("exact", 0.5)] * 2 + [("nothing", 0.5)],
    }
    for name, given in expected.items():
        found = results(truths, folder / "predictions" / f"{name}.json")
        rows = found.dataset["annotations"]
        assert [row["object_id"] for row in rows] == OBJECT_IDS[: len(given)]
        for row, (kind, score) in zip(rows, given, strict=True):
            mask = answer(row["object_id"], kind)
            assert np.array_equal(found.annToMask(row), mask)
            assert (row["score"], row["area"]) == (score, mask.sum())
            own = next(one for one in truths.dataset["annotations"] if one["object_id"] == row["object_id"])
            assert (row["image_id"], row["category_id"]) == (own["image_id"], own["category_id"])
    iou = {
        row["object_id"]: row["iou"] for row in json.loads((folder / "predictions/guess.mode1.first.json").read_text())
    }
    assert iou == {OBJECT_IDS[0]: 6 / 9, OBJECT_IDS[1]: 13 / 15, OBJECT_IDS[2]: 0}


def test_average_precision_can_be_computed_of_it(folder):
    truths = read(folder / "labels.json")
    with contextlib.redirect_stdout(io.StringIO()):
        judged = COCOeval(truths, results(truths, folder / "predictions/box.mode5.first.json"), "segm")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    assert judged.stats[0] == pytest.approx(1)


def test_the_same_bytes_again_and_a_readme(source, folder, tmp_path):
    export(source, "coco", tmp_path / "again")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) == 2 + 1 + 4 + 1
    assert all((tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes() for path in files)
    text = (folder / "README.md").read_text()
    assert "# Bones: images, truths and predictions" in text
    assert "* `iterative.corrected.2.first`: 2 clicks, corrected, first mask" in text


@pytest.mark.parametrize("kind", ["coco", "fiftyone", "napari", "masks"])
def test_masks_that_are_no_longer_kept(source, tmp_path, kind):
    with pytest.raises(PromptsegError, match=r"bones\.parquet is not there: the masks of guess are no longer kept"):
        export(without_predictions(source, tmp_path), kind, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_single_mask_of_a_method_is_there_whichever_is_asked_for(source, tmp_path):
    export(replace(source, settings=[BOX._replace(selection="oracle"), MODE1]), "coco", tmp_path / "out")
    files = {path.name: json.loads(path.read_text()) for path in (tmp_path / "out" / "predictions").iterdir()}
    assert sorted(files) == ["box.mode5.oracle.json", "guess.mode1.first.json"]
    assert [row["iou"] for row in files["box.mode5.oracle.json"]] == [1, 1, 1]
