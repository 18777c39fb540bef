"""What clicks achieve."""

import pytest

from promptseg.analysis.click_metrics import CLICK_METRICS
from promptseg.figures import click_metrics
from support.figures import METHODS, legend, lines, panels, rows, table, texts

CLICK_VALUES = {"noc80": 2.5, "noc85": 3.5, "noc90": 6.0, "failed80": 0.1, "failed85": 0.2, "failed90": 0.6}
CLICK_VALUES |= {"auc": 0.7, "worse_share": 0.25, "n_images": 4, "noc90_ci_low": 5.0, "noc90_ci_high": 7.0}


def test_click_metrics(tmp_path):
    common = CLICK_VALUES | {"level": "all", "protocol": "corrected", "selection": "first"}
    records = [
        common | {"method": "sam_x"},
        common | {"method": "sam_x", "selection": "oracle", "noc80": 1.5},
        common | {"method": "cut", "auc": 0.5},
        common | {"method": "cut", "protocol": "as_released", "auc": 0.1},
        common | {"method": "cut", "level": "task", "dataset": "heart", "auc": 0.2},
    ]
    path = table(tmp_path / "m.csv", records, CLICK_METRICS)
    figure = click_metrics.draw(path, METHODS, "corrected")
    found = panels(figure)
    assert list(found) == ["Clicks to an IoU", "Never reached", "Area under the clicks", "Clicks that harm"]
    clicks, failed, area, harm = found.values()
    assert rows(clicks) == ["Cut, n = 4", "SAM X, first mask, n = 4", "SAM X, oracle, n = 4"]
    assert lines(clicks)["2 noc80"][0, 0] == 1.5
    assert lines(clicks)["0 noc90"][0, 0] == 6
    assert len(clicks.collections) == 3  # the intervals of noc90
    assert lines(failed)["0 failed90"][0, 0] == 0.6
    assert lines(area)["0 auc"].tolist() == [[0.5, 0.0]]
    assert lines(harm)["1 worse_share"].tolist() == [[0.25, 1.0]]
    assert clicks.get_xlim() == pytest.approx((0.7, 6.3))
    assert legend(figure) == ["IoU 0.80", "IoU 0.85", "IoU 0.90", "hollow: oracle"]
    assert "no intervals" not in texts(figure)
    assert "under the protocol other" in texts(click_metrics.draw(path, METHODS, "other"))
