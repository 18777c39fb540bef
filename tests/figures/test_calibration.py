"""Predicted against true IoU, and three masks in numbers."""

import numpy as np
import pytest

from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION
from promptseg.figures import calibration, style
from support.figures import METHODS, lines, notes, panels, rows, table, texts


def test_calibration(tmp_path):
    common = {"level": "all", "method": "sam_x", "mode": "mode1"}
    bins = [
        common | {"bin_low": 0.4, "bin_high": 0.5, "n": 1, "predicted": 0.45, "true": 0.3},
        common | {"bin_low": 0.9, "bin_high": 1.0, "n": 3, "predicted": 0.92, "true": 0.6},
        common | {"bin_low": 0.5, "bin_high": 0.6, "n": 0},
    ]
    sums = [common | {"spearman": 0.4, "ece": 0.3}]
    paths = table(tmp_path / "b.csv", bins, CALIBRATION), table(tmp_path / "a.csv", sums, AMBIGUITY_MEANS)
    upper, lower = calibration.draw(*paths, METHODS).axes
    assert upper.lines[0].get_xydata().tolist() == [[0, 0], [1, 1]]  # where the prediction is right
    assert lines(upper)["sam_x"].tolist() == [[0.45, 0.3], [0.92, 0.6]]
    (share,) = lower.patches
    assert share.get_data().values.tolist() == [0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0.75]
    assert share.get_data().edges == pytest.approx(np.arange(11) / 10)
    assert notes(upper) == [f"ECE 0.30, {style.RHO} 0.40"]
    assert upper.get_xlim() == upper.get_ylim() == pytest.approx((-0.02, 1.02))
    nothing = table(tmp_path / "n.csv", [], CALIBRATION)
    assert calibration.NOTHING.replace("\n", " ") in texts(calibration.draw(nothing, paths[1], METHODS))


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
    assert rows(answer) == ["SAM X, mode 1", "SAM X, mode 4"]
    assert {name: points[0, 0] for name, points in lines(answer).items()} == {
        "0 iou_first": 0.1, "1 iou_first": 0.6, "0 iou_best_score": 0.2, "1 iou_best_score": 0.7,
        "0 iou_oracle": 0.3, "1 iou_oracle": 0.8,
    }  # fmt: skip
    assert len(agreement.collections) == 1  # one interval is known
    assert set(lines(similarity)) == {"0 grown_best_score", "0 grown_others"}  # nothing grows from a box
    nothing = calibration.draw_candidates(table(tmp_path / "n.csv", [], AMBIGUITY_MEANS), METHODS)
    assert "answers a prompt with three masks" in texts(nothing)
