"""Masks click by click."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from promptseg.core.masks import encode, iou
from promptseg.core.tables import write_table
from promptseg.figures import trajectories
from promptseg.predict.tables import PREDICTIONS
from promptseg.score.tables import SCORES
from support.figures import SHAPES, SHAPES_LOOKS, below, clear, layers, texts, truth_of


@pytest.fixture(scope="module")
def clicked(shapes, tmp_path_factory):
    """Two methods after 1, 2 and 3 clicks on the object of median area; the second fails at the third."""
    folder = tmp_path_factory.mktemp("clicks")
    truth = truth_of(shapes, "case1:left disk")
    files: dict[str, list[Path]] = {"predictions": [], "scores": []}
    for method in ("sam_vit_b", "region_growing"):
        rows, scores = [], []
        for step in (1, 2, 3):
            mask = truth & (np.arange(128) < 20 + 10 * step)
            key = {"object_id": "case1:left disk", "mode": "iterative", "protocol": "corrected", "step": step}
            key |= {"selection": "first", "status": "no_mask" if (method, step) == ("region_growing", 3) else "ok"}
            ok = key["status"] == "ok"
            click = {"click_x": 30 + step, "click_y": 25, "click_label": step % 2}
            rows.append(key | click | {"candidate": 0, "rle": encode(mask) if ok else None})
            scores.append(key | {"iou": iou(mask, truth) if ok else None})
            rows.append(rows[-1] | {"protocol": "as_released", "click_x": 1})
            rows.append(rows[-2] | {"selection": "oracle", "click_x": 2})
            rows.append(rows[-3] | {"switch": "click_label", "click_x": 3})
        for kind, content, schema in (("predictions", rows, PREDICTIONS), ("scores", scores, SCORES)):
            files[kind].append(folder / kind / method / "shapes.parquet")
            write_table(files[kind][-1], content, schema)
    return replace(shapes, **files)


def test_trajectories(shapes, clicked):
    figure = trajectories.draw(clicked, SHAPES, SHAPES_LOOKS, "corrected")
    grid = np.array(figure.axes).reshape(2, 3)  # never 5 and 9 clicks
    assert [axis.get_title() for axis in grid[0]] == ["1 click", "2 clicks", "3 clicks"]
    assert [axis.get_ylabel() for axis in grid[:, 0]] == ["Region growing", "SAM ViT-B"]
    truth = truth_of(shapes, "case1:left disk")
    for step, axis in enumerate(grid[1], start=1):
        (mask,) = layers(axis)
        assert below(axis) == [f"{iou(mask, truth):.2f}"]
        assert [tuple(line.get_xydata()[0]) for line in axis.lines] == [(30 + k, 25) for k in range(1, step + 1)]
        assert [line.get_marker() for line in axis.lines] == ["*", "X", "*"][:step]
    sizes = [line.get_markersize() for line in grid[1, 2].lines]
    assert sizes[2] > sizes[0]
    assert below(grid[0, 2]) == ["no mask"]
    assert "(left disk, case1)" in figure.get_suptitle().replace("\n", " ")
    clear(figure)


def test_trajectories_of_a_protocol_that_was_not_run(clicked):
    figure = trajectories.draw(clicked, SHAPES, SHAPES_LOOKS, "other")
    assert "under the protocol other" in texts(figure)
