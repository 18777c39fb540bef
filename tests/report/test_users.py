"""What the page says of the prompts of people."""

from promptseg.analysis.users import USERS
from promptseg.report.users import user_parts
from support.figures import METHODS, table

WHO = {"ideal": {"title": "ideal user"}, "readers": {"title": "Three readers"}}


def record(difference, low, high, mode="mode1", method="cut"):
    setting = {"method": method, "protocol": "", "mode": mode, "step": 0, "selection": "first"}
    values = {"iou": 0.9 - difference, "against_iou": 0.9, "difference": difference, "n_objects": 7, "n_annotators": 3}
    ends = {"difference_ci_low": low, "difference_ci_high": high}
    return {"level": "all", **setting, "user": "readers", "against": "ideal", **values, **ends}


def parts(tmp_path, *rows):
    return user_parts({"users": table(tmp_path / "u.csv", list(rows), USERS)}, METHODS, WHO, "corrected")


def test_a_row_for_each_method_prompt_and_user(tmp_path):
    found = parts(
        tmp_path, record(0.1, 0.05, 0.15), record(0.3, 0.2, 0.4, "mode4"), record(0.8, 0.7, 0.9, method="fill")
    )
    assert [row[:9] for row in found["table"]["rows"]] == [
        ["Cut", "mode 1", "Three readers", "7", "3", "0.900", "0.800", "+0.100", "+0.050 to +0.150"],
        ["Cut", "mode 4", "Three readers", "7", "3", "0.900", "0.600", "+0.300", "+0.200 to +0.400"],
    ]
    (finding,) = found["findings"]
    assert finding.sentence == (
        "With the prompts of Three readers, Cut reaches 0.300 less mean IoU than with ideal ones (mode 4)."
    )
    assert finding.proof == "95 % interval +0.200 to +0.400, 7 objects, 3 annotators, the largest of 2 differences"
    assert finding.certain


def test_what_is_certain_comes_before_what_is_large(tmp_path):
    (finding,) = parts(tmp_path, record(0.1, 0.05, 0.15), record(0.5, -0.1, 0.9, "mode4"))["findings"]
    assert "0.100 less mean IoU than with ideal ones (mode 1)." in finding.sentence
    assert parts(tmp_path, record(0.8, 0.7, 0.9, "mode2"))["findings"] == []


def test_a_box_around_the_object_is_shown_where_nobody_gave_one_for_each_component(tmp_path):
    boxes = record(0.3, 0.2, 0.4, "mode5"), record(0.4, 0.3, 0.5, "mode4")
    for given, shown in ((boxes[:1], ["mode 5"]), (boxes, ["mode 4"])):
        table = parts(tmp_path, *given)["table"]
        assert [row[table["columns"].index("prompt")] for row in table["rows"]] == shown


def test_a_difference_that_may_be_none_is_said_to_be_uncertain(tmp_path):
    (finding,) = parts(tmp_path, record(-0.1, -0.3, 0.1))["findings"]
    assert "reaches 0.100 more mean IoU" in finding.sentence
    assert "not certain" in finding.sentence
    assert not finding.certain
    (finding,) = parts(tmp_path, record(0.1, None, None))["findings"]
    assert not finding.certain


def test_runs_of_the_ideal_user_alone_say_nothing():
    assert user_parts({}, METHODS, WHO, "corrected") is None
