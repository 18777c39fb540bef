"""Results by rank of IoU: worst, median, best, and the percentiles of the study."""

from dataclasses import replace

import numpy as np
import pytest

from promptseg.core.masks import encode, iou
from promptseg.core.tables import read_table, write_table
from promptseg.figures import percentiles, style, translation
from promptseg.figures.percentiles import EXTREMES, PERCENTILES
from promptseg.predict.tables import PREDICTIONS
from promptseg.score.tables import SCORES
from support.figures import SHAPES, SHAPES_LOOKS, below, clear, layers, texts, truth_of, visible


def test_extremes(shapes):
    found = percentiles.chosen(shapes.scores, EXTREMES)
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


@pytest.mark.parametrize(
    ("ious", "shown"),
    [
        ([0.5, 0.1, 0.4, 0.2, 0.3], [0.2, 0.3, 0.4]),
        ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3]),  # the lower of two
        ([0.7], [0.7, 0.7, 0.7]),
    ],
)
def test_percentiles_by_hand(tmp_path, ious, shown):
    rows = [
        {"dataset": "d", "method": "m", "object_id": f"o{k}", "mode": mode, "step": 0, "selection": selection, "iou": v}
        | {"status": "ok"}
        for mode in ("mode2", "mode4", "mode5")
        for selection, shift in (("first", 0), ("oracle", 1))
        for k, v in enumerate([value + shift for value in ious])
    ]
    rows.append(rows[0] | {"object_id": "failed", "iou": None, "status": "no_mask"})
    path = tmp_path / "m" / "d.parquet"
    write_table(path, rows, SCORES)
    found = percentiles.chosen([path], PERCENTILES)
    assert [found["m", "mode4", word][1] for word in ("25th percentile", "median", "75th percentile")] == shown
    assert {mode for _, mode, _ in found} == {"mode2", "mode4"}


def test_extremes_figure(shapes):
    looks = {name: SHAPES_LOOKS[name] for name in ("box_fill", "region_growing", "sam_vit_b")}
    figure = percentiles.draw(shapes, SHAPES, looks, EXTREMES)
    grid = np.array(figure.axes).reshape(2, 6)  # one method takes a point, two take a box
    assert [axis.get_title().replace("\n", " ") for axis in grid[0]] == [
        f"{prompt}: {word}"
        for prompt in ("one point, largest component", "one box around the object")
        for word in ("worst", "median", "best")
    ]
    assert [axis.get_ylabel() for axis in grid[:, 0]] == ["Region growing", ""]
    assert [axis.get_ylabel() for axis in grid[:, 3]] == ["Filled box", "SAM ViT-B"]
    assert visible(figure) == [*grid[0], *grid[1, 3:]]
    found = percentiles.chosen(shapes.scores, EXTREMES)
    for (method, mode), axes in {
        ("region_growing", "mode1"): grid[0, :3], ("sam_vit_b", "mode5"): grid[1, 3:]
    }.items():  # fmt: skip
        for word, axis in zip(("worst", "median", "best"), axes, strict=True):
            name, value = found[method, mode, word]
            case, task = name.split(":")
            assert below(axis) == [f"{value:.2f} {task}", case]
            (mask,) = layers(axis)
            assert iou(mask, truth_of(shapes, name)) == pytest.approx(value)
    clear(figure)


def test_modes_lie_below_one_another_where_the_page_is_narrow(shapes, narrow):
    figure = percentiles.draw(shapes, SHAPES, SHAPES_LOOKS, EXTREMES)
    grid = np.array(figure.axes).reshape(3, 3)
    assert [axis.get_ylabel() for axis in grid[:, 0]] == ["Region growing", "Filled box", "SAM ViT-B"]
    assert [axis.get_title().replace("\n", " ") for axis in grid[:, 2]] == [
        "one point, largest component: best", "one box around the object: best", ""
    ]  # fmt: skip
    clear(figure)


def test_more_methods_than_fit_a_page_are_told_of(shapes, tmp_path):
    paths = {"predictions": [], "scores": []}
    for kind, found in paths.items():
        source = next(path for path in getattr(shapes, kind) if path.parent.name == "box_fill")
        for number in range(20):
            found.append(tmp_path / kind / f"m{number}" / "shapes.parquet")
            found[-1].parent.mkdir(parents=True)
            found[-1].symlink_to(source)
    looks = {f"m{number}": SHAPES_LOOKS["box_fill"] for number in range(20)}
    figure = percentiles.draw(replace(shapes, **paths), SHAPES, looks, EXTREMES)
    assert len(figure.axes) == 8 * 3
    assert "Without 12 further methods." in texts(figure)
    assert figure.get_size_inches()[1] < 9.7
    clear(figure)


def test_nothing_was_scored(shapes):
    assert "No method of this run was scored" in texts(percentiles.draw(shapes, SHAPES, SHAPES_LOOKS, PERCENTILES))


def test_an_object_whose_mask_is_not_there(shapes, tmp_path):
    path = tmp_path / "sam_vit_b" / "shapes.parquet"
    write_table(
        path, [{"object_id": "x", "mode": "mode5", "candidate": 0, "rle": encode(np.ones((2, 2), bool))}], PREDICTIONS
    )
    looks = {"sam_vit_b": SHAPES_LOOKS["sam_vit_b"]}
    figure = percentiles.draw(replace(shapes, predictions=[path]), SHAPES, looks, EXTREMES)
    assert [layers(axis) for axis in figure.axes] == [[], [], []]


def test_in_german(shapes):
    style.configure(183, translation.words_of("de"))
    figure = percentiles.draw(shapes, SHAPES, SHAPES_LOOKS, EXTREMES)
    style.configure(183)
    assert figure.get_suptitle() == "Shapes: schlechtestes, mittleres und bestes Ergebnis jeder Methode"
    assert figure.axes[0].get_title().replace("\n", " ") == "ein Punkt, größte Komponente: schlechtestes"
