"""IoU against the number of clicks, published and of a run."""

from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from promptseg.figures import clicks, source, style
from support import synthetic
from support.figures import PUBLISHED, legend, lines, texts, visible

METHODS = synthetic.METHODS


def test_clicks_published():
    published = source.published(PUBLISHED, METHODS)
    tasks, mean = clicks.draw_tasks(published), clicks.draw_mean(published)
    assert len(visible(tasks)) == 28
    names = {"sam first", "sam oracle", "ritm first", "simpleclick first", "focalclick first"}
    for axis in visible(tasks):
        assert set(lines(axis)) == names
        assert axis.get_ylim() == pytest.approx((-0.02, 1.02))
    (axis,) = mean.axes
    assert lines(axis)["ritm first"][:, 1].round(4).tolist() == [
        0.1322, 0.3034, 0.4538, 0.5399, 0.5962, 0.6320, 0.6565, 0.6753, 0.6875
    ]  # fmt: skip
    assert lines(axis)["sam first"][:, 0].tolist() == list(range(1, 10))
    assert axis.get_ylabel() == "Mean IoU over 28 tasks"
    assert [text.get_text() for text in mean.legends[0].texts] == [
        "SAM, first mask", "SAM, oracle", "RITM", "SimpleClick", "FocalClick"
    ]  # fmt: skip


def test_clicks_of_a_run(statistics_file):
    measured = source.measured(statistics_file, synthetic.DATASETS, METHODS, "corrected")
    tasks, mean = clicks.draw_tasks(measured), clicks.draw_mean(measured)
    assert {axis.get_title() for axis in visible(tasks)} == {
        "Brain tumour (MRI)", "Breast ultrasound: benign lesion", "Breast ultrasound: malignant lesion"
    }  # fmt: skip
    expected = {"perfect first", "click_disk first", "random_walker first", "region_growing first"}
    expected |= {"sam_vit_b first", "sam_vit_b oracle"}
    for axis in [*visible(tasks), *mean.axes]:
        assert set(lines(axis)) == expected
    assert len(mean.axes[0].collections) == len(expected)  # one band a line
    assert not any(axis.collections for axis in visible(tasks))  # of so many they would hide one another
    few = replace(measured, tasks=measured.tasks[measured.tasks["method"].isin(["perfect", "sam_vit_b"])])
    assert [len(axis.collections) for axis in visible(clicks.draw_tasks(few))] == [3, 3, 3]
    looks = style.method_looks(METHODS)
    (axis,) = mean.axes
    for line in axis.lines:
        name, selection = line.get_label().split()
        assert to_hex(line.get_color()).upper() == looks[name].colour.upper()
        assert line.get_linestyle() == ("--" if selection == "oracle" else "-")
    assert "protocol corrected" in mean.get_suptitle().replace("\n", " ")


def test_many_lines_in_small_panels_are_first_masks_without_markers(statistics_file):
    measured = source.measured(statistics_file, synthetic.DATASETS, METHODS, "corrected")
    one = measured.tasks[measured.tasks["method"] == "sam_vit_b"]
    names = [f"sam_{index}" for index in range(14)]
    looks = style.method_looks({name: {"family": "SAM"} for name in names})
    rows = pd.concat([one.assign(method=name) for name in names])
    figure = clicks.draw_tasks(replace(measured, tasks=rows, looks=looks, rivals=names))
    for axis in visible(figure):
        assert set(lines(axis)) == {f"{name} first" for name in names}
        assert {line.get_marker() for line in axis.lines} == {"None"}
    assert "First masks; means with oracles" in figure.legends[0].get_title().get_text()


def test_line_over_fewer_tasks_says_so():
    published = source.published(PUBLISHED, METHODS)
    means = published.means.assign(n_tasks=published.means["n_tasks"].where(published.means["method"] != "ritm", 3))
    assert "RITM (3 tasks)" in legend(clicks.draw_mean(replace(published, means=means)))


def test_clicks_of_a_protocol_that_was_not_run(statistics_file):
    measured = source.measured(statistics_file, synthetic.DATASETS, METHODS, "as_released")
    for figure in (clicks.draw_tasks(measured), clicks.draw_mean(measured)):
        assert "clicked iteratively" in texts(figure)
        assert "protocol as released" in texts(figure).replace("\n", " ")
