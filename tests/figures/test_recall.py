"""Objects found without a prompt."""

import pytest

from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.figures import recall
from support.figures import METHODS, lines, panels, rows, table, texts


def test_recall_of_everything(tmp_path):
    columns = ["iou", "recall50", "recall75", "recall90", "masks_per_image", "ci_low", "ci_high"]
    record = dict(zip(columns, [0.7, 0.9, 0.5, 0.1, 40, 0.6, 0.8], strict=True))
    records = [{"level": "all", "method": "sam_x"} | record, {"level": "task", "method": "sam_x"} | record]
    path = table(tmp_path / "e.csv", records, EVERYTHING_MEANS)
    match, found, count = panels(recall.draw(path, METHODS)).values()
    assert rows(match) == ["SAM X"]
    assert lines(match)["0 iou"].tolist() == [[0.7, 0]]
    assert len(match.collections) == 1
    assert [points[0, 0] for points in lines(found).values()] == [0.9, 0.5, 0.1]
    assert lines(count)["0 masks_per_image"][0, 0] == 40
    assert count.get_xlim() == pytest.approx((-1.2, 42.4))
    nothing = table(tmp_path / "n.csv", [], EVERYTHING_MEANS)
    assert recall.NOTHING in texts(recall.draw(nothing, METHODS))
