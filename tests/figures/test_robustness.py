"""Inexact prompts."""

import numpy as np
import pytest

from promptseg.analysis.robustness import ROBUSTNESS_MEANS, ROBUSTNESS_RANKS
from promptseg.figures import robustness
from support.figures import METHODS, lines, table, texts


def test_robustness(tmp_path):
    def line(method, mode, kind, amount, iou, level="all"):
        return {"level": level, "method": method, "mode": mode, "kind": kind, "amount": amount, "iou": iou} | {
            "ci_low": iou - 0.1, "ci_high": iou + 0.1
        }  # fmt: skip

    records = [
        line(method, mode, kind, amount, 0.8 - amount)
        for method in ("cut", "sam_x")
        for mode, kind, amounts in (("mode3", "box_jitter", (0, 0.1)), ("mode1", "point_offset", (0, 0.5)))
        for amount in amounts
    ]
    records += [line("cut", "mode3", "box_jitter", 0, 0.1, "task"), line("cut", "mode4", "seed", 7, 0.75)]
    records += [line("cut", "lasso", "line_shift", amount, 0.8 - amount / 10) for amount in (0, 2)]
    orders = [{"mode": "mode3", "kind": "box_jitter", "amount": 0.1, "n": 4, "changed": 0.5, "best_changed": 0.25}]
    path = table(tmp_path / "r.csv", records, ROBUSTNESS_MEANS)
    order_path = table(tmp_path / "o.csv", orders, ROBUSTNESS_RANKS)
    figure = robustness.draw(path, order_path, METHODS)
    point, box, moved, seed = [axis for axis in figure.axes if axis.get_xlabel()]
    changes = [axis for axis in figure.axes if not axis.get_xlabel()]
    assert [axis.get_xlabel().replace("\n", " ") for axis in (point, box, moved, seed)] == [
        label for label, _ in robustness.KINDS.values()
    ]
    assert lines(point)["cut"] == pytest.approx(np.array([[0, 0.8], [50, 0.3]]))
    assert lines(box)["sam_x"] == pytest.approx(np.array([[0, 0.8], [10, 0.7]]))
    assert lines(moved)["cut"] == pytest.approx(np.array([[0, 0.8], [2, 0.6]]))
    assert [axis.get_title(loc="left").replace("\n", " ") for axis in (box, moved)] == [
        *("mode 3: box, largest component", "lasso")
    ]
    assert len(box.collections) == 2
    assert list(box.get_xticks()) == [0, 10]
    assert lines(seed) == {"cut": pytest.approx(np.array([[7, 0.75]]))}
    assert lines(changes[1])["changed"] == pytest.approx(np.array([[10, 0.5]]))
    assert lines(changes[1])["best_changed"] == pytest.approx(np.array([[10, 0.25]]))
    nothing = robustness.draw(table(tmp_path / "n.csv", [], ROBUSTNESS_MEANS), order_path, METHODS)
    assert "robustness: {enabled: true}" in texts(nothing)
