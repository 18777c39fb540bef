"""IoU against size."""

import numpy as np
import pytest

from promptseg.analysis.size import CORRELATION, SIZE
from promptseg.figures import size, style
from support.figures import DATASETS, METHODS, legend, lines, notes, panels, scored, table, texts


def test_size(tmp_path):
    common = {"mode": "mode4", "selection": "first", "method": "cut", "n": 3}
    bins = [
        common | {"level": level, "dataset": dataset, "bin_low": low, "bin_high": 10 * low, "iou": iou,
                  "ci_low": iou - 0.1, "ci_high": iou + 0.1}
        for level, dataset in (("all", ""), ("dataset", "heart"), ("dataset", "chest"))
        for low, iou in ((0.001, 0.4), (0.01, 0.6))
    ]  # fmt: skip
    bins += [{**bins[0], "method": "fill"}, {**bins[0], "mode": "mode1", "iou": 0.9}]
    correlations = [
        common | {"level": "all", "dataset": "", "spearman": 0.5},
        common | {"level": "dataset", "dataset": "heart", "spearman": -0.25},
    ]
    scores = scored(tmp_path, {(dataset, "cut", "mode4"): [0.1, 0.2] for dataset in ("heart", "chest")})
    paths = table(tmp_path / "b.csv", bins, SIZE), table(tmp_path / "c.csv", correlations, CORRELATION)
    figure = size.draw(*paths, scores, "mode4", DATASETS, METHODS)
    found = panels(figure)
    assert list(found) == ["All datasets", "Heart", "Chest"]
    pooled = found["All datasets"]
    assert lines(pooled)["cut"] == pytest.approx(np.array([[0.001 * 10**0.5, 0.4], [0.01 * 10**0.5, 0.6]]))
    assert len(pooled.lines[0].get_xdata()) == 4  # objects of both datasets
    assert len(found["Heart"].lines[0].get_xdata()) == 2
    assert len(pooled.collections) == 1  # the band
    assert [notes(axis) for axis in found.values()] == [["+.50", style.RHO], ["\N{MINUS SIGN}.25", style.RHO], []]
    assert pooled.get_xscale() == "log"
    assert pooled.get_ylim() == pytest.approx((-0.02, 1.02))
    assert legend(figure) == ["Cut"]
    nothing = size.draw(*paths, scores, "mode2", DATASETS, METHODS)
    assert "No object of this run was scored in this mode" in texts(nothing)
