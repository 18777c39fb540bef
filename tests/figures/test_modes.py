"""The five prompt modes, published and of a run."""

import pandas as pd
import pytest

from promptseg.core.titles import MODES
from promptseg.figures import modes, source
from support import synthetic
from support.figures import PUBLISHED, lines, panels, source_of, texts, visible

METHODS = synthetic.METHODS


@pytest.fixture(scope="module")
def measured(statistics_file):
    return source.measured(statistics_file, synthetic.DATASETS, METHODS, "corrected")


def test_modes_published():
    figure = modes.draw(source.published(PUBLISHED, METHODS))
    (axis,) = figure.axes
    series = lines(axis)
    assert sorted(series) == sorted(f"mode{i} {kind}" for i in range(1, 6) for kind in ("first", "oracle"))
    assert all(len(points) == 29 for points in series.values())  # 28 tasks and their mean
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[0] == "CT-Organ: Lung"
    assert labels[-2:] == ["US-Muscle", "Mean over tasks"]
    assert series["mode4 first"][:, 0].max() == pytest.approx(0.9118, abs=5e-5)
    mean = max(series["mode4 first"], key=lambda point: point[1])
    assert mean[0] == pytest.approx(0.6542, abs=5e-5)
    assert axis.get_xlim() == pytest.approx((-0.02, 1.02))


def test_order_of_the_published_tasks_is_the_study_s():
    rows = source.published(PUBLISHED, METHODS).tasks
    assert modes.task_order(rows[rows["mode"] != "iterative"], ["sam"])[:-1] == list(dict.fromkeys(rows["label"]))


def test_modes_of_a_run(measured):
    figure = modes.draw(measured)
    shown = panels(figure)
    point, box = shown["1: one point, largest component"], shown["4: a box around each component"]
    assert list(shown) == list(MODES.values())[:5]
    assert len(lines(box)["box_fill first"]) == 4
    assert "box_fill first" not in lines(point)  # it takes no points
    assert len(lines(point)["sam_vit_b oracle"]) == 4
    assert set(lines(point)["perfect first"][:, 0]) == {1.0}
    labels = [label.get_text() for label in visible(figure)[0].get_yticklabels()]
    assert set(labels) == {
        "Brain tumour (MRI)",
        "Breast ultrasound:\nbenign lesion",
        "Breast ultrasound:\nmalignant lesion",
        "Mean over tasks",
    }


def test_missing_values_are_not_drawn_as_zero(measured):
    figure = modes.draw(measured)
    for axis in visible(figure):
        for points in lines(axis).values():
            assert (points[:, 0] > 0).all()


def test_modes_without_rows():
    assert "No method of this run was prompted" in texts(modes.draw(source_of(pd.DataFrame({"mode": [], "iou": []}))))
