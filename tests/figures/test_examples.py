"""Examples chosen by area, by kind of prompt."""

from dataclasses import replace

import numpy as np
import pytest

from promptseg.figures import examples, style
from support.figures import SHAPES, SHAPES_LOOKS, below, clear, texts, visible


def test_a_row_for_each_kind_of_prompt_and_object(shapes):
    figure = examples.draw(shapes, SHAPES, SHAPES_LOOKS)
    grid = np.array(figure.axes).reshape(8, 3)  # four of five tasks, one point and one box; the image, two methods
    tasks = [f"{task}\ncase1" for task in ("left disk", "right bar", "both", "small dot")]
    assert [axis.get_ylabel() for axis in grid[:, 0]] == tasks + tasks
    heads = [[axis.get_title().replace("\n", " ") for axis in grid[row] if axis.get_visible()] for row in (0, 4)]
    assert heads == [
        ["one point, largest component", "Region growing"],
        ["one box around the object", "Filled box", "SAM ViT-B"],
    ]
    assert [[below(axis) for axis in grid[row, 1:] if axis.get_visible()] for row in (1, 5)] == [
        [["0.50"]], [["1.00"], ["0.87"]]
    ]  # fmt: skip
    assert [len(axis.lines) for axis in (grid[0, 0], grid[4, 0])] == [1, 0]  # the point
    assert [len(axis.patches) for axis in (grid[0, 0], grid[4, 0])] == [0, 1]  # the box
    assert figure.get_suptitle() == "Shapes: what the methods make of the same objects"
    for axis in figure.axes:
        if axis.get_visible():
            assert axis.get_aspect() == 2.0  # pixels are twice as tall as wide
    clear(figure)


def test_shown_number_is_the_scored_one_and_gaps_are_not_zero(shapes):
    some = replace(shapes, scores=[path for path in shapes.scores if path.parent.name != "sam_vit_b"])
    grid = np.array(examples.draw(some, SHAPES, SHAPES_LOOKS).axes).reshape(8, 3)
    assert [below(axis) for axis in grid[4:, 2]] == [["no mask"]] * 4


@pytest.mark.parametrize(("count", "objects", "rows"), [(1, 4, 4), (7, 4, 8), (20, 2, 8)])
def test_at_most_six_methods_a_row_and_no_more_objects_than_fit(shapes, tmp_path, count, objects, rows):
    paths = {"predictions": [], "scores": []}
    looks = {}
    for number in range(count):
        looks[f"m{number}"] = style.Look(f"A method with a long name, number {number}", style.BLUE, "o")
        for kind, found in paths.items():
            folder = tmp_path / kind / f"m{number}"
            folder.mkdir(parents=True)
            (folder / "shapes.parquet").symlink_to(
                next(p for p in getattr(shapes, kind) if p.parent.name == "box_fill")
            )
            found.append(folder / "shapes.parquet")
    figure = examples.draw(replace(shapes, **paths), SHAPES, looks)
    grid = np.array(figure.axes).reshape(rows, -1)
    assert grid.shape[1] == 1 + min(count, 4 if count == 7 else 5 if count == 20 else 6)
    assert len({axis.get_ylabel() for axis in grid[:, 0]}) == objects
    assert sum("number" in axis.get_title().replace("\n", " ") for axis in visible(figure)) == count
    assert figure.get_size_inches()[1] < 9.7
    if count == 20:
        clear(figure)


def test_dataset_without_objects(shapes):
    figure = examples.draw(shapes, SHAPES | {"tasks": {"absent": [9]}}, SHAPES_LOOKS)
    assert "No image of this dataset" in texts(figure)


def test_no_method_takes_such_prompts(shapes):
    figure = examples.draw(replace(shapes, predictions=[]), SHAPES, SHAPES_LOOKS)
    assert "takes one point or one box" in texts(figure)
