"""The overview of the modalities."""

import pandas as pd
import pytest

from promptseg.analysis.statistics import STATISTICS
from promptseg.figures import modalities, source
from support.figures import DATASETS, METHODS, PUBLISHED, lines, panels, rows, table


def test_modalities_published():
    figure = modalities.draw(source.published(PUBLISHED, METHODS))
    found = panels(figure)
    assert list(found) == ["mode 1", "mode 2", "mode 3", "mode 4", "mode 5", "1 click", "9 clicks"]
    assert rows(figure.axes[0]) == [
        "CT 10 tasks", "MRI 9 tasks", "PET 1 task", "X-ray 3 tasks", "Ultrasound 5 tasks"
    ]  # fmt: skip
    published = pd.read_csv(PUBLISHED)
    pet = published[(published["task"] == "PET-WholeBody") & (published["mode"] == "mode4")]
    expected = pet.loc[pet["selection"] == "first", "iou"].item()
    assert lines(found["mode 4"])["sam"][2, 0] == pytest.approx(expected)
    assert set(lines(found["mode 4"])) == {"sam"}
    assert set(lines(found["9 clicks"])) == {"sam", "ritm", "simpleclick", "focalclick"}


def test_modalities_of_a_run_take_one_protocol(tmp_path):
    common = {"level": "task", "selection": "first", "method": "cut", "task": "t"}
    records = [
        common | {"dataset": "heart", "mode": "mode1", "iou": 0.25},
        common | {"dataset": "heart", "mode": "iterative", "protocol": "corrected", "step": 1, "iou": 0.5},
        common | {"dataset": "chest", "mode": "iterative", "protocol": "corrected", "step": 9, "iou": 0.75},
        common | {"dataset": "chest", "mode": "iterative", "protocol": "as_released", "step": 9, "iou": 0.1},
    ]
    path = table(tmp_path / "s.csv", records, STATISTICS)
    figure = modalities.draw(source.measured(path, DATASETS, METHODS, "corrected"))
    assert rows(figure.axes[0]) == ["MRI 1 task", "X-ray 0 tasks"]
    drawn = {name: lines(axis)["cut"].tolist() for name, axis in panels(figure).items()}
    assert drawn == {"mode 1": [[0.25, 0.0]], "1 click": [[0.5, 0.0]], "9 clicks": [[0.75, 1.0]]}
