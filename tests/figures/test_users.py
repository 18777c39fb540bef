"""Every method with the prompts of each user."""

from promptseg.analysis.users import USERS
from promptseg.figures import users
from support.figures import METHODS, legend, panels, rows, table, texts

WHO = {"ideal": {"title": "ideal user"}, "readers": {"title": "Three readers"}, "noisy": {}}


def record(method, user, iou, mode="mode1", step=0, against="ideal", **more):
    protocol = "corrected" if mode == "iterative" else ""
    setting = {"method": method, "protocol": protocol, "mode": mode, "step": step, "selection": "first"}
    values = {
        "iou": iou,
        "iou_ci_low": iou - 0.1,
        "iou_ci_high": iou + 0.1,
        "against_iou": 0.9,
        "difference": 0.9 - iou,
    }
    return {"level": "all", **setting, "user": user, "against": against, "n_objects": 4, **values, **more}


def test_a_mark_for_each_user_and_the_ideal_one_of_the_most_objects(tmp_path):
    found = [
        record("cut", "readers", 0.5, against_iou=0.8, n_objects=9),
        record("cut", "noisy", 0.6),
        record("cut", "noisy", 0.1, against="readers"),
        record("cut", "readers", 0.2, level="task"),
        record("fill", "readers", 0.3),  # a control
        *(record("cut", "readers", 0.4, "iterative", step) for step in (1, 2)),
        *(record("cut", "noisy", 0.4, "iterative", step) for step in (1, 2, 3)),
    ]
    drawn = users.draw(table(tmp_path / "users.csv", found, USERS), METHODS, WHO, "corrected")
    first, *others = panels(drawn)
    assert (first, others) == ("mode 1: one point, largest component", ["1 click", "2 clicks"])  # readers gave no third
    point = panels(drawn)[first]
    assert rows(point) == ["Cut"]
    marks = [line.get_xdata()[0] for line in point.lines]
    assert marks == [0.8, 0.5, 0.6]
    assert legend(drawn) == ["ideal user", "Three readers", "noisy"]


def test_nothing_to_draw_is_said(tmp_path):
    found = [record("cut", "readers", 0.5, level="task")]
    drawn = users.draw(table(tmp_path / "users.csv", found, USERS), METHODS, WHO, "corrected")
    assert "No object was prompted by another user than the ideal one." in texts(drawn)
