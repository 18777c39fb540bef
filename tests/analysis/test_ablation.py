"""What each switch of a protocol does: means over the tasks that were run with it and without."""

import pytest

from promptseg.analysis.ablation import ABLATION, ablation
from promptseg.analysis.columns import made
from promptseg.analysis.sums import patient_sums

BASE, VARIANT, OTHER = None, "error_region", "click_label"  # the switch that is set to what the authors do


def scores(*rows, **about):
    """Score rows from (method, switch, task, click, iou); None is a failure."""
    common = {"dataset": "d", "case_id": "p", "image_id": "i", "object_id": "o", "mode": "iterative"}
    common |= {"protocol": "as_released", "selection": "first"} | about
    names = ("method", "switch", "task", "step", "iou")
    return [
        common | dict(zip(names, row, strict=True)) | {"status": "ok" if row[-1] is not None else "failed"}
        for row in rows
    ]


def measured(*rows):
    return patient_sums(scores(*rows))


def test_means_are_over_the_tasks_that_have_both():
    table = ablation(
        measured(
            ("sam", BASE, "a", 1, 0.5),
            ("sam", BASE, "b", 1, 0.1),
            ("sam", BASE, "a", 9, 0.6),
            ("sam", BASE, "b", 9, 0.4),
            ("sam", VARIANT, "a", 1, 0.7),  # task b is missing here
            ("sam", VARIANT, "a", 9, 0.8),
            ("sam", VARIANT, "b", 9, 0.5),
            ("sam", OTHER, "a", 1, 0.4),
            ("sam", OTHER, "b", 1, 0.2),
            ("ritm", BASE, "a", 1, 0.3),
            ("ritm", VARIANT, "a", 1, 0.2),
        )
    )
    assert list(table.columns) == made(ABLATION)
    assert (table["protocol"] == "as_released").all()
    assert table[["method", "switch", "clicks", "n_tasks"]].to_numpy().tolist() == [
        ["ritm", "error_region", 1, 1],
        ["sam", "click_label", 1, 2],
        ["sam", "error_region", 1, 1],
        ["sam", "error_region", 9, 2],
    ]
    assert table["iou"].tolist() == pytest.approx([0.3, 0.3, 0.5, 0.5])
    assert table["iou_without"].tolist() == pytest.approx([0.2, 0.3, 0.7, 0.65])
    assert table["difference"].tolist() == pytest.approx([-0.1, 0.0, 0.2, 0.15])


def test_equal_task_names_of_two_datasets_are_two_tasks():
    rows = scores(("sam", BASE, "a", 1, 0.5), ("sam", VARIANT, "a", 1, 0.7))
    other = scores(("sam", BASE, "a", 1, 0.1), ("sam", VARIANT, "a", 1, 0.2), dataset="e")
    (line,) = ablation(patient_sums(rows + other)).itertuples()
    assert (line.n_tasks, line.iou, line.iou_without) == (2, pytest.approx(0.3), pytest.approx(0.45))


def test_selections_are_kept_apart():
    rows = scores(("sam", BASE, "a", 1, 0.5), ("sam", VARIANT, "a", 1, 0.7))
    better = scores(("sam", BASE, "a", 1, 0.6), ("sam", VARIANT, "a", 1, 0.6), selection="oracle")
    table = ablation(patient_sums(rows + better))
    assert table["selection"].tolist() == ["first", "oracle"]
    assert table["difference"].tolist() == pytest.approx([0.2, 0.0])


def test_only_tasks_and_the_clicks_shown_count():
    rows = scores(
        ("sam", BASE, "a", 2, 0.5), ("sam", VARIANT, "a", 2, 0.7),  # not a click of the table
        ("sam", BASE, "a", 3, None), ("sam", VARIANT, "a", 3, 0.7),  # no score
        ("sam", BASE, "a", 5, 0.5), ("sam", VARIANT, "a", 5, 0.7),
    )  # fmt: skip
    unread = scores(("sam", BASE, None, 5, 0.9), ("sam", VARIANT, None, 5, 0.9))  # images without a task
    table = ablation(patient_sums(rows + unread))
    assert table["clicks"].tolist() == [5]
    assert table["n_tasks"].tolist() == [1]


@pytest.mark.parametrize("rows", [[], [("sam", BASE, "a", 1, 0.5)], [("sam", VARIANT, "a", 1, 0.5)]])
def test_nothing_to_compare(rows):
    table = ablation(measured(*rows))
    assert list(table.columns) == made(ABLATION)
    assert table.empty
