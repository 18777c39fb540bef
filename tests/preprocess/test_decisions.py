"""What the masks of a dataset together say about each; 12, 3 and 2 pixels are the objects."""

import numpy as np
from PIL import Image

from support.builds import FOLDER, write
from support.masks import LABELS, OBJECT, SECOND, THIRD, areas, dataset

ONE = OBJECT.astype(np.uint8)
WHITE = ONE * np.uint8(255)
TWO = {"lesion": [1], "vessel": [2]}


def test_void_is_no_object_where_it_stands_beside_labels(tmp_path, caplog):
    caplog.set_level("INFO")
    beside = np.where(THIRD, 255, LABELS).astype(np.uint8)
    raw = dataset(tmp_path / "raw", {"a": WHITE, "b": beside})
    assert areas(raw, tmp_path / "any", tasks=TWO, other_labels="any") == ({"b": {"lesion": 12, "vessel": 3}}, {})
    assert "all are read again" not in caplog.text
    assert areas(raw, tmp_path / "one", other_labels="any") == ({"b": {"lesion": 12}}, {})
    assert caplog.text.count("mine: its masks as a whole are to be read otherwise than alone: all are read again") == 2
    assert "mine: masks of 0 and 255 only: 255 is a label of its own (1, the first masks/a.png)" in caplog.text
    assert areas(raw, tmp_path / "declared", tasks=TWO, other_labels=[255])[0] == {"b": {"lesion": 12, "vessel": 3}}


def test_undeclared_void_beside_labels(tmp_path):
    beside = np.where(THIRD, 255, ONE).astype(np.uint8)
    found, failed = areas(dataset(tmp_path / "raw", {"a": WHITE, "b": beside, "c": ONE}), tmp_path / "out")
    assert found == {"c": {"lesion": 12}}
    assert failed["a"] == (
        "meaning of a mask is open: masks/a.png holds 0 and 255 only, and masks/b.png holds 255 beside other "
        "labels; add 255 "
        "to `other_labels` if it marks what does not count"
    )
    assert failed["b"].startswith("unknown label value: masks/b.png holds 255; add 255 to `other_labels`")


def test_white_beside_masks_of_labels(tmp_path):
    raw = dataset(tmp_path / "raw", {"a": WHITE, "b": LABELS, "c": ONE})
    found, failed = areas(raw, tmp_path / "any", other_labels="any")
    assert found == {"b": {"lesion": 12}, "c": {"lesion": 12}}
    assert failed == {
        "a": "meaning of a mask is open: masks/a.png holds 0 and 255 only, and masks/b.png holds labels; list "
        "all values in "
        "`other_labels`, with 255 if it marks what does not count, without it if it shows the object"
    }
    found, failed = areas(raw, tmp_path / "listed", other_labels=[2])
    assert list(failed) == ["a"]
    found, failed = areas(raw, tmp_path / "void", other_labels=[2, 255])
    assert (found, failed) == ({"b": {"lesion": 12}, "c": {"lesion": 12}}, {})
    found, failed = areas(raw, tmp_path / "two", tasks=TWO, other_labels="any")
    assert failed["a"].endswith("list all values in `other_labels`, with 255 if it marks what does not count")


def test_white_and_one_in_a_dataset_of_one_object(tmp_path, caplog):
    caplog.set_level("INFO")
    wide = OBJECT.astype(np.uint16) * np.uint16(65535)
    raw = dataset(tmp_path / "raw", {"a": ONE, "b": WHITE, "c": wide, "d": WHITE})
    found, failed = areas(raw, tmp_path / "out")
    assert (found, failed) == ({name: {"lesion": 12} for name in "abcd"}, {})
    assert caplog.text.count("mine: masks of 0 and 255 only: 255 is 1 (2, the first masks/b.png)") == 2
    assert caplog.text.count("mine: masks of 0 and 65535 only: 65535 is 1 (1, the first masks/c.png)") == 2


def test_nothing_but_white_whatever_may_occur(tmp_path):
    raw = dataset(tmp_path / "raw", {"a": WHITE, "b": SECOND.astype(np.uint8) * np.uint8(255)})
    assert areas(raw, tmp_path / "out", other_labels="any")[0] == {"a": {"lesion": 12}, "b": {"lesion": 3}}
    _, failed = areas(dataset(raw, {"c": ONE}), tmp_path / "again", other_labels="any")
    assert sorted(failed) == ["a", "b"]


def test_jpeg_beside_jpeg_with_grey_levels(tmp_path):
    large = np.zeros((48, 64), np.uint8)
    large[8:30, 8:20] = 255
    three = large.copy()
    three[30:44, 30:60] = 120
    for name, mask in (("a", large), ("b", three), ("c", large)):
        write(tmp_path / "raw" / "images" / f"{name}.png", large)
        write(tmp_path / "raw" / "masks" / f"{name}.{'png' if name == 'c' else 'jpg'}", mask)
    found, failed = areas(tmp_path / "raw", tmp_path / "out")
    assert found == {"c": {"lesion": 264}}
    assert failed["a"].startswith(
        "many undeclared values: a.jpg is JPEG, and b.jpg has grey levels between black and white; give the masks as "
    )


def test_thresholds_of_lists_of_masks(tmp_path):
    def listed(**threshold):
        return {"cases": [{**FOLDER[0], "labels": [{"file": "masks/{case}.*", "value": 1, **threshold}]}]}

    masks = {"a": ONE, "b": WHITE, "c": OBJECT * np.uint8(2), "d": 0 * ONE}
    low = Image.fromarray(np.where(OBJECT, np.float32(0.3), 0))
    high = Image.fromarray(np.where(OBJECT, np.float32(0.75), np.float32(0.2)))
    raw = dataset(dataset(tmp_path / "raw", masks), {"e": low, "f": high}, "tif")
    expected = {name: {"lesion": 12} for name in "abcf"}
    assert areas(raw, tmp_path / "out", **listed()) == (expected, {})
    grey = np.where(SECOND, 100, WHITE + SECOND).astype(np.uint8)
    dataset(raw, {"g": grey})
    dataset(raw, {"h": np.zeros_like(ONE)})
    found, failed = areas(raw, tmp_path / "again", **listed())
    assert found == {"b": {"lesion": 12}}
    assert sorted(failed) == ["a", "c", "e", "f", "g"]
    assert failed["a"] == (
        "threshold missing: masks/a.png is one of the masks of `value: 1`, and masks/g.png holds many values; "
        "give `threshold` "
        "beside `value` in `labels`"
    )
    assert areas(raw, tmp_path / "given", **listed(threshold=128))[0] == {"b": {"lesion": 12}, "g": {"lesion": 12}}


def test_what_is_said_of_a_missing_threshold(tmp_path):
    cases = [
        {"image": "images/a.png", "labels": [{"file": "masks/a.png", "value": 1}], "case": "a"},
        {"image": "images/b.png", "labels": [{"file": "masks/b.png", "value": 2}], "case": "b"},
    ]
    raw = dataset(tmp_path / "raw", {"a": LABELS + np.uint8(100) * OBJECT, "b": WHITE})
    found, failed = areas(raw, tmp_path / "out", tasks=TWO, cases=cases)
    assert found == {"b": {"vessel": 12}}
    assert failed == {
        "a": "threshold missing: masks/a.png holds values from 0 to 101; give `threshold` beside `value: 1` "
        "in `labels`: 0.5 "
        "for all values but 0, 50.5 for one half of the range; a label map is given by itself, as `labels: GLOB`"
    }
