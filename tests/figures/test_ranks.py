"""Mean ranks with the critical difference and bars of groups."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.ranks import RANKS
from promptseg.figures import ranks
from support.figures import METHODS, lines, rows, table, texts, visible


def ranked(mode: str, step: int, letters: dict[str, str], **more: object) -> list[dict]:
    setting = {"mode": mode, "step": step, "selection": "first", "n_tasks": 12, "friedman_p": 0.02}
    setting |= {"critical_difference": 0.9} | more
    return [
        setting | {"method": method, "mean_rank": 1.2 + 0.7 * index, "group": group}
        for index, (method, group) in enumerate(letters.items())
    ]


def test_ranks(tmp_path):
    content = ranked("mode4", 0, {"cut": "a", "sam_x": "ab", "fill": "b"})
    for step in (1, 5, 9):
        content += ranked("iterative", step, {"cut": "a", "sam_x": "b"}, protocol="corrected", friedman_p=np.nan)
    content += ranked("mode1", 0, {"cut": "a"}) + ranked("mode3", 0, {"cut": "a", "fill": "a"}, selection="oracle")
    figure = ranks.draw(table(tmp_path / "r.csv", content, RANKS), METHODS)
    found = {axis.get_title(loc="right"): axis for axis in visible(figure)}
    assert list(found) == [
        "mode 4: a box around each component\n12 tasks, Friedman p = 0.020, critical difference 0.90",
        "1 click, corrected\n12 tasks, critical difference 0.90",
        "9 clicks, corrected\n12 tasks, critical difference 0.90",
    ]
    boxes, click, _ = found.values()
    assert {name: points[0].tolist() for name, points in lines(boxes).items() if name in METHODS} == {
        "cut": [pytest.approx(1.2), 0], "sam_x": [pytest.approx(1.9), 1], "fill": [pytest.approx(2.6), 2]
    }  # fmt: skip
    bars = [line for line in boxes.lines if line.get_label() == "group"]
    assert [line.get_ydata() for line in bars] == [pytest.approx([-0.3, 1.3]), pytest.approx([0.7, 2.3])]
    assert min(line.get_xdata()[0] for line in bars) > 3  # beyond the last rank
    assert [line for line in click.lines if line.get_label() == "group"] == []  # a group of one has no bar
    (difference,) = [patch for patch in boxes.patches if patch.get_label() == "CD"]
    assert (difference.get_x(), difference.get_width()) == pytest.approx((1.2, 0.9))
    assert rows(boxes) == ["Cut  1.20", "SAM X  1.90", "Fill  2.60"]


def test_bars_join_the_methods_of_each_letter():
    ranks_ = pd.DataFrame({"group": ["a", "ab", "ab", "b", "c"], "mean_rank": [1.0, 2.0, 2.5, 4.0, 5.0]})
    assert ranks.groups(ranks_) == [(1.0, 2.5), (2.0, 4.0)]


def test_ranks_of_one_method(tmp_path):
    path = table(tmp_path / "r.csv", ranked("mode4", 0, {"cut": "a"}), RANKS)
    assert "need at least two methods" in texts(ranks.draw(path, METHODS))
