"""IoU against size."""

import numpy as np
import pytest

from promptseg.analysis.size import CORRELATION, SIZE
from promptseg.figures import size
from support.figures import DATASETS, METHODS, legend, lines, notes, panels, rows, scored, table, texts


def test_size(tmp_path):
    common = {"mode": "mode4", "selection": "first", "method": "cut", "n": 12}
    bins = [
        common | {"level": level, "dataset": dataset, "bin_low": low, "bin_high": 10 * low, "iou": iou,
                  "ci_low": iou - 0.1, "ci_high": iou + 0.1}
        for level, dataset in (("all", ""), ("dataset", "heart"), ("dataset", "chest"))
        for low, iou in ((0.001, 0.4), (0.01, 0.6))
    ]  # fmt: skip
    bins[2] |= {"n": 9}  # of the hearts
    bins += [{**bins[0], "method": "fill"}, {**bins[0], "mode": "mode1", "iou": 0.9}]
    correlations = [
        common | {"level": "all", "dataset": "", "spearman": 0.5, "ci_low": -0.004, "ci_high": 1.0},
        common | {"level": "dataset", "dataset": "heart", "spearman": -0.25},
    ]
    scores = scored(tmp_path, {(dataset, "cut", "mode4"): [0.1, 0.2] for dataset in ("heart", "chest")})
    paths = table(tmp_path / "b.csv", bins, SIZE), table(tmp_path / "c.csv", correlations, CORRELATION)
    figure = size.draw(*paths, scores, "mode4", DATASETS, METHODS)
    found = {name: axis for name, axis in panels(figure).items() if name}
    assert list(found) == ["All datasets", "Heart", "Chest"]
    pooled = found["All datasets"]
    assert lines(pooled)["cut"] == pytest.approx(np.array([[0.001 * 10**0.5, 0.4], [0.01 * 10**0.5, 0.6]]))
    assert len(pooled.lines[0].get_xdata()) == 4  # objects of both datasets
    assert len(found["Heart"].lines[0].get_xdata()) == 2
    (intervals,) = pooled.collections
    ends = [path.vertices[:, 1] for path in intervals.get_paths()]
    assert np.array(ends) == pytest.approx(np.array([[0.3, 0.5], [0.5, 0.7]]))
    assert lines(found["Heart"])["cut, few"][:, 1].tolist() == [0.4]  # nine objects: open, not joined
    assert [notes(axis) for axis in found.values()] == [["12", "12", "n"], ["9", "12", "n"], ["12", "12", "n"]]
    below = [axis for axis in figure.axes if axis not in found.values()]
    minus = "\N{MINUS SIGN}"
    assert [notes(axis)[2:] for axis in below] == [["12", "+.50 (+.00 to +1.00)"], ["12", f"{minus}.25"], []]
    assert rows(below[0]) == ["Cut"]
    assert pooled.get_xscale() == "log"
    assert [pooled.xaxis.get_major_formatter()(10.0**power, None) for power in (-12, 0)] == ["10⁻¹²", "10⁰"]
    assert pooled.get_ylim() == pytest.approx((-0.02, 1.02))
    assert legend(figure) == ["Cut", "open: fewer than 10 objects", "line: 95 % interval over patients"]
    nothing = size.draw(*paths, scores, "mode2", DATASETS, METHODS)
    assert "No object of this run was scored in this mode" in texts(nothing)
