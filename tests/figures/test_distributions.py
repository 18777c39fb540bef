"""IoU of single objects."""

from promptseg.figures import distributions
from support.figures import DATASETS, METHODS, rows, scored, texts


def test_distributions(tmp_path):
    values = {("heart", "cut", "mode4"): [0.1, 0.2, 0.3, 0.4, 0.9], ("chest", "cut", "mode4"): [0.8, 0.8]}
    values |= {("heart", "cut", "mode1"): [0.0, 1.0], ("heart", "sam_x", "mode4"): [0.77]}
    files = scored(tmp_path, values)
    figure = distributions.draw(files, "cut", distributions.task_order(files, DATASETS), DATASETS, METHODS)
    point, box = figure.axes
    assert [axis.get_title().replace("\n", " ") for axis in figure.axes] == [
        "1: one point, largest component", "4: a box around each component"
    ]  # fmt: skip
    assert rows(point) == ["Chest (2)", "Heart (5)"]
    drawn = [line.get_xdata() for line in box.lines]
    assert [0.8, 0.8, 0.1, 0.2, 0.3, 0.4, 0.9] in [list(values) for values in drawn]  # all points
    boxes, medians = ([path.vertices.tolist() for path in found.get_paths()] for found in box.collections)
    assert medians == [[[0.8, -0.25], [0.8, 0.25]], [[0.3, 0.75], [0.3, 1.25]]]
    assert len(boxes) == 10  # for each task a box, two whiskers and their ends
    assert boxes[5] == [[0.2, 0.75], [0.2, 1.25], [0.4, 1.25], [0.4, 0.75], [0.2, 0.75]]
    assert boxes[6:8] == [[[0.2, 1], [0.2, 1]], [[0.4, 1], [0.4, 1]]]  # no other value lies between the percentiles
    assert not any(0.77 in list(values) for values in drawn)  # of another method
    assert figure.get_suptitle() == "Cut: IoU of single objects, first mask"


def test_all_methods_have_one_order_of_tasks(tmp_path):
    values = {("heart", "cut", "mode4"): [0.9], ("chest", "cut", "mode4"): [0.1], ("abdomen", "cut", "mode1"): [0.6]}
    values |= {("heart", "sam_x", "mode4"): [0.2, 0.5], ("chest", "sam_x", "mode4"): [0.8]}
    values |= {("heart", "sam_x", "mode1"): [0.3]}
    files = scored(tmp_path, values)
    order = distributions.task_order(files, DATASETS)
    # Mode 4: 0.5, the median of three objects, and 0.45 of two; mode 1: 0.3 of the heart.
    assert order == ["abdomen", "Chest", "Heart"]
    shown = [rows(distributions.draw(files, name, order, DATASETS, METHODS).axes[0]) for name in ("cut", "sam_x")]
    assert shown == [["abdomen (1)", "Chest (1)", "Heart (1)"], ["Chest (1)", "Heart (2)"]]


def test_sample_keeps_the_extremes_and_the_order():
    assert distributions.sample([5, 1, 3, 2, 4], 3).tolist() == [1, 3, 5]
    assert distributions.sample([2, 1], 10).tolist() == [1, 2]


def test_distribution_without_scores(tmp_path):
    files = scored(tmp_path, {("heart", "cut", "iterative"): [0.5]})
    assert "was not prompted in modes 1 to 5" in texts(distributions.draw(files, "cut", [], DATASETS, METHODS))
