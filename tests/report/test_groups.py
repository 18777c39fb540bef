"""What the page says of groups of patients."""

from promptseg.analysis.groups import GROUP_DIFFERENCES, GROUPS
from promptseg.analysis.metadata import METADATA
from promptseg.report.groups import group_parts
from support.figures import table

METHODS = {"cut": {"title": "Cut"}}
COMMON = {"level": "all", "selection": "first", "mode": "mode4", "method": "cut", "column": "sex"}


def test_groups(tmp_path):
    mean = {**COMMON, "group": "f", "n_patients": 7, "n_objects": 9, "iou": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    apart = {**COMMON, "a": "f", "b": "m", "n_a": 7, "n_b": 8, "difference": -0.25}
    known = {"dataset": "d", "n_cases": 9, "n_without_row": 2, "without_row": "x, y", "n_unused": 0}
    files = {
        "groups": table(tmp_path / "g.csv", [mean, {**mean, "mode": "mode2"}, {**mean, "level": "task"}], GROUPS),
        "group_differences": table(tmp_path / "d.csv", [apart], GROUP_DIFFERENCES),
        "metadata": table(tmp_path / "m.csv", [known], METADATA),
    }
    parts = group_parts(files, METHODS)
    assert parts["means"]["rows"] == [["sex", "Cut", "4", "f", "7", "9", "0.500", "0.400 to 0.600"]]
    assert parts["differences"]["rows"] == [["sex", "Cut", "4", "f", "m", "7 and 8", "-0.250", ""]]
    assert parts["warnings"] == ["2 of 9 cases of d have no row in its metadata: x, y"]
    assert group_parts({}, METHODS) is None
