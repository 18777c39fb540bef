"""Examples chosen by area, and by result."""

from dataclasses import replace

import numpy as np
import pytest

from promptseg.core.masks import iou
from promptseg.core.tables import read_table
from promptseg.figures import examples
from promptseg.score.tables import SCORES
from support.figures import SHAPES, SHAPES_LOOKS, layers, notes, texts, truth_of


def test_examples(shapes):
    figure = examples.draw(shapes, SHAPES, SHAPES_LOOKS)
    grid = np.array(figure.axes).reshape(4, 4)  # four of five tasks; image, three methods
    assert [axis.get_ylabel() for axis in grid[:, 0]] == [
        "left disk\ncase1", "right bar\ncase1", "both\ncase1", "small dot\ncase1"
    ]  # fmt: skip
    assert [axis.get_title() for axis in grid[0, 1:]] == [
        "Filled box\n(one box)", "Region\ngrowing\n(one point)", "SAM ViT-B\n(one box)"
    ]  # fmt: skip
    assert [axis.texts[0].get_text() for axis in grid[1, 1:]] == ["1.00", "0.50", "0.87"]
    assert figure.get_suptitle() == "Shapes. Truth: drawn by a program. Licence: CC0-1.0"
    for axis in figure.axes:
        assert axis.get_aspect() == 2.0  # pixels are twice as tall as wide


def test_shown_number_is_the_scored_one_and_gaps_are_not_zero(shapes):
    some = replace(shapes, scores=[path for path in shapes.scores if path.parent.name != "sam_vit_b"])
    grid = np.array(examples.draw(some, SHAPES, SHAPES_LOOKS).axes).reshape(4, 4)
    assert [axis.texts[0].get_text() for axis in grid[:, 3]] == ["no mask"] * 4


def test_dataset_without_objects(shapes):
    figure = examples.draw(shapes, SHAPES | {"tasks": {"absent": [9]}}, SHAPES_LOOKS)
    assert "No image of this dataset" in texts(figure)


def test_extremes(shapes):
    found = examples.extremes(shapes.scores)
    assert set(found) == {
        (method, mode, word)
        for method, mode in (("sam_vit_b", "mode5"), ("region_growing", "mode1"), ("box_fill", "mode5"))
        for word in ("worst", "median", "best")
    }
    rows = read_table(shapes.scores[0].parents[1] / "sam_vit_b" / "shapes.parquet", SCORES)
    ious = rows.loc[rows["status"] == "ok", "iou"].sort_values()
    assert found["sam_vit_b", "mode5", "worst"][1] == ious.iloc[0]
    assert found["sam_vit_b", "mode5", "median"][1] == ious.iloc[(len(ious) - 1) // 2]
    assert found["sam_vit_b", "mode5", "best"][1] == ious.iloc[-1]


def test_extremes_figure(shapes):
    looks = {name: SHAPES_LOOKS[name] for name in ("region_growing", "sam_vit_b")}
    figure = examples.draw_extremes(shapes, SHAPES, looks)
    grid = np.array(figure.axes).reshape(2, 6)
    assert [axis.get_title() for axis in grid[0]] == [
        f"{prompt}:\n{word}" for prompt in ("one point", "one box") for word in ("worst", "median", "best")
    ]
    assert [axis.get_ylabel() for axis in grid[:, 0]] == ["Region growing", "SAM ViT-B"]
    found = examples.extremes(shapes.scores)
    for (method, mode), axes in {
        ("region_growing", "mode1"): grid[0, :3], ("sam_vit_b", "mode5"): grid[1, 3:]
    }.items():  # fmt: skip
        for word, axis in zip(("worst", "median", "best"), axes, strict=True):
            name, value = found[method, mode, word]
            assert notes(axis) == [f"{value:.2f}", name.split(":")[1]]
            (mask,) = layers(axis)
            assert iou(mask, truth_of(shapes, name)) == pytest.approx(value)
    assert [notes(axis) for axis in (*grid[0, 3:], *grid[1, :3])] == [["n/a"]] * 6
