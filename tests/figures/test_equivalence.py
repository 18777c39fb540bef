"""How far methods are from those that they should equal."""

from promptseg.analysis.equivalence import EQUIVALENCE
from promptseg.figures import equivalence
from support.figures import DATASETS, METHODS, legend, lines, panels, rows, table, texts


def record(method, difference, verdict="equivalent", task="", **more):
    where = {"level": "task", "dataset": "heart", "task": task} if task else {"level": "all"}
    about = {"method": method, "against": "sam_x", "selection": "first", "difference": difference, "verdict": verdict}
    return where | about | {"difference_ci_low": difference - 0.001, "difference_ci_high": difference + 0.001} | more


def test_a_panel_for_each_method_and_a_row_for_each_task(tmp_path):
    found = [
        record("cut", 0.002, times_as_fast=1.75, peak_memory_mb=30, against_peak_memory_mb=60),
        record("cut", 0.003, task="left"),
        record("cut", -0.3, "different", task="right"),
        record("cut", 0.9, "different", mode="mode1"),  # in the table alone
        record("cut", 0.9, "different", selection="oracle"),
        record("fill", 0.0, "undecided"),
    ]
    drawn = equivalence.draw(table(tmp_path / "e.csv", found, EQUIVALENCE), METHODS, DATASETS)
    fill, cut = panels(drawn)
    assert (fill, cut) == ("Fill - SAM X", "Cut - SAM X 1.75 times as fast 0.50 times the memory")
    assert rows(panels(drawn)[fill]) == ["Heart: left", "Heart: right", "Mean over tasks"]
    marks = lines(panels(drawn)[cut])
    assert marks["equivalent"].tolist() == [[0.003, 0], [0.002, 2]]
    assert marks["different"].tolist() == [[-0.3, 1]]
    assert lines(panels(drawn)[fill])["undecided"].tolist() == [[0, 2]]
    assert legend(drawn) == ["equivalent within 0.01", "different by more than 0.01", "undecided"]


def test_nothing_to_draw_is_said(tmp_path):
    drawn = equivalence.draw(table(tmp_path / "e.csv", [], EQUIVALENCE), METHODS, DATASETS)
    assert "answered no prompt in common" in texts(drawn)
