"""Predicted against true IoU, and three masks in numbers."""

import numpy as np
import pytest

from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION
from promptseg.figures import calibration, style
from support.figures import METHODS, legend, lines, notes, panels, rows, table, texts


def test_calibration(tmp_path):
    common = {"level": "all", "method": "sam_x", "mode": "mode1"}
    bins = [
        common | {"bin_low": 0.4, "bin_high": 0.5, "n": 12, "n_objects": 9, "predicted": 0.45, "true": 0.3},
        common | {"bin_low": 0.8, "bin_high": 0.9, "n": 20, "n_objects": 10, "predicted": 0.85, "true": 0.5},
        common
        | {"bin_low": 0.9, "bin_high": 1.0, "n": 68, "n_objects": 40, "predicted": 0.92, "true": 0.6}
        | {"ci_low": 0.5, "ci_high": 0.8},
        common | {"bin_low": 0.5, "bin_high": 0.6, "n": 0},
    ]
    sums = [common | {"spearman": 0.4, "spearman_ci_low": -0.1, "spearman_ci_high": 0.62, "ece": 0.3}]
    paths = table(tmp_path / "b.csv", bins, CALIBRATION), table(tmp_path / "a.csv", sums, AMBIGUITY_MEANS)
    figure = calibration.draw(*paths, METHODS)
    upper, lower, below = figure.axes
    assert upper.lines[0].get_xydata().tolist() == [[0, 0], [1, 1]]  # where the prediction is right
    assert lines(upper)["sam_x"].tolist() == [[0.85, 0.5], [0.92, 0.6]]
    assert lines(upper)["sam_x, few"].tolist() == [[0.45, 0.3]]  # nine objects: open, not joined
    (interval,) = upper.collections
    assert [path.vertices.tolist() for path in interval.get_paths()] == [[[0.92, 0.5], [0.92, 0.8]]]
    (held,) = lower.patches
    assert held.get_data().values.tolist() == [0, 0, 0, 0, 12, 0, 0, 0, 20, 68]
    assert held.get_data().edges == pytest.approx(np.arange(11) / 10)
    minus = "\N{MINUS SIGN}"
    assert notes(below) == ["masks", "ECE", style.RHO, "100", ".30", f"+.40 ({minus}.10 to +.62)"]
    assert rows(below) == ["SAM X"]
    assert upper.get_xlim() == upper.get_ylim() == pytest.approx((-0.02, 1.02))
    assert legend(figure) == ["SAM X", "open: fewer than 10 objects", "line: 95 % interval over patients"]
    nothing = table(tmp_path / "n.csv", [], CALIBRATION)
    assert calibration.NOTHING.replace("\n", " ") in texts(calibration.draw(nothing, paths[1], METHODS))


def test_many_methods_in_a_narrow_figure(tmp_path, narrow):
    methods = {f"m{k}": {"title": f"A method with a long name {k}"} for k in range(20)}
    common = {"level": "all", "bin_low": 0.4, "bin_high": 0.5, "n": 5, "predicted": 0.45, "true": 0.3}
    bins = [common | {"method": name, "mode": f"mode{mode}"} for name in methods for mode in range(1, 6)]
    sums = [{"level": "all", "method": name, "mode": "mode1", "ece": 0.1, "spearman": 0.2} for name in methods]
    paths = table(tmp_path / "b.csv", bins, CALIBRATION), table(tmp_path / "a.csv", sums, AMBIGUITY_MEANS)
    figure = calibration.draw(*paths, methods)
    assert [axis.get_title(loc="left") for axis in figure.axes if axis.get_title(loc="left")] == [
        f"mode {mode}" for mode in range(1, 6)
    ]
    assert "no intervals: a dataset has a single patient" in legend(figure)


def test_three_candidates(tmp_path):
    columns = ["iou_first", "iou_best_score", "iou_oracle", "agreement", "grown_best_score", "grown_others"]
    records = [
        {"level": "all", "method": "sam_x", "mode": mode} | dict(zip(columns, values, strict=True))
        for mode, values in (("mode4", [0.6, 0.7, 0.8, 0.9]), ("mode1", [0.1, 0.2, 0.3, 0.4, 0.5, 0.05]))
        for values in [[*values, *[None] * (6 - len(values))]]
    ] + [{"level": "task", "method": "sam_x", "mode": "mode1", "dataset": "heart", "agreement": 0.99}]
    records[1] |= {"agreement_ci_low": 0.35, "agreement_ci_high": 0.45}
    figure = calibration.draw_candidates(table(tmp_path / "a.csv", records, AMBIGUITY_MEANS), METHODS)
    answer, agreement, similarity = panels(figure).values()
    assert rows(answer) == ["SAM X, mode 1, n = 1", "SAM X, mode 4, n = 1"]
    assert {name: points[0, 0] for name, points in lines(answer).items()} == {
        "0 iou_first": 0.1, "1 iou_first": 0.6, "0 iou_best_score": 0.2, "1 iou_best_score": 0.7,
        "0 iou_oracle": 0.3, "1 iou_oracle": 0.8,
    }  # fmt: skip
    assert len(agreement.collections) == 1  # one interval is known
    assert "no intervals" in texts(figure)  # of the first mask
    assert legend(figure) == ["first mask", "highest predicted IoU", "oracle", "mean of the other two masks"]
    assert set(lines(similarity)) == {"0 grown_best_score", "0 grown_others"}  # nothing grows from a box
    nothing = calibration.draw_candidates(table(tmp_path / "n.csv", [], AMBIGUITY_MEANS), METHODS)
    assert "answers a prompt with three masks" in texts(nothing)
