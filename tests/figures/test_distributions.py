"""IoU of single objects."""

from promptseg.figures import distributions
from support.figures import DATASETS, METHODS, rows, scored, texts


def test_distributions(tmp_path):
    values = {("heart", "cut", "mode4"): [0.1, 0.2, 0.3, 0.4, 0.9], ("chest", "cut", "mode4"): [0.8, 0.8]}
    values |= {("heart", "cut", "mode1"): [0.0, 1.0], ("heart", "sam_x", "mode4"): [0.77]}
    figure = distributions.draw(scored(tmp_path, values), "cut", DATASETS, METHODS)
    point, box = figure.axes
    assert [axis.get_title().replace("\n", " ") for axis in figure.axes] == [
        "1: one point, largest component", "4: a box around each component"
    ]  # fmt: skip
    assert rows(point) == ["Chest (2)", "Heart (5)"]
    drawn = [line.get_xdata() for line in box.lines]
    assert [0.1, 0.2, 0.3, 0.4, 0.9] in [list(values) for values in drawn]  # all points of the heart
    assert any(list(values) == [0.3, 0.3] for values in drawn)  # its median
    assert not any(0.77 in list(values) for values in drawn)  # of another method
    assert figure.get_suptitle() == "Cut: IoU of single objects, first mask"


def test_sample_keeps_the_extremes_and_the_order():
    assert distributions.sample([5, 1, 3, 2, 4], 3).tolist() == [1, 3, 5]
    assert distributions.sample([2, 1], 10).tolist() == [1, 2]


def test_distribution_without_scores(tmp_path):
    files = scored(tmp_path, {("heart", "cut", "iterative"): [0.5]})
    assert "was not prompted in modes 1 to 5" in texts(distributions.draw(files, "cut", DATASETS, METHODS))
