"""The three masks for one prompt, compared with one another, with the truth and with region growing."""

import numpy as np
import pytest

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_table, write_table
from promptseg.methods import Settings
from promptseg.methods.classical import RegionGrowing
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.tables import PROMPTS
from promptseg.score.ambiguity import compare_candidates, write_ambiguity
from promptseg.score.tables import AMBIGUITY

# --- one prompt -----------------------------------------------------------------------------------------------------


def columns(start, end):
    """Columns start to end, without the end, of an image of 4 x 10 pixels."""
    mask = np.zeros((4, 10), bool)
    mask[:, start:end] = True
    return mask


def test_literal_overlaps():
    codes = [masks.encode(columns(*ends)) for ends in ((0, 4), (2, 6), (0, 8))]
    found = compare_candidates(codes, truth=columns(0, 6), grown=columns(6, 8))
    expected = {"iou_01": 2 / 6, "iou_02": 4 / 8, "iou_12": 4 / 8}
    expected |= {"true_0": 4 / 6, "true_1": 4 / 6, "true_2": 6 / 8, "grown_0": 0, "grown_1": 0, "grown_2": 2 / 8}
    assert found == pytest.approx(expected)
    assert not any(name.startswith("grown") for name in compare_candidates(codes, columns(0, 6), None))


def test_empty_masks_agree_with_one_another_and_miss_the_truth():
    codes = [masks.encode(columns(0, end)) for end in (0, 0, 5)]
    found = compare_candidates(codes, columns(0, 5), columns(0, 0))
    assert (found["iou_01"], found["iou_02"], found["true_0"], found["true_2"]) == (1, 0, 0, 1)
    assert (found["grown_0"], found["grown_2"]) == (1, 0)


# --- one dataset ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tables(tmp_path):
    """One image with a bright object of 4 columns, three masks for a point on it and for its box."""
    labels = columns(2, 6).astype(np.uint8)
    picture = {"bytes": encode_png(labels * 200), "path": None}
    truth = {"bytes": encode_png(labels), "path": None}
    image = {"image_id": "a", "case_id": "p", "image": picture, "labels": truth, "status": "ok"}
    about = {"object_id": "a:thing", "image_id": "a", "case_id": "p", "task": "thing", "area": 16}
    points = {"object_id": "a:thing", "mode": "mode1", "points": [[3, 1]], "point_labels": [1]}
    box = {"object_id": "a:thing", "mode": "mode3", "boxes": [[2, 0, 5, 3]]}
    predictions = [
        {"object_id": "a:thing", "mode": mode, "step": 0, "candidate": k, "score": score, "status": "ok"}
        | {"rle": masks.encode(columns(2, end))}
        for mode in ("mode1", "mode3")
        for k, (end, score) in enumerate([(4, 0.5), (6, 0.75), (10, 0.25)])
    ]
    clicks = {**predictions[0], "mode": "iterative", "step": 1, "selection": "first", "protocol": "corrected"}
    failed = {"object_id": "a:thing", "mode": "mode4", "step": 0, "status": "failed: no"}
    for name, rows, schema in (
        ("images", [image], IMAGES),
        ("objects", [about], OBJECTS),
        ("prompts", [points, box], PROMPTS),
        ("predictions", [*predictions, clicks, failed], PREDICTIONS),
        ("two", predictions[:2], PREDICTIONS),
        ("single", predictions[:4], PREDICTIONS),
    ):
        facts = {"seed": 7, "multimask": "official" if name == "single" else "always"}
        write_table(tmp_path / f"{name}.parquet", rows, schema, facts)
    return tmp_path


def written(tables, predictions="predictions"):
    stream = stream_objects(tables / "images.parquet", tables / "objects.parquet", {"thing": [1]})
    files = [tables / f"{name}.parquet" for name in ("prompts", predictions, "out")]
    write_ambiguity(stream, *files, RegionGrowing(Settings(options={"sigma": 0.1})), dataset="toy", method="three")
    return read_table(tables / "out.parquet", AMBIGUITY)


def test_rows_of_the_single_prompts(tables):
    point, box = written(tables).to_dict("records")
    assert (point["mode"], box["mode"], point["task"], point["method"]) == ("mode1", "mode3", "thing", "three")
    assert [point[f"predicted_{k}"] for k in range(3)] == [0.5, 0.75, 0.25]
    assert [point[f"true_{k}"] for k in range(3)] == [0.5, 1, 0.5]
    assert [point[f"grown_{k}"] for k in range(3)] == [0.5, 1, 0.5]  # the region that grows is the object
    assert point["iou_02"] == 0.25
    assert np.isnan(box["grown_0"])


def test_a_box_that_was_officially_answered_by_one_mask_has_no_row(tables):
    assert written(tables, "single")["mode"].tolist() == ["mode1"]


def test_another_number_of_masks_is_refused(tables):
    with pytest.raises(PromptsegError, match=r"a:thing mode1: 2 masks for one prompt, not 3. `ambiguity: true`"):
        written(tables, "two")
