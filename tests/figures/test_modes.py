"""The five prompt modes, published and of a run."""

import pandas as pd
import pytest

from promptseg.figures import modes, source
from support import synthetic
from support.figures import PUBLISHED, lines, source_of, texts, visible

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
    panels = {axis.get_title(loc="left"): axis for axis in visible(figure)}
    assert list(panels) == [entry["title"] for entry in METHODS.values()]
    assert set(lines(panels["Filled box"])) == {"mode3 first", "mode4 first", "mode5 first"}
    assert set(lines(panels["Disk at click"])) == {"mode1 first", "mode2 first"}
    assert len(lines(panels["SAM ViT-B"])) == 10
    assert set(lines(panels["Perfect"])["mode1 first"][:, 0]) == {1.0}
    words = [text.get_text() for text in panels["Filled box"].texts]
    assert words == ["modes 1, 2: n/a\none mask, no oracle"]
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
