import numpy as np

from promptseg.core.stand_ins import StandIns
from promptseg.prompts.modes import PromptSettings, make_prompts
from promptseg.prompts.stand_ins import given

SETTINGS = StandIns(3, "points", 4)
ROW = {"object_id": "a", "points": [], "point_labels": [], "boxes": []}


def line(*points, label=1):
    return {"line": [list(point) for point in points], "label": label, "width": 1}


def test_points_along_a_scribble():
    row = given({**ROW, "scribbles": [line((0, 0), (9, 0))]}, "points", SETTINGS)
    assert row["points"] == [[1, 0], [4, 0], [7, 0]]
    assert (row["point_labels"], row["boxes"], row["scribbles"], row["stand_in"]) == ([1, 1, 1], [], None, "points")


def test_several_lines_share_the_points_and_keep_their_labels():
    row = given({**ROW, "scribbles": [line((0, 0), (9, 0)), line((0, 5), label=0)]}, "points", SETTINGS)
    assert row["points"] == [[4, 0], [0, 5]]  # one of three for the first, two for a line of one pixel
    assert row["point_labels"] == [1, 0]


def test_a_lasso_as_its_box_and_as_points():
    lasso = [[2, 1], [8, 1], [8, 7], [2, 7]]
    box = given({**ROW, "lasso": lasso}, "box", SETTINGS)
    assert (box["boxes"], box["points"]) == ([[2, 1, 8, 7]], [])
    points = given({**ROW, "lasso": lasso}, "points", SETTINGS)
    assert points["points"] == [[5, 4], [5, 1], [8, 4], [5, 7], [2, 4]]
    assert points["point_labels"] == [1, 0, 0, 0, 0]


def test_points_of_scribbles_lie_on_the_object():
    y, x = np.ogrid[:60, :60]
    truth = (y - 30) ** 2 + (x - 30) ** 2 <= 20**2
    for row in make_prompts("a", truth, ["scribble_walk", "scribble_contour"], PromptSettings()):
        points = given(row, "points", StandIns(5))["points"]
        assert len(points) == 5
        assert all(truth[y, x] for x, y in points)
