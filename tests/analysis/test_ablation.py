"""What each switch of a protocol does: means over the tasks that were run with it and without."""

import pandas as pd
import pytest

from promptseg.analysis.ablation import ABLATION, ablation, is_variant
from promptseg.analysis.columns import made

BASE, VARIANT, OTHER = "as_released", "as_released without error_region", "as_released without click_label"


def measured(*rows):
    """Rows of `statistics` from (method, protocol, task, click, iou)."""
    frame = pd.DataFrame(rows, columns=["method", "protocol", "task", "step", "iou"])
    return frame.assign(level="task", dataset="d", mode="iterative", selection="first")


def test_variants_are_told_by_their_name():
    assert is_variant(pd.Series(["", "corrected", BASE, VARIANT])).tolist() == [False, False, False, True]


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
            ("ritm", "corrected", "a", 1, 0.9),
        )
    )
    assert list(table.columns) == made(ABLATION)
    assert (table["protocol"] == BASE).all()
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
    rows = measured(("sam", BASE, "a", 1, 0.5), ("sam", VARIANT, "a", 1, 0.7))
    other = measured(("sam", BASE, "a", 1, 0.1), ("sam", VARIANT, "a", 1, 0.2)).assign(dataset="e")
    (line,) = ablation(pd.concat([rows, other])).itertuples()
    assert (line.n_tasks, line.iou, line.iou_without) == (2, pytest.approx(0.3), pytest.approx(0.45))


def test_selections_are_kept_apart():
    rows = measured(("sam", BASE, "a", 1, 0.5), ("sam", VARIANT, "a", 1, 0.7))
    better = measured(("sam", BASE, "a", 1, 0.6), ("sam", VARIANT, "a", 1, 0.6)).assign(selection="oracle")
    table = ablation(pd.concat([rows, better]))
    assert table["selection"].tolist() == ["first", "oracle"]
    assert table["difference"].tolist() == pytest.approx([0.2, 0.0])


def test_only_tasks_and_the_clicks_shown_count():
    rows = measured(
        ("sam", BASE, "a", 2, 0.5), ("sam", VARIANT, "a", 2, 0.7),  # not a click of the table
        ("sam", BASE, "a", 3, None), ("sam", VARIANT, "a", 3, 0.7),  # no score
        ("sam", BASE, "a", 5, 0.5), ("sam", VARIANT, "a", 5, 0.7),
    )  # fmt: skip
    table = ablation(pd.concat([rows, rows.assign(level="all", task="", iou=0.9)]))
    assert table["clicks"].tolist() == [5]
    assert table["n_tasks"].tolist() == [1]


@pytest.mark.parametrize("rows", [[], [("sam", BASE, "a", 1, 0.5)], [("sam", VARIANT, "a", 1, 0.5)]])
def test_nothing_to_compare(rows):
    table = ablation(measured(*rows))
    assert list(table.columns) == made(ABLATION)
    assert table.empty
