"""The folder for FiftyOne, imported by FiftyOne itself where it is installed with its database."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from promptseg.exports.folders import export
from support.exported import COLOURED, GREY, OBJECT_IDS, answer

FIELDS = {
    "guess_mode1_first": "A guess: mode 1, first mask",
    "guess_mode1_oracle": "A guess: mode 1, oracle",
    "guess_iterative_corrected_2_first": "A guess: 2 clicks, corrected, first mask",
    "box_mode5_first": "Box: mode 5, first mask",
}


@pytest.fixture(scope="module")
def folder(source, tmp_path_factory):
    output = tmp_path_factory.mktemp("exports") / "fiftyone" / "bones"
    export(source, "fiftyone", output)
    return output


def test_fields_and_what_fiftyone_asks_of_predictions(folder):
    fields = json.loads((folder / "fields.json").read_text())
    assert {name: about["title"] for name, about in fields.items()} == FIELDS
    rows = json.loads((folder / fields["guess_mode1_first"]["file"]).read_text())
    assert [(row["id"], row["image_id"], row["bbox"], row["score"]) for row in rows] == [
        (1, 1, [2, 1, 3, 2], 0.75),
        (2, 1, [2, 1, 5, 4], 0.75),
        (3, 2, [0, 0, 0, 0], 0.75),
    ]
    assert "score" not in json.loads((folder / fields["box_mode5_first"]["file"]).read_text())[0]


def whole(detection, size):
    """(h, w) bool of a detection, whose mask is that in its box."""
    height, width = size
    x, y, w, h = np.rint(np.array(detection.bounding_box) * [width, height, width, height]).astype(int)
    mask = np.zeros(size, bool)
    mask[y : y + h, x : x + w] = detection.mask
    return mask


def test_fiftyone_imports_it(folder):
    fiftyone = pytest.importorskip(
        "fiftyone", reason="fiftyone is not installed; it is no requirement (docs/exports.md)"
    )
    try:
        fiftyone.list_datasets()
    except Exception as error:  # of many kinds, such as a service that does not start
        pytest.skip(f"the database of FiftyOne does not start: {error}")
    spec = spec_from_file_location("load", folder / "load.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    dataset = module.load(folder, "promptseg-test")
    try:
        assert dataset.values("image") == [GREY, COLOURED]
        assert dataset.values("patient") == ["case", "case"]
        assert {name: about["title"] for name, about in dataset.info["fields"].items()} == FIELDS
        assert dataset.info["licence"] == "CC0"
        kinds = {
            "truth": ("exact", None),
            "guess_mode1_first": ("half", 0.75),
            "guess_mode1_oracle": ("exact", 0.5),
            "guess_iterative_corrected_2_first": ("exact", 0.25),
            "box_mode5_first": ("exact", None),
        }
        for sample, names in zip(dataset, (OBJECT_IDS[:2], OBJECT_IDS[2:]), strict=True):
            size = (sample.metadata.height, sample.metadata.width)
            for field, (kind, score) in kinds.items():
                found = sample[field].detections if sample[field] else []
                if sample["image"] == COLOURED and field.startswith("guess"):
                    assert not any(one.mask.any() for one in found)
                    continue
                assert [one.object_id for one in found] == names
                assert [one.label for one in found] == [name.rpartition(":")[2] for name in names]
                for one, name in zip(found, names, strict=True):
                    assert np.array_equal(whole(one, size), answer(name, kind))
                    assert one.confidence == score
                    if kind == "half":
                        assert one.iou == {OBJECT_IDS[0]: 6 / 9, OBJECT_IDS[1]: 13 / 15}[name]
    finally:
        dataset.delete()
