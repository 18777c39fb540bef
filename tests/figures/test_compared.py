"""The figures of a comparison of two runs."""

import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.compare.runs import Run
from promptseg.analysis.compare.tables import CHANGED, DIFFERENCES
from promptseg.analysis.names import NAMES, names
from promptseg.core.masks import decode, encode, iou
from promptseg.core.tables import write_csv, write_table
from promptseg.figures import changed, compared
from promptseg.predict.tables import PREDICTIONS
from promptseg.score.tables import SCORES
from support.figures import METHODS, SHAPES, below, layers, legend, lines, panels, rows, texts, truth_of, visible

PROTOCOLS = {"corrected": {"title": "corrected"}, "as_released": {"title": "as released"}}


def difference(method, mode, value, selection="first", step=0, protocol=""):
    return {"level": "all", "group": "", "metric": "iou", "method": method, "mode": mode, "step": step} | {
        "selection": selection, "protocol": protocol, "difference": value,
        "ci_low": value - 0.01, "ci_high": value + 0.01,
    }  # fmt: skip


def test_differences_of_means():
    frame = pd.DataFrame(
        [
            difference("cut", "mode4", 0.05),
            difference("sam_x", "mode4", -0.02),
            difference("sam_x", "mode4", -0.03, "oracle"),
            difference("sam_x", "iterative", 0.01, step=3, protocol="corrected"),
            difference("sam_x", "iterative", 0.01, step=3, protocol="as_released"),
            difference("sam_x", "iterative", 0.01, step=2, protocol="corrected"),  # no click that is reported
        ]
    ).reindex(columns=DIFFERENCES.names)
    figure = compared.draw(frame, METHODS, PROTOCOLS)
    assert list(panels(figure)) == ["mode 4", "3 clicks, as released", "3 clicks, corrected"]
    shown = panels(figure)["mode 4"]
    assert rows(shown) == ["Cut", "SAM X", "SAM X: oracle"]
    assert lines(shown)["cut first"].tolist() == [[0.05, 0]]
    assert lines(shown)["sam_x oracle"].tolist() == [[-0.03, 2]]
    assert shown.get_xlim() == pytest.approx((-1.08 * 0.06, 1.08 * 0.06))
    assert "Nothing" not in texts(figure)
    assert compared.NOTHING.split()[0] in texts(compared.draw(frame[:0], METHODS, PROTOCOLS))


def pair(method, name, a, b, mode="mode4"):
    return {"method": method, "selection": "first", "mode": mode, "step": 0, "protocol": "", "task": "t"} | {
        "object_id": name, "iou_a": a, "iou_b": b
    }  # fmt: skip


def test_differences_of_objects():
    frame = pd.DataFrame(
        [
            pair("cut", "o1", 0.5, 0.75),
            pair("cut", "o2", 0.5, 0.25),
            pair("cut", "o3", 0.5, 0.5),
            pair("fill", "o1", 1, 1),
        ]
    )
    figure = compared.draw_objects(frame, METHODS, PROTOCOLS)
    assert list(panels(figure)) == ["Cut"]
    assert lines(panels(figure)["Cut"])["4: a box around each component"][:, 1].tolist() == [-0.25, 0, 0.25]
    assert "(and 1 without any difference)" in texts(figure)
    assert legend(figure) == ["4: a box around each component"]
    assert compared.EQUAL in texts(compared.draw_objects(frame[frame["method"] == "fill"], METHODS, PROTOCOLS))


@pytest.fixture(scope="module")
def two(shapes, tmp_path_factory):
    """Two runs on the shapes; in B the masks of one method lack their left half."""
    found = []
    for name in ("a", "b"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "datasets" / "shapes").mkdir(parents=True)
        for file in (shapes.images, shapes.objects):
            shutil.copy(file, folder / "datasets" / "shapes")
        (folder / "datasets" / "shapes" / "manifest.csv").write_text("dataset,image_id,sha256\nshapes,case0,\n")
        for path in shapes.predictions:
            table = pq.read_table(path).to_pandas()
            if name == "b" and path.parent.name == "sam_vit_b":
                table["rle"] = [encode(half(decode(code))) for code in table["rle"]]
            write_table(folder / "predictions" / path.parent.name / "shapes.parquet", table, PREDICTIONS)
        write_csv(folder / "tables" / "names.csv", names({"shapes": SHAPES}, METHODS, PROTOCOLS), NAMES)
        write_table(folder / "tables" / "scores.parquet", [], SCORES)
        found.append(Run(folder, folder))
    return found


def half(mask):
    columns = np.flatnonzero(mask.any(axis=0))
    return mask & (np.arange(mask.shape[1]) > columns.mean())


def row_of(shapes, name):
    """What changed of an object of `sam_vit_b`."""
    truth = truth_of(shapes, name)
    mask = truth & (np.arange(truth.shape[1]) % 9 > 0)
    row = {"dataset": "shapes", "task": name.split(":")[1], "object_id": name, "method": "sam_vit_b", "mode": "mode5"}
    row |= {"step": 0, "selection": "first", "protocol": "", "direction": "lower", "rank": 1}
    a, b = iou(mask, truth), iou(half(mask), truth)
    return row | {"iou_a": a, "iou_b": b, "difference": b - a}, half(mask)


def test_examples_show_the_masks_of_both_runs(shapes, two):
    row, mask = row_of(shapes, "case1:left disk")
    frame = pd.DataFrame([row]).reindex(columns=CHANGED.names)
    figure = changed.draw(changed.cases(frame, *two, {}), {"sam_vit_b": {"title": "SAM"}}, PROTOCOLS)
    first, a, b = visible(figure)
    assert [axis.get_title() for axis in (first, a, b)] == ["image and truth", "A", "B: lower"]
    assert np.array_equal(layers(b)[0], mask)
    assert not np.array_equal(layers(a)[0], mask)
    assert below(b) == [f"{row['iou_b']:.2f}"]
    assert below(first) == ["SAM", "mode 5"]


def test_masks_that_are_not_those_of_the_tables_are_not_shown(shapes, two):
    row, _ = row_of(shapes, "case1:left disk")
    frame = pd.DataFrame([row | {"iou_b": row["iou_b"] + 0.01}]).reindex(columns=CHANGED.names)
    found = changed.cases(frame, *two, {})
    assert found == {"higher": [], "lower": []}
    assert "not in their folders any more" in texts(changed.draw(found, {}, PROTOCOLS))
    gone = pd.DataFrame([row]).reindex(columns=CHANGED.names)
    assert changed.cases(gone, two[0], two[1], {"method": {"sam_vit_b": "no_such"}}) == {"higher": [], "lower": []}
