"""Slices of one object: which object, which slices, and what is drawn on them."""

import numpy as np
import pandas as pd
import pytest

from promptseg.core.tables import write_table
from promptseg.figures import volume_strips
from promptseg.figures.volume_strips import Files, choose, slices_shown
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS
from promptseg.volumes.scores.tables import VOLUME_SCORES
from support.figures import METHODS, clear, layers, texts
from support.stacks import write_volumes
from support.volume_scores import rows_of

ABOUT = {"title": "Lungs", "truth": "drawn", "licence": "CC0-1.0"}
CARRIED = {"route": "carry_box", "slices": "largest", "prompt": "box", "extents": "open", "step": 0}


def thing(name, z0, z1, voxels):
    return {"object_id": name, "volume_id": "v", "z0": z0, "z1": z1, "n_slices": z1 - z0 + 1, "voxels": voxels}


@pytest.mark.parametrize(
    ("objects", "chosen"),
    [
        ([thing("a", 1, 8, 9), thing("b", 1, 8, 5), thing("c", 1, 8, 7)], "c"),  # of median size
        ([thing("a", 1, 8, 9), thing("b", 1, 8, 5)], "b"),  # the smaller of two in the middle
        ([thing("a", 2, 4, 9), thing("b", 0, 8, 5)], "b"),  # long before short
        ([thing("a", 2, 4, 9), thing("b", 0, 2, 5)], "a"),  # whose ends lie inside
        ([thing("a", 0, 1, 9)], "a"),
        ([], None),
    ],
)
def test_which_object(objects, chosen):
    index = pd.DataFrame({"volume_id": ["v"], "n_slices": [10]})
    columns = ["object_id", "volume_id", "z0", "z1", "n_slices", "voxels"]
    assert choose(pd.DataFrame(objects, columns=columns), index) == chosen


def test_which_slices():
    assert slices_shown(10, 19, 40, 15) == [7, 9, 11, 13, 15, 16, 18, 20, 22]
    assert slices_shown(10, 19, 40, 12) == [7, 9, 12, 13, 14, 16, 18, 20, 22]  # one gives way to the one prompted
    assert slices_shown(0, 2, 4, 1) == [0, 1, 2, 3]
    assert slices_shown(10, 19, 40, 15, 3) == [10, 15, 19]  # few: none beyond the object


def test_strip(tmp_path):
    labels = np.zeros((9, 16, 16), np.uint8)
    labels[2:7, 5:11, 5:11] = 1
    labels[4, 4:12, 4:12] = 1  # the largest
    stream = write_volumes(tmp_path, {"p1": (labels * 90, labels, (2.5, 1, 1))}, {"tumour": [1]})
    (volume,) = stream
    truth = volume.objects[0].truth
    rows = [{**dict.fromkeys(VOLUME_PREDICTIONS.names), **CARRIED, "object_id": "p1:tumour"} for _ in range(3)]
    rows[0] |= {"status": "ok", "prompted": [4]}
    rows[1] |= {"z": 3, "rle": truth.codes[3]}
    rows[2] |= {"z": 8, "rle": truth.codes[3]}  # beyond
    (tmp_path / "cut").mkdir()
    write_table(tmp_path / "cut" / "lungs.parquet", rows, VOLUME_PREDICTIONS)
    scores = rows_of(VOLUME_SCORES, {**CARRIED, "method": "cut", "object_id": "p1:tumour", "dice": 0.625})
    write_table(tmp_path / "volume_scores.parquet", scores, VOLUME_SCORES)
    files = Files(stream, [tmp_path / "cut" / "lungs.parquet"], tmp_path / "volume_scores.parquet")
    drawn = volume_strips.draw(files, ABOUT, METHODS, {"tie_break": "first", "seed": 1})
    axes = np.array(drawn.axes).reshape(2, -1)
    assert [axis.get_title() for axis in axes[0]][:2] == ["slice 0\n5 mm beyond", "slice 1\n2.5 mm\nbeyond"]
    assert [len(layers(axis)) for axis in axes[1]] == [0, 0, 0, 1, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(layers(axes[1][3], truth.shape[1:])[0], truth.slice(3))
    assert [len(axis.patches) for axis in axes[1]] == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    (box,) = axes[1][4].patches
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((3.5, 3.5), 8, 8)
    assert [axis.get_ylabel() for axis in axes[:, 0]] == ["truth", "Cut\nbox carried, 1 slice\nDice 0.62"]
    clear(drawn)


def test_no_object(tmp_path):
    stream = write_volumes(tmp_path, {"p1": (np.zeros((3, 8, 8), np.uint8),) * 2 + ((4, 1, 1),)}, {"tumour": [1]})
    drawn = volume_strips.draw(Files(stream, [], ""), ABOUT, METHODS, {"tie_break": "first", "seed": 1})
    assert "No volume of this dataset holds an object" in texts(drawn)
