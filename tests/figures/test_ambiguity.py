"""Three candidates for one point."""

from dataclasses import replace

import numpy as np
import pytest

from promptseg.core.masks import encode
from promptseg.core.tables import write_table
from promptseg.figures import ambiguity, style
from promptseg.predict.tables import PREDICTIONS
from promptseg.score.tables import AMBIGUITY
from support.figures import SHAPES, SHAPES_LOOKS, below, clear, layers, texts, truth_of


@pytest.fixture(scope="module")
def candidates(shapes, tmp_path_factory):
    """SAM's three candidates of three objects, which agree by 0.2, 0.5 and 0.8."""
    folder = tmp_path_factory.mktemp("candidates")
    rows, facts = [], []
    for agreement, name in ((0.5, "case0:both"), (0.2, "case1:left disk"), (0.8, "case2:right bar")):
        truth = truth_of(shapes, name)
        for index in range(3):
            mask = truth & (np.arange(128) % (index + 2) > 0)
            rows.append({"object_id": name, "mode": "mode1", "candidate": index, "rle": encode(mask), "status": "ok"})
        fact = {"object_id": name, "mode": "mode1", "iou_01": agreement, "iou_02": agreement, "iou_12": agreement}
        fact |= {f"predicted_{k}": 0.9 - k / 10 for k in range(3)} | {f"true_{k}": 0.1 * k for k in range(3)}
        facts += [fact | {"grown_0": 0.4}, fact | {"mode": "mode3", "iou_01": 0.0}]
    files = {"predictions": (rows, PREDICTIONS), "ambiguity": (facts, AMBIGUITY)}
    found = {}
    for kind, (content, schema) in files.items():
        found[kind] = [folder / kind / "sam_vit_b" / "shapes.parquet"]
        write_table(found[kind][0], content, schema)
    return replace(shapes, **found)


def test_ambiguity(shapes, candidates):
    figure = ambiguity.draw(candidates, SHAPES, SHAPES_LOOKS)
    grid = np.array(figure.axes).reshape(3, 5)
    assert [axis.get_ylabel() for axis in grid[:, 0]] == [
        f"SAM ViT-B\n{word} agreement" for word in ("least", "median", "most")
    ]
    assert [below(axis) for axis in grid[:, 0]] == [["left disk", "case1"], ["both", "case0"], ["right bar", "case2"]]
    assert [below(axis) for axis in grid[:, 4]] == [["agreement 0.20"], ["agreement 0.50"], ["agreement 0.80"]]
    assert below(grid[0, 1]) == ["IoU 0.00", "predicted 0.90", "region growing 0.40"]
    assert below(grid[0, 3]) == ["IoU 0.20", "predicted 0.70"]
    assert not any(axis.texts for axis in figure.axes)  # no word covers an image
    clear(figure)
    masks = [truth_of(shapes, "case1:left disk") & (np.arange(128) % (index + 2) > 0) for index in range(3)]
    for mask, axis in zip(masks, grid[0, 1:4], strict=True):
        assert (layers(axis)[0] == mask).all()
    counts = [(np.sum(masks, axis=0) == number) for number in (1, 2, 3)]
    drawn = layers(grid[0, 4], colours=(style.PALE_ORANGE, style.ORANGE, style.WINE), alpha=0.75)
    assert all((layer == count).all() for layer, count in zip(drawn, counts, strict=True))
    assert [line.get_marker() for line in grid[0, 0].lines] == ["*"]  # the point


def test_of_many_methods_only_median_agreement(candidates, tmp_path):
    paths = {"predictions": [], "ambiguity": []}
    for kind, found in paths.items():
        for number in range(4):
            found.append(tmp_path / kind / f"m{number}" / "shapes.parquet")
            found[-1].parent.mkdir(parents=True)
            found[-1].symlink_to(getattr(candidates, kind)[0])
    looks = {f"m{number}": SHAPES_LOOKS["sam_vit_b"] for number in range(4)}
    figure = ambiguity.draw(replace(candidates, **paths), SHAPES, looks)
    assert [axis.get_ylabel() for axis in figure.axes[::5]] == ["SAM ViT-B\nmedian agreement"] * 4


def test_narrow(candidates, narrow):
    clear(ambiguity.draw(candidates, SHAPES, SHAPES_LOOKS))


def test_ambiguity_without_candidates(candidates):
    figure = ambiguity.draw(replace(candidates, ambiguity=[]), SHAPES, SHAPES_LOOKS)
    assert ambiguity.NOTHING in texts(figure)
