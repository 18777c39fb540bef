"""Published against ours."""

import numpy as np
import pytest

from promptseg.analysis.study.comparison import COMPARISON
from promptseg.figures import reproduced
from support.figures import METHODS, legend, lines, notes, panels, table, texts

COMPARED = [
    {"task": "CT-Liver", "mode": "mode1", "step": 0, "selection": "first", "published": 0.5, "our_method": "sam_x",
     "n": 9, "ours": 0.6, "ci_low": 0.45, "ci_high": 0.7, "difference": 0.1, "inside": "yes"},
    {"task": "CT-Liver", "mode": "mode1", "step": 0, "selection": "oracle", "published": 0.7, "our_method": "sam_x",
     "n": 9, "ours": 0.4, "difference": -0.3},
    {"task": "CT-Liver", "mode": "iterative", "step": 1, "selection": "first", "published": 0.2, "our_method": "sam_x",
     "protocol": "corrected", "n": 9, "ours": 0.3, "ci_low": 0.25, "ci_high": 0.35, "difference": 0.1, "inside": "no"},
    {"task": "CT-Liver", "mode": "iterative", "step": 4, "selection": "first", "published": 0.2, "our_method": "sam_x",
     "protocol": "corrected", "n": 9, "ours": 0.3, "difference": 0.1},
    {"task": "CT-Colon", "mode": "mode1", "step": 0, "selection": "first", "published": 0.2},
]  # fmt: skip


def test_reproduced(tmp_path):
    figure = reproduced.draw(table(tmp_path / "p.csv", COMPARED, COMPARISON), METHODS)
    found = panels(figure)
    assert list(found) == ["SAM X, modes", "SAM X, clicks, corrected"]
    modes, clicks = found.values()
    assert lines(modes)["mode1 first"].tolist() == [[0.5, 0.6]]
    assert lines(modes)["mode1 oracle"].tolist() == [[0.7, 0.4]]
    assert lines(clicks) == {"1 clicks first": pytest.approx(np.array([[0.2, 0.3]]))}
    assert notes(modes)[0].replace("\n", " ") == (
        "2 values, mean |difference| 0.200; 1 of 1 published inside our interval"
    )
    assert "0 of 1 published inside" in notes(clicks)[0].replace("\n", " ")
    assert modes.get_xlim() == modes.get_ylim() == pytest.approx((-0.02, 1.02))
    assert legend(figure) == ["1: one point, largest component", "1 click", "filled: first mask", "hollow: oracle"]


def test_nothing_to_compare_says_so(tmp_path):
    figure = reproduced.draw(table(tmp_path / "p.csv", COMPARED[-1:], COMPARISON), METHODS)
    assert "Nothing to compare: no method of this run" in texts(figure)
    assert not figure.axes[0].lines
