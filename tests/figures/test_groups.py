"""IoU by groups of patients."""

from promptseg.analysis.groups import GROUPS
from promptseg.figures import groups
from support.figures import METHODS, legend, lines, panels, rows, table, texts


def records(mode, method, **ious):
    common = {"level": "all", "selection": "first", "mode": mode, "method": method, "column": "age"}
    return [
        {
            **common,
            "group": group.replace("_", " "),
            "iou": iou,
            "ci_low": iou - 0.1,
            "ci_high": iou + 0.1,
            "n_patients": 7,
        }
        for group, iou in ious.items()
    ]


def test_groups_in_their_order(tmp_path):
    path = tmp_path / "groups.csv"
    of_cut = {"below_5": 0.3, "5_to_50": 0.4, "50_and_above": 0.5, "not_stated": 0.6}
    found = (
        records("mode1", "cut", **of_cut) + records("mode4", "cut", **of_cut) + records("mode4", "sam_x", below_5=0.9)
    )
    found += records("mode4", "fill", below_5=0.1)  # a control
    drawn = groups.draw(table(path, found, GROUPS), METHODS)
    point, box = panels(drawn).values()
    assert rows(point) == ["below 5 (7)", "5 to 50 (7)", "50 and above (7)", "not stated (7)"]
    assert lines(point)["cut"][:, 0].tolist() == [0.3, 0.4, 0.5, 0.6]
    assert lines(box)["sam_x"][0, 0] == 0.9
    assert legend(drawn) == ["Cut", "SAM X"]
    assert list(panels(drawn)) == [
        "age, mode 1: one point, largest component",
        "age, mode 4: a box around each component",
    ]


def test_nothing_to_draw_is_said(tmp_path):
    path = table(tmp_path / "groups.csv", records("mode5", "cut", f=0.5), GROUPS)
    assert "No object with metadata was scored in mode 1 or 4" in texts(groups.draw(path, METHODS))
