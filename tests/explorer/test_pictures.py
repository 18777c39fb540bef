"""What the explorer is told of prompts."""

import numpy as np

from promptseg.explorer.pictures import prompts_of


def test_lines_are_told_with_their_modes():
    empty = {"points": [], "point_labels": [], "boxes": []}
    lines = [{"line": np.array([[1, 2], [3, 4]]), "label": 1, "width": 3}]
    rows = {
        "mode1": {**empty, "points": [[1, 2]], "point_labels": [1]},
        "scribble_walk": {**empty, "scribbles": np.array(lines, object), "lasso": None},
        "lasso": {**empty, "scribbles": None, "lasso": [np.array([0, 1]), np.array([2, 3])]},
    }
    assert prompts_of(rows) == {
        "mode1": {"points": [[1, 2, 1]], "boxes": []},
        "scribble_walk": {"points": [], "boxes": [], "scribbles": [[1, 3, [[1, 2], [3, 4]]]]},
        "lasso": {"points": [], "boxes": [], "lasso": [[0, 1], [2, 3]]},
    }
