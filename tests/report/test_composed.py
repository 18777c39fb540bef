"""What the page says of objects in one label map."""

from promptseg.analysis.composed import COMPOSED
from promptseg.report.composed import composed_table
from support.figures import table

METHODS = {"sam": {"title": "SAM"}, "box": {"title": "Box"}}
ROW = {"on": "images", "setting": "mode5.first", "n_objects": 30, "iou_alone": 0.75, "overlapping": 0.5}


def rows():
    for method, rule, change, low in (
        *(("box", "first_wins", -0.25, None), ("sam", "largest_score", -0.0625, -0.125)),
        *(("sam", "first_wins", 0.125, 0.0),),
    ):
        known = {"iou_change": change, "iou_change_ci_low": low, "iou_change_ci_high": None if low is None else 0.25}
        for dataset in ("", "abdomen"):
            yield ROW | known | {"method": method, "rule": rule, "dataset": dataset}
    yield {
        "method": "box",
        "rule": "largest_score",
        "dataset": "abdomen",
        "setting": "mode5.first",
        "note": "no scores",
    }


def test_a_row_for_each_method_and_setting(tmp_path):
    found = composed_table(table(tmp_path / "composed.csv", list(rows()), COMPOSED), METHODS)
    assert found["columns"][-2:] == ["highest predicted IoU", "first wins"]
    about = ["images", "mode 5, first mask", "30", "0.750", "50"]
    assert found["rows"] == [["SAM", *about, "-0.062", "+0.125"], ["Box", *about, "n/a", "-0.250"]]
    assert [cell.below for cell in found["rows"][0][-2:]] == ["-0.125 to +0.250", "+0.000 to +0.250"]


def test_settings_in_words(tmp_path):
    settings = {
        "iterative.as_released.2.oracle": ("images", "2 clicks, as released, oracle"),
        "carry_box.3.box.open.0": ("volumes", "box carried, 3 slices, box, ends open"),
        "each.all.point.given.1": ("volumes", "every slice prompted, every slice, point, ends given, 1 click"),
    }
    given = [
        ROW | {"on": on, "setting": name, "method": "sam", "rule": "first_wins", "dataset": "", "iou_change": 0.0}
        for name, (on, _) in settings.items()
    ]
    found = composed_table(table(tmp_path / "composed.csv", given, COMPOSED), METHODS)
    assert [row[2] for row in found["rows"]] == [words for _, words in settings.values()]


def test_a_run_without_label_maps():
    assert composed_table(None, METHODS) is None
