"""Critical-difference diagrams."""

import numpy as np
import pytest

from promptseg.analysis.ranks import RANKS
from promptseg.figures import ranks
from support.figures import METHODS, lines, notes, table, texts, visible


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
    found = {axis.get_title(): axis for axis in visible(figure)}
    assert list(found) == [
        "mode 4: a box around each component\n12 tasks, Friedman p = 0.020",
        "1 click, corrected\n12 tasks",
        "9 clicks, corrected\n12 tasks",
    ]
    boxes, click, _ = found.values()
    assert {name: points[0, 0] for name, points in lines(boxes).items() if name in METHODS} == pytest.approx(
        {"cut": 1.2, "sam_x": 1.9, "fill": 2.6}
    )
    bars = [line.get_xdata().tolist() for line in boxes.lines if line.get_label() == "group"]
    assert bars == [pytest.approx([1.16, 1.94]), pytest.approx([1.86, 2.64])]
    assert [line for line in click.lines if line.get_label() == "group"] == []  # a group of one has no bar
    assert lines(boxes)["CD"][:, 0].tolist() == [1, 1.9]
    assert {"Cut 1.20", "SAM X 1.90", "2.60 Fill"} <= set(notes(boxes))


def test_ranks_of_one_method(tmp_path):
    path = table(tmp_path / "r.csv", ranked("mode4", 0, {"cut": "a"}), RANKS)
    assert "need at least two methods" in texts(ranks.draw(path, METHODS))
